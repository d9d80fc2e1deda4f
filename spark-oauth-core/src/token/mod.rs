//! The stored record of one person's consent to one integration.

mod lease;
mod lineage;
mod status;
mod upkeep;

pub use lease::{Attempt, Lease};
pub use lineage::{LastFailure, LastRefresh, RefreshTrigger};
pub use status::{ConsentLoss, InvalidTransition, RevokedBy, Status, StatusKind, UnknownStatus};
pub use upkeep::Upkeep;

use crate::email::EmailAddress;
use crate::ids::{ClockId, TokenId};
use crate::integration::ClientId;
use crate::keyring::Sealed;
use crate::person::PersonId;
use crate::scopes::Scopes;
use crate::timestamp::Timestamp;

/// One person's consent to one integration, with its sealed tokens.
///
/// A store keeps every field as it is and looks into none of the sealed ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The record's own identifier. Sealed values are bound to it.
    pub id: TokenId,
    /// The integration that the person consented to.
    pub integration: ClientId,
    /// The provider's identifier of the person; unknown for an imported record
    /// until its first contact with the provider.
    pub person: Option<PersonId>,
    /// The person's e-mail address.
    pub email: EmailAddress,
    /// The name to show, where the provider has one.
    pub display_name: Option<String>,
    /// What is granted now, which may be less than what was asked for: each answer of
    /// the provider that names scopes sets it (RFC 6749 sections 5.1 and 6).
    pub scopes: Scopes,
    /// What was granted when the person last consented. A record keeps it through
    /// refreshes: the store tells the records of one person apart by it.
    pub consented_scopes: Scopes,
    /// Where the record stands in its life.
    pub status: Status,
    /// The sealed access token.
    pub access: Sealed,
    /// When the access token ends.
    pub access_expires_at: Timestamp,
    /// The sealed refresh token; `None` where the provider gave none.
    pub refresh: Option<Sealed>,
    /// When the refresh token ends; `None` where the provider did not say.
    pub refresh_expires_at: Option<Timestamp>,
    /// When the access token was obtained: its lifetime is measured from here.
    pub obtained_at: Timestamp,
    /// By which clock the times of the record were last written; `None` where that is
    /// unknown, as for a record that was imported. A process that finds its own clock
    /// wrong knows by this which records to set right.
    pub clock: Option<ClockId>,
    /// When the person last consented.
    pub granted_at: Timestamp,
    /// The last refresh that succeeded.
    pub last_refresh: Option<LastRefresh>,
    /// The last refresh that failed, cleared by one that succeeds.
    pub last_failure: Option<LastFailure>,
    /// Changes with every consent, refresh and revocation. A late answer of the
    /// provider is only written where the generation is still the one it was
    /// asked for.
    pub generation: u64,
    /// Changes with every write; compare-and-set goes by it.
    pub version: u64,
    /// Who may refresh the token now.
    pub lease: Option<Lease>,
    /// The write-ahead marker: a refresh was begun and has not been answered.
    pub attempt: Option<Attempt>,
    /// What the background worker goes by, and what it has seen.
    pub upkeep: Upkeep,
}

/// The version of a record that was never updated.
pub const FIRST_VERSION: u64 = 1;

impl Token {
    /// How long the access token still lives at `now`; zero where it has ended.
    pub fn remaining_life(&self, now: Timestamp) -> std::time::Duration {
        self.access_expires_at.since(now)
    }

    /// The owner of a lease that still stands at `now`.
    pub fn leased_by(&self, now: Timestamp) -> Option<&Lease> {
        self.lease
            .as_ref()
            .filter(|lease| !lease.expires_at.has_passed(now))
    }
}
