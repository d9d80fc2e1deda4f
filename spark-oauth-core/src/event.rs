//! What happened to a token or an integration, for whoever wants to know.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::email::EmailAddress;
use crate::ids::{EventId, TokenId};
use crate::integration::ClientId;
use crate::person::PersonId;
use crate::ports::{ErrorClass, PauseReason, TrackingId};
use crate::timestamp::Timestamp;
use crate::token::{ConsentLoss, RefreshTrigger, RevokedBy};

/// Something that happened. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The event's identifier: whoever gets an event twice knows it by this.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// To which integration.
    pub integration: ClientId,
    /// To whose token; `None` where the whole integration is meant.
    pub token: Option<EventToken>,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// The token that an event is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventToken {
    /// The record.
    pub id: TokenId,
    /// The provider's identifier of the person, where it is known.
    #[serde(default)]
    pub person: Option<PersonId>,
    /// The address that the person had at that time; `None` where it belonged to
    /// another person.
    pub email: Option<EmailAddress>,
    /// The record's generation after the event.
    pub generation: u64,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum EventKind {
    /// A person consented.
    #[serde(rename = "token.granted")]
    Granted {
        /// Whether a record stood before and was renewed in place.
        renewed: bool,
    },
    /// A token was refreshed.
    #[serde(rename = "token.refreshed")]
    Refreshed {
        /// What asked for it.
        by: RefreshTrigger,
        /// When the new access token ends.
        access_expires_at: Timestamp,
    },
    /// A refresh failed; the token keeps its status.
    #[serde(rename = "token.refresh_failed")]
    RefreshFailed {
        /// The class of the error.
        class: ErrorClass,
        /// What happened, in words.
        summary: String,
        /// The provider's reference of the call.
        tracking_id: Option<TrackingId>,
        /// When it is tried again.
        retry_at: Option<Timestamp>,
    },
    /// The person must consent again.
    #[serde(rename = "token.needs_consent")]
    NeedsConsent {
        /// What was lost.
        reason: ConsentLoss,
    },
    /// The token was revoked at the provider.
    #[serde(rename = "token.revoked")]
    Revoked {
        /// By whom.
        by: RevokedBy,
    },
    /// The token's record was removed.
    #[serde(rename = "token.removed")]
    Removed,
    /// The refresh token will end, and refreshing does not renew its life: the
    /// person must consent again before.
    #[serde(rename = "token.refresh_token_expiring")]
    RefreshTokenExpiring {
        /// When it ends.
        refresh_expires_at: Timestamp,
    },
    /// The refreshing of the integration's tokens pauses.
    #[serde(rename = "integration.paused")]
    Paused {
        /// Why.
        reason: PauseReason,
        /// Until when, at least.
        until: Timestamp,
    },
    /// The refreshing of the integration's tokens goes on.
    #[serde(rename = "integration.resumed")]
    Resumed,
}

/// An [`EventKind`] without its particulars: what a destination chooses by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventType {
    /// See [`EventKind::Granted`].
    Granted,
    /// See [`EventKind::Refreshed`].
    Refreshed,
    /// See [`EventKind::RefreshFailed`].
    RefreshFailed,
    /// See [`EventKind::NeedsConsent`].
    NeedsConsent,
    /// See [`EventKind::Revoked`].
    Revoked,
    /// See [`EventKind::Removed`].
    Removed,
    /// See [`EventKind::RefreshTokenExpiring`].
    RefreshTokenExpiring,
    /// See [`EventKind::Paused`].
    Paused,
    /// See [`EventKind::Resumed`].
    Resumed,
}

/// A text that names no type of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such event; the events are {}", EventType::list())]
pub struct UnknownEventType;

impl EventType {
    /// Every type, in the order of a token's life.
    pub const ALL: [Self; 9] = [
        Self::Granted,
        Self::Refreshed,
        Self::RefreshFailed,
        Self::NeedsConsent,
        Self::Revoked,
        Self::Removed,
        Self::RefreshTokenExpiring,
        Self::Paused,
        Self::Resumed,
    ];

    /// The name, as in the event's JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "token.granted",
            Self::Refreshed => "token.refreshed",
            Self::RefreshFailed => "token.refresh_failed",
            Self::NeedsConsent => "token.needs_consent",
            Self::Revoked => "token.revoked",
            Self::Removed => "token.removed",
            Self::RefreshTokenExpiring => "token.refresh_token_expiring",
            Self::Paused => "integration.paused",
            Self::Resumed => "integration.resumed",
        }
    }

    /// Every name, separated by commas.
    fn list() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for EventType {
    type Err = UnknownEventType;

    fn from_str(text: &str) -> Result<Self, UnknownEventType> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(UnknownEventType)
    }
}

impl EventKind {
    /// The kind without its particulars.
    pub const fn event_type(&self) -> EventType {
        match self {
            Self::Granted { .. } => EventType::Granted,
            Self::Refreshed { .. } => EventType::Refreshed,
            Self::RefreshFailed { .. } => EventType::RefreshFailed,
            Self::NeedsConsent { .. } => EventType::NeedsConsent,
            Self::Revoked { .. } => EventType::Revoked,
            Self::Removed => EventType::Removed,
            Self::RefreshTokenExpiring { .. } => EventType::RefreshTokenExpiring,
            Self::Paused { .. } => EventType::Paused,
            Self::Resumed => EventType::Resumed,
        }
    }

    /// The name of the event's type, as in its JSON.
    pub const fn name(&self) -> &'static str {
        self.event_type().as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SeededRandom;

    fn event(kind: EventKind) -> Event {
        Event {
            id: EventId::generate(Timestamp::from_millis(7), &SeededRandom::new(1)),
            at: Timestamp::from_millis(7),
            integration: ClientId::new("C1"),
            token: None,
            kind,
        }
    }

    #[test]
    fn an_event_reads_back_and_carries_its_name() {
        let kinds = [
            EventKind::Granted { renewed: true },
            EventKind::Removed,
            EventKind::RefreshFailed {
                class: ErrorClass::Passing,
                summary: "the provider has a fault".to_owned(),
                tracking_id: TrackingId::new("T1"),
                retry_at: Some(Timestamp::from_millis(9)),
            },
            EventKind::Paused {
                reason: PauseReason::RateLimited,
                until: Timestamp::from_millis(9),
            },
        ];
        for kind in kinds {
            let event = event(kind);
            let json = serde_json::to_value(&event).unwrap();
            assert_eq!(json["type"], event.kind.name());
            assert_eq!(event.kind.name().parse(), Ok(event.kind.event_type()));
            assert_eq!(serde_json::from_value::<Event>(json).unwrap(), event);
        }
    }

    #[test]
    fn an_unknown_type_is_refused_with_the_ones_there_are() {
        let refusal = "token.lost".parse::<EventType>().unwrap_err().to_string();
        assert!(
            refusal.contains("token.granted, token.refreshed"),
            "{refusal}"
        );
        assert!(refusal.contains("integration.resumed"), "{refusal}");
    }
}
