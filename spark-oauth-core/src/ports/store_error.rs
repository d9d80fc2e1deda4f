//! What a store can answer instead of what it was asked for.

use std::error::Error;

/// The outcome of a store operation that did not succeed.
///
/// Absence is not an error: a look-up answers `Ok(None)`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A record that must be unique stands already.
    #[error("{0} exists already")]
    AlreadyExists(UniqueRule),
    /// The record changed since it was read: read it again.
    #[error("the record was changed by somebody else meanwhile")]
    Conflict,
    /// The record to change is not there.
    #[error("the record is not there")]
    NotFound,
    /// The store cannot be reached, is busy for too long or out of room.
    /// Nothing is known of whether a write took place.
    #[error("the {store} store is unavailable")]
    Unavailable {
        /// The store's name.
        store: &'static str,
        /// What it said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A stored record cannot be read.
    #[error("the {store} store holds a record that cannot be read")]
    Corrupt {
        /// The store's name.
        store: &'static str,
        /// What is wrong with the record; holds no value of it.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl StoreError {
    /// Whether the record changed or went since it was read, so that reading it
    /// again is the way on.
    pub const fn is_stale(&self) -> bool {
        matches!(self, Self::Conflict | Self::NotFound)
    }
}

/// What a store keeps unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum UniqueRule {
    /// A record's identifier.
    #[error("a record with this identifier")]
    Id,
    /// One token for the same integration, person and granted scopes.
    #[error("a token of this person for this integration and these scopes")]
    Consent,
    /// Usernames, without regard to case.
    #[error("an admin with this username")]
    Username,
    /// The super admin.
    #[error("a super admin")]
    SuperAdmin,
}
