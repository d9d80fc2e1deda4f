//! What happened to a token or an integration, for whoever wants to know.

use serde::{Deserialize, Serialize};

use crate::email::EmailAddress;
use crate::ids::{EventId, TokenId};
use crate::integration::ClientId;
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
    /// The person's address at that time.
    pub email: EmailAddress,
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

impl EventKind {
    /// The name of the event's type, as in its JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Granted { .. } => "token.granted",
            Self::Refreshed { .. } => "token.refreshed",
            Self::RefreshFailed { .. } => "token.refresh_failed",
            Self::NeedsConsent { .. } => "token.needs_consent",
            Self::Revoked { .. } => "token.revoked",
            Self::Removed => "token.removed",
            Self::RefreshTokenExpiring { .. } => "token.refresh_token_expiring",
            Self::Paused { .. } => "integration.paused",
            Self::Resumed => "integration.resumed",
        }
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
            assert_eq!(serde_json::from_value::<Event>(json).unwrap(), event);
        }
    }
}
