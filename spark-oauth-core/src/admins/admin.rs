//! The record of an admin.

use serde::{Deserialize, Serialize};

use crate::admins::{PasswordHash, Username};
use crate::email::EmailAddress;
use crate::ids::AdminId;
use crate::timestamp::Timestamp;

/// What an admin may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Manages tokens and the own profile.
    Admin,
    /// Manages admins too. There is at most one, and it stays.
    SuperAdmin,
}

/// Somebody who manages tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// The record's identifier.
    pub id: AdminId,
    /// The name to sign in with.
    pub username: Username,
    /// Where to reach the admin.
    pub email: Option<EmailAddress>,
    /// The hashed password.
    pub password_hash: PasswordHash,
    /// What the admin may do.
    pub role: Role,
    /// Every session carries the epoch it was begun in. A change of the profile
    /// raises it, which ends every session of this admin.
    pub epoch: u64,
    /// When the admin was created.
    pub created_at: Timestamp,
    /// When the profile last changed.
    pub updated_at: Timestamp,
    /// When the admin last signed in.
    pub last_sign_in_at: Option<Timestamp>,
    /// Changes with every write; compare-and-set goes by it.
    pub version: u64,
}

impl Admin {
    /// Whether this is the super admin.
    pub fn is_super(&self) -> bool {
        self.role == Role::SuperAdmin
    }
}
