//! Who did what, to whose token, when, from where, with which outcome.
//!
//! [`AuditService`] searches the entries, exports them as [`AuditLine`]s, and removes
//! old ones. Every other service writes its own as it goes.

mod export;
mod line;
mod service;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::{AdminId, ApiKeyId, AuditId, TokenId};
use crate::timestamp::Timestamp;

pub use export::AuditExport;
pub use line::{ActorLine, AuditLine, OriginLine};
pub use service::AuditService;

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    /// A person, in the consent pages.
    Person {
        /// The person's address, once it is known.
        email: Option<String>,
    },
    /// An admin, in the admin centre.
    Admin {
        /// Who.
        id: AdminId,
        /// The username at that time.
        username: String,
    },
    /// Somebody who is not signed in and says who they are.
    Claimed {
        /// The username that was given.
        username: String,
    },
    /// A service, or the code that embeds the library.
    Service {
        /// The name of its key, or the name that the embedding code gave.
        name: String,
    },
    /// A service, under an API key.
    ApiKey {
        /// Which.
        id: ApiKeyId,
        /// What the key is called.
        name: String,
    },
    /// Somebody who called the HTTP API without a key that is good.
    Unauthenticated,
    /// Somebody at the command line of the machine.
    Operator,
    /// The application by itself.
    System,
}

impl Actor {
    /// What the actor is called: an address, a username, the name of a key. `None`
    /// where the kind says it all.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Person { email } => email.as_deref(),
            Self::Admin { username, .. } | Self::Claimed { username } => Some(username),
            Self::Service { name } | Self::ApiKey { name, .. } => Some(name),
            Self::Unauthenticated | Self::Operator | Self::System => None,
        }
    }

    /// Which kind of actor it is, in a word, as JSON has it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Person { .. } => "person",
            Self::Admin { .. } => "admin",
            Self::Claimed { .. } => "claimed",
            Self::Service { .. } => "service",
            Self::ApiKey { .. } => "api_key",
            Self::Unauthenticated => "unauthenticated",
            Self::Operator => "operator",
            Self::System => "system",
        }
    }

    /// The API key, where one acts.
    pub const fn api_key(&self) -> Option<ApiKeyId> {
        match self {
            Self::ApiKey { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// The identifier of the actor's record, where there is one: an admin's, a key's.
    pub fn id(&self) -> Option<String> {
        match self {
            Self::Admin { id, .. } => Some(id.to_string()),
            Self::ApiKey { id, .. } => Some(id.to_string()),
            Self::Person { .. }
            | Self::Claimed { .. }
            | Self::Service { .. }
            | Self::Unauthenticated
            | Self::Operator
            | Self::System => None,
        }
    }
}

/// Where a call came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The address of the caller.
    pub address: Option<IpAddr>,
    /// The identifier of the HTTP request, to find it in the log.
    pub request_id: Option<String>,
}

/// Who calls, and from where: what every rule is told along with its input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who acts.
    pub actor: Actor,
    /// From where.
    pub origin: Origin,
}

impl Caller {
    /// The application by itself.
    pub fn system() -> Self {
        Self {
            actor: Actor::System,
            origin: Origin::default(),
        }
    }

    /// Somebody at the command line of the machine.
    pub fn operator() -> Self {
        Self {
            actor: Actor::Operator,
            origin: Origin::default(),
        }
    }

    /// Code that embeds the library, under a name of its own choice.
    pub fn service(name: impl Into<String>) -> Self {
        Self {
            actor: Actor::Service { name: name.into() },
            origin: Origin::default(),
        }
    }
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditAction {
    /// A person granted access.
    ConsentGranted,
    /// A person declined, or the consent failed.
    ConsentFailed,
    /// A person withdrew the consent.
    ConsentWithdrawn,
    /// A token was handed out.
    TokenCheckedOut,
    /// A token was refreshed.
    TokenRefreshed,
    /// A token's secrets were shown.
    TokenRevealed,
    /// A token was revoked at the provider.
    TokenRevoked,
    /// A token's record was removed.
    TokenRemoved,
    /// A token was handed to the requester in a room.
    TokenHandedOver,
    /// The room of a hand-over was deleted.
    RoomDeleted,
    /// Somebody signed in.
    SignIn,
    /// Somebody signed out.
    SignOut,
    /// The super admin was set up.
    SuperAdminSetUp,
    /// An admin was created.
    AdminCreated,
    /// An admin was changed.
    AdminChanged,
    /// An admin was removed.
    AdminRemoved,
    /// A password was reset at the command line.
    PasswordReset,
    /// An API key was made.
    ApiKeyCreated,
    /// An API key was revoked.
    ApiKeyRevoked,
    /// The HTTP API was called.
    ApiCalled,
    /// A consent link was made.
    ConsentLinkCreated,
    /// A consent link was sent to a person.
    ConsentLinkSent,
    /// A consent link was ended before its time.
    ConsentLinkEnded,
    /// The audit log was exported.
    AuditExported,
    /// The delivery of events to a destination was resumed.
    DeliveryResumed,
    /// Everything was sealed again under the newest key.
    KeysRotated,
    /// Everything was copied into this store.
    StoreCopied,
    /// A token was imported from the Node.js sample.
    TokenImported,
    /// An admin was imported from the Node.js sample.
    AdminImported,
}

impl AuditAction {
    /// Every action.
    pub const ALL: [Self; 29] = [
        Self::ConsentGranted,
        Self::ConsentFailed,
        Self::ConsentWithdrawn,
        Self::TokenCheckedOut,
        Self::TokenRefreshed,
        Self::TokenRevealed,
        Self::TokenRevoked,
        Self::TokenRemoved,
        Self::TokenHandedOver,
        Self::RoomDeleted,
        Self::SignIn,
        Self::SignOut,
        Self::SuperAdminSetUp,
        Self::AdminCreated,
        Self::AdminChanged,
        Self::AdminRemoved,
        Self::PasswordReset,
        Self::ApiKeyCreated,
        Self::ApiKeyRevoked,
        Self::ApiCalled,
        Self::ConsentLinkCreated,
        Self::ConsentLinkSent,
        Self::ConsentLinkEnded,
        Self::AuditExported,
        Self::DeliveryResumed,
        Self::KeysRotated,
        Self::StoreCopied,
        Self::TokenImported,
        Self::AdminImported,
    ];

    /// The action in a word, as the audit log's export and the admin centre's addresses
    /// spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConsentGranted => "consent_granted",
            Self::ConsentFailed => "consent_failed",
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::TokenCheckedOut => "token_checked_out",
            Self::TokenRefreshed => "token_refreshed",
            Self::TokenRevealed => "token_revealed",
            Self::TokenRevoked => "token_revoked",
            Self::TokenRemoved => "token_removed",
            Self::TokenHandedOver => "token_handed_over",
            Self::RoomDeleted => "room_deleted",
            Self::SignIn => "sign_in",
            Self::SignOut => "sign_out",
            Self::SuperAdminSetUp => "super_admin_set_up",
            Self::AdminCreated => "admin_created",
            Self::AdminChanged => "admin_changed",
            Self::AdminRemoved => "admin_removed",
            Self::PasswordReset => "password_reset",
            Self::ApiKeyCreated => "api_key_created",
            Self::ApiKeyRevoked => "api_key_revoked",
            Self::ApiCalled => "api_called",
            Self::ConsentLinkCreated => "consent_link_created",
            Self::ConsentLinkSent => "consent_link_sent",
            Self::ConsentLinkEnded => "consent_link_ended",
            Self::AuditExported => "audit_exported",
            Self::DeliveryResumed => "delivery_resumed",
            Self::KeysRotated => "keys_rotated",
            Self::StoreCopied => "store_copied",
            Self::TokenImported => "token_imported",
            Self::AdminImported => "admin_imported",
        }
    }
}

/// A text that names no action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an action of the audit log")]
pub struct UnknownAction;

impl FromStr for AuditAction {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, UnknownAction> {
        Self::ALL
            .into_iter()
            .find(|action| action.as_str() == text)
            .ok_or(UnknownAction)
    }
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "reason", rename_all = "snake_case")]
pub enum Outcome {
    /// As it was meant to.
    Done,
    /// A rule refused it.
    Refused(String),
    /// It failed.
    Failed(String),
}

/// How it ended, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// As it was meant to.
    Done,
    /// A rule refused it.
    Refused,
    /// It failed.
    Failed,
}

/// A text that names no outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an outcome is one of done, refused, failed")]
pub struct UnknownOutcome;

impl OutcomeKind {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Done, Self::Refused, Self::Failed];

    /// The word, as JSON has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

impl FromStr for OutcomeKind {
    type Err = UnknownOutcome;

    fn from_str(text: &str) -> Result<Self, UnknownOutcome> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(UnknownOutcome)
    }
}

impl Outcome {
    /// Why it was refused or failed.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Done => None,
            Self::Refused(reason) | Self::Failed(reason) => Some(reason),
        }
    }

    /// The word.
    pub const fn kind(&self) -> OutcomeKind {
        match self {
            Self::Done => OutcomeKind::Done,
            Self::Refused(_) => OutcomeKind::Refused,
            Self::Failed(_) => OutcomeKind::Failed,
        }
    }
}

/// One entry of the audit log. It holds no secret.
///
/// An entry is one event, or several of one kind within a second: fetches of one token
/// by one caller, or rejections that an attacker can trigger at will.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// The entry's identifier.
    pub id: AuditId,
    /// When the first event happened.
    pub at: Timestamp,
    /// The caller and origin of the first event.
    pub caller: Caller,
    /// What was done.
    pub action: AuditAction,
    /// To which token.
    pub token: Option<TokenId>,
    /// The API key that acted, or that something was done to. Its name tells less: a
    /// later key may have the same.
    pub api_key: Option<ApiKeyId>,
    /// To whom, or to whose token: an e-mail address, a username, the name of a key.
    pub subject: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// The number of events in this entry.
    pub count: NonZeroU32,
    /// The request of the last of several events; `None` where it is one, or unknown.
    pub last_request_id: Option<String>,
}

impl AuditEntry {
    /// Counts one more event of this kind, with the request that caused it.
    pub(crate) fn repeat(&mut self, request_id: Option<String>) {
        self.count = self.count.saturating_add(1);
        self.last_request_id = request_id;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_actions_are_those_of_json() {
        for action in AuditAction::ALL {
            assert_eq!(serde_json::to_value(action).unwrap(), action.as_str());
            assert_eq!(action.as_str().parse(), Ok(action));
        }
        assert_eq!("".parse::<AuditAction>(), Err(UnknownAction));
    }

    #[test]
    fn the_words_of_the_outcomes_are_those_of_json() {
        for kind in OutcomeKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert_eq!("Done".parse::<OutcomeKind>(), Err(UnknownOutcome));
    }
}
