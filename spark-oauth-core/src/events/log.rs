//! Events in the application's log.

use crate::email::EmailAddress;
use crate::event::{Event, EventKind};
use crate::ports::EventSink;

/// Writes one line for each event, its level by what it means for an operator.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventLog;

impl EventSink for EventLog {
    fn publish(&self, event: &Event) {
        // The level must be known where the macro stands.
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    event = event.kind.name(),
                    event_id = %event.id,
                    integration = %event.integration,
                    token = event.token.as_ref().map(|token| tracing::field::display(token.id)),
                    email = event.token.as_ref().and_then(|token| token.email.as_ref()).map(EmailAddress::as_str),
                    generation = event.token.as_ref().map(|token| token.generation),
                    particulars = ?event.kind,
                    "{}",
                    words(&event.kind)
                )
            };
        }
        match &event.kind {
            EventKind::Granted { .. }
            | EventKind::Refreshed { .. }
            | EventKind::Revoked { .. }
            | EventKind::Removed
            | EventKind::Resumed => line!(info),
            EventKind::RefreshFailed { .. }
            | EventKind::NeedsConsent { .. }
            | EventKind::RefreshTokenExpiring { .. } => line!(warn),
            EventKind::Paused { .. } => line!(error),
        }
    }
}

const fn words(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::Granted { renewed: false } => "a person consented",
        EventKind::Granted { renewed: true } => "a person consented again",
        EventKind::Refreshed { .. } => "a token was refreshed",
        EventKind::RefreshFailed { .. } => "a refresh failed",
        EventKind::NeedsConsent { .. } => "a person must consent again",
        EventKind::Revoked { .. } => "a token was revoked",
        EventKind::Removed => "a token was removed",
        EventKind::RefreshTokenExpiring { .. } => {
            "a refresh token will end: the person must consent again before"
        }
        EventKind::Paused { .. } => "refreshing pauses",
        EventKind::Resumed => "refreshing goes on",
    }
}
