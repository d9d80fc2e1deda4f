//! Records to store. The number tells them apart; a higher one is a newer record.

mod services;
mod upkeep;

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use crate::admins::{Admin, PasswordHash, Role, Username};
use crate::audit::{Actor, AuditAction, AuditEntry, Caller, Origin, Outcome};
use crate::consent_links::Terms;
use crate::email::EmailAddress;
use crate::ids::{AdminId, AuditId, ClockId, ProcessId, TokenId};
use crate::integration::ClientId;
use crate::keyring::Sealed;
use crate::person::PersonId;
use crate::ports::{
    ErrorClass, PendingConsent, SessionKey, SessionRecord, StateHash, SystemRandom, TrackingId,
};
use crate::scopes::Scopes;
use crate::timestamp::Timestamp;
use crate::token::{
    Attempt, FIRST_VERSION, LastFailure, LastRefresh, Lease, Profile, RefreshTrigger, Status,
    Token, Upkeep,
};

pub use services::{api_key, domain, full_api_key, full_link, link, note, return_address};
pub use upkeep::{event, event_of, every_event, full_upkeep, outbox_entry, pause, process_record};

/// The time that the samples are made at. It has a part of a second, so that a
/// store that drops it is found out.
pub const NOW: Timestamp = Timestamp::from_millis(1_764_028_800_123);

/// Times that a store must keep: far ones, early ones, each to the millisecond.
pub const TIMES: [Timestamp; 8] = [
    Timestamp::from_millis(i64::MIN),
    Timestamp::from_millis(-1),
    Timestamp::EPOCH,
    Timestamp::from_millis(1),
    Timestamp::from_millis(1_764_028_800_999),
    Timestamp::from_millis(1_764_028_801_000),
    Timestamp::from_millis(253_402_300_800_001),
    Timestamp::from_millis(i64::MAX),
];

/// A later time than [`NOW`].
pub fn later(seconds: u64) -> Timestamp {
    NOW + Duration::from_secs(seconds)
}

fn made_at(number: u32) -> Timestamp {
    NOW + Duration::from_millis(u64::from(number))
}

/// The integration that the samples belong to.
pub fn integration() -> ClientId {
    ClientId::new("C0ffee-integration")
}

/// Scopes from their text.
pub fn scopes(text: &str) -> Scopes {
    Scopes::parse(text).expect("the scopes of a sample are valid")
}

/// An address from its text.
pub fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("the address of a sample is valid")
}

/// A username from its text.
pub fn username(text: &str) -> Username {
    Username::parse(text).expect("the username of a sample is valid")
}

/// Bytes that stand for a sealed value.
pub fn sealed(text: &str) -> Sealed {
    Sealed::from_bytes(text)
}

/// The identifier of a process.
pub fn process(number: u32) -> ProcessId {
    ProcessId::generate(made_at(number), &SystemRandom)
}

/// An identifier that no record has.
pub fn unknown_token() -> TokenId {
    TokenId::generate(NOW, &SystemRandom)
}

/// An active token of a person of its own, with nothing that may be absent.
pub fn token(number: u32) -> Token {
    Token {
        id: TokenId::generate(made_at(number), &SystemRandom),
        integration: integration(),
        person: Some(PersonId::new(format!("person-{number}"))),
        email: email(&format!("person-{number}@example.com")),
        profile: Profile::default(),
        display_name: None,
        scopes: scopes("spark:people_read spark:rooms_write"),
        consented_scopes: scopes("spark:people_read spark:rooms_write"),
        status: Status::Active,
        access: sealed(&format!("sealed access token {number}")),
        access_expires_at: later(1_209_600),
        refresh: None,
        refresh_expires_at: None,
        obtained_at: NOW,
        clock: None,
        granted_at: NOW,
        last_refresh: None,
        last_failure: None,
        generation: 1,
        version: FIRST_VERSION,
        lease: None,
        attempt: None,
        upkeep: Upkeep::default(),
    }
}

/// A token with everything that may be absent.
pub fn full_token(number: u32) -> Token {
    Token {
        profile: Profile {
            email_confirmed_at: Some(later(7)),
            email_lost_at: None,
            read_at: Some(later(8)),
        },
        display_name: Some(format!("Person {number}, née Ångström \u{1f511}")),
        refresh: Some(sealed(&format!("sealed refresh token {number}"))),
        refresh_expires_at: Some(later(7_776_000)),
        obtained_at: later(1),
        clock: Some(ClockId::from_bytes([7; 16])),
        granted_at: later(2),
        last_refresh: Some(LastRefresh {
            at: later(3),
            by: RefreshTrigger::Worker,
        }),
        last_failure: Some(LastFailure {
            at: later(4),
            class: ErrorClass::Passing,
            summary: "the provider has a fault (HTTP 503)".to_owned(),
            tracking_id: TrackingId::new("ROUTER_5F0A-01BB"),
        }),
        generation: 17,
        version: 23,
        lease: Some(Lease {
            owner: process(1),
            expires_at: later(5),
        }),
        attempt: Some(Attempt {
            owner: process(2),
            at: later(6),
        }),
        upkeep: full_upkeep(number),
        ..token(number)
    }
}

/// A token of somebody whom the provider has not named yet.
pub fn imported_token(number: u32) -> Token {
    Token {
        person: None,
        ..token(number)
    }
}

/// An admin with nothing that may be absent.
pub fn admin(number: u32) -> Admin {
    Admin {
        id: AdminId::generate(made_at(number), &SystemRandom),
        username: username(&format!("Admin_{number:03}")),
        email: None,
        password_hash: password_hash('a'),
        role: Role::Admin,
        epoch: 1,
        created_at: NOW,
        updated_at: later(1),
        last_sign_in_at: None,
        version: FIRST_VERSION,
    }
}

/// A hash that no password has; `filling` tells one from another.
pub fn password_hash(filling: char) -> PasswordHash {
    let body: String = std::iter::repeat_n(filling, 53).collect();
    PasswordHash::parse(&format!("$2b$12${body}")).expect("the hash of a sample is valid")
}

/// The super admin.
pub fn super_admin(number: u32) -> Admin {
    Admin {
        role: Role::SuperAdmin,
        ..admin(number)
    }
}

/// An address of a browser.
pub const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

/// A consent that was begun at [`NOW`] from [`ADDRESS`] and stays open for ten minutes.
pub fn consent(number: u32) -> PendingConsent {
    PendingConsent {
        state: StateHash(hash(number)),
        browser: hash(number.wrapping_add(1)),
        verifier: sealed(&format!("sealed verifier {number}")),
        scopes: scopes("spark:people_read spark:rooms_write"),
        terms: Terms::default(),
        address: Some(ADDRESS),
        begun_at: NOW,
        expires_at: later(600),
    }
}

/// A session that ends half an hour after [`NOW`].
pub fn session(number: u32) -> SessionRecord {
    SessionRecord {
        key: SessionKey(hash(number)),
        data: format!("session {number}").into_bytes(),
        expires_at: later(1_800),
    }
}

/// Bytes of the length of a hash.
pub fn hash(number: u32) -> [u8; 32] {
    let mut bytes = [0xa5; 32];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    bytes
}

/// An entry of the audit log with nothing that may be absent.
pub fn audit_entry(number: u32) -> AuditEntry {
    AuditEntry {
        id: AuditId::generate(made_at(number), &SystemRandom),
        at: made_at(number),
        caller: Caller {
            actor: Actor::System,
            origin: Origin::default(),
        },
        action: AuditAction::TokenRefreshed,
        token: None,
        api_key: None,
        subject: None,
        outcome: Outcome::Done,
        count: NonZeroU32::MIN,
        last_request_id: None,
    }
}
