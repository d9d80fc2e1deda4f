//! The identifier of an event follows from the change that it tells of: however
//! often a write is tried, and by whichever process, one change is one event.

use sha2::{Digest as _, Sha256};

use crate::event::EventKind;
use crate::ids::EventId;
use crate::timestamp::Timestamp;
use crate::token::{Status, Token};

/// What sets a change apart from all others of the same record and type.
struct Mark {
    /// A time that every try to tell of the change agrees on.
    at: Timestamp,
    /// The record's generation, or nothing.
    generation: u64,
}

/// The identifier of what happened to a token, which is the record after the change.
pub(super) fn of_token(token: &Token, kind: &EventKind, now: Timestamp) -> EventId {
    let mark = mark(token, kind, now);
    let hash = Sha256::new()
        .chain_update(token.id.to_bytes())
        .chain_update(mark.at.as_millis().to_be_bytes())
        .chain_update(mark.generation.to_be_bytes())
        .chain_update(kind.name())
        .finalize();
    derived(mark.at, &hash)
}

/// The identifier of what happened to an integration: a pause that several
/// processes notice at once is one.
pub(super) fn of_integration(integration: &str, kind: &EventKind, now: Timestamp) -> EventId {
    let at = match kind {
        EventKind::Paused { until, .. } => *until,
        _ => now,
    };
    let hash = Sha256::new()
        .chain_update(at.as_millis().to_be_bytes())
        .chain_update(kind.name())
        .chain_update(integration)
        .finalize();
    derived(at, &hash)
}

fn derived(at: Timestamp, hash: &[u8]) -> EventId {
    let mut digest = [0; 16];
    digest.copy_from_slice(&hash[..16]);
    EventId::derive(at, digest)
}

fn mark(token: &Token, kind: &EventKind, now: Timestamp) -> Mark {
    let generation = token.generation;
    match kind {
        // A record that another process wrote meanwhile is renewed all the same,
        // under another generation: the consent is still one. And a record is
        // removed once.
        EventKind::Granted { .. } | EventKind::Removed => Mark::time(token.granted_at),
        EventKind::Refreshed { .. } => Mark {
            at: token.obtained_at,
            generation,
        },
        EventKind::RefreshFailed { .. } => Mark {
            at: token
                .last_failure
                .as_ref()
                .map_or(now, |failure| failure.at),
            generation,
        },
        EventKind::NeedsConsent { .. } => Mark {
            at: match token.status {
                Status::NeedsConsent { since, .. } => since,
                _ => now,
            },
            generation,
        },
        EventKind::Revoked { .. } => Mark::time(match token.status {
            Status::Revoked { at, .. } => at,
            _ => now,
        }),
        EventKind::RefreshTokenExpiring { .. } => Mark {
            at: token.granted_at,
            generation: token
                .refresh_expires_at
                .map_or(0, |end| end.as_millis().cast_unsigned()),
        },
        EventKind::Paused { .. } | EventKind::Resumed => Mark::time(now),
    }
}

impl Mark {
    const fn time(at: Timestamp) -> Self {
        Self { at, generation: 0 }
    }
}
