//! Who did what, to whose token, when, from where, with which outcome.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::ids::{AdminId, ApiKeyId, AuditId, TokenId};
use crate::timestamp::Timestamp;

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
    /// Somebody at the command line of the machine.
    Operator,
    /// The application by itself.
    System,
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
    /// A token was imported from the Node.js sample.
    TokenImported,
    /// An admin was imported from the Node.js sample.
    AdminImported,
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

/// One entry of the audit log. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// The entry's identifier.
    pub id: AuditId,
    /// When it happened.
    pub at: Timestamp,
    /// Who acted, and from where.
    pub caller: Caller,
    /// What was done.
    pub action: AuditAction,
    /// To which token.
    pub token: Option<TokenId>,
    /// To whom, or to whose token: an e-mail address or a username.
    pub subject: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
}
