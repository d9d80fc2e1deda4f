//! Upkeep, events, and what the processes on a store share.

use super::{email, integration, later, made_at, process};
use crate::event::{Event, EventKind, EventToken};
use crate::ids::{EventId, TokenId};
use crate::keyring::KeyFingerprint;
use crate::person::PersonId;
use crate::ports::{
    ErrorClass, OutboxEntry, Pause, PauseReason, ProcessRecord, SystemRandom, TrackingId,
};
use crate::token::{ConsentLoss, RefreshTrigger, RevokedBy, Upkeep};

/// Upkeep with everything that may be absent, and an event of every kind.
pub fn full_upkeep(number: u32) -> Upkeep {
    Upkeep {
        due_at: Some(later(1_000)),
        failures: 3,
        retry_at: Some(later(1_001)),
        lost_races: 5,
        interrupted: 7,
        expiry_warned_at: Some(later(1_002)),
        events: every_event(number),
    }
}

/// The event that a person's token was removed, with nothing in it that may differ.
pub fn event(number: u32) -> Event {
    event_of(number, EventKind::Removed)
}

/// An event of each kind, with what may be absent once there and once not.
pub fn every_event(number: u32) -> Vec<Event> {
    let kinds = [
        EventKind::Granted { renewed: false },
        EventKind::Granted { renewed: true },
        EventKind::Refreshed {
            by: RefreshTrigger::Worker,
            access_expires_at: later(1_209_600),
        },
        EventKind::RefreshFailed {
            class: ErrorClass::Passing,
            summary: "the provider said \"busy\" {503}\n\u{1f511}\u{0}".to_owned(),
            tracking_id: TrackingId::new("ROUTER_5F0A-01BB"),
            retry_at: Some(later(60)),
        },
        EventKind::RefreshFailed {
            class: ErrorClass::Ours,
            summary: String::new(),
            tracking_id: None,
            retry_at: None,
        },
        EventKind::NeedsConsent {
            reason: ConsentLoss::RefreshRefused,
        },
        EventKind::Revoked {
            by: RevokedBy::Person,
        },
        EventKind::Removed,
        EventKind::RefreshTokenExpiring {
            refresh_expires_at: later(7_776_000),
        },
    ];
    let of_token = kinds.map(|kind| event_of(number, kind)).into_iter();
    let of_integration = [
        EventKind::Paused {
            reason: PauseReason::RateLimited,
            until: later(120),
        },
        EventKind::Resumed,
    ];
    let of_integration = of_integration.map(|kind| Event {
        token: None,
        ..event_of(number, kind)
    });
    of_token.chain(of_integration).collect()
}

/// What happened to a token.
pub fn event_of(number: u32, kind: EventKind) -> Event {
    let at = made_at(number);
    Event {
        id: EventId::generate(at, &SystemRandom),
        at,
        integration: integration(),
        token: Some(EventToken {
            id: TokenId::generate(at, &SystemRandom),
            person: Some(PersonId::new(format!("person-{number}"))),
            email: Some(email(&format!("person-{number}@example.com"))),
            generation: 17,
        }),
        kind,
    }
}

/// An event on its way to the destination "hook", due at once, with nothing that may
/// be absent.
pub fn outbox_entry(number: u32) -> OutboxEntry {
    OutboxEntry {
        event: event(number),
        destination: "hook".to_owned(),
        next_at: made_at(number),
        attempts: 0,
        last_error: None,
        endpoint: None,
        awaits_removal_of: None,
    }
}

/// A pause of the integration that ends so many seconds from
/// [`NOW`](super::NOW), with nothing that may be absent.
pub fn pause(seconds: u64) -> Pause {
    Pause {
        integration: integration(),
        reason: PauseReason::Outage,
        since: super::NOW,
        until: later(seconds),
        counted_from: later(0),
        trips: 1,
        summary: "the provider has a fault (HTTP 503)".to_owned(),
        tracking_id: None,
    }
}

/// A process that counts as gone a minute after [`NOW`](super::NOW).
pub fn process_record(number: u32) -> ProcessRecord {
    ProcessRecord {
        id: process(number),
        place: format!("host-{number}, process {number}"),
        started_at: super::NOW,
        seen_at: later(1),
        expires_at: later(60),
        sealing_key: KeyFingerprint::from_bytes([7; KeyFingerprint::LENGTH]),
    }
}
