//! The stored record of one person's consent to one integration.

mod lease;
mod lineage;
mod profile;
mod status;
mod upkeep;

pub use lease::{Attempt, Lease};
pub use lineage::{LastFailure, LastRefresh, RefreshTrigger};
pub(crate) use profile::{Owners, owners};
pub use profile::{Profile, owned};
pub use status::{ConsentLoss, InvalidTransition, RevokedBy, Status, StatusKind, UnknownStatus};
pub use upkeep::Upkeep;

use std::time::Duration;

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
    /// The person's last known e-mail address, which may now belong to another person. Use
    /// [`held_email`](Self::held_email) to identify people.
    pub email: EmailAddress,
    /// When the address was confirmed or lost, and when the profile was read.
    pub profile: Profile,
    /// The name to show, where the provider has one.
    pub display_name: Option<String>,
    /// What is granted now, which may be less than what was asked for: each answer of
    /// the provider that names scopes sets it (RFC 6749 sections 5.1 and 6).
    pub scopes: Scopes,
    /// What was granted when the person last consented. A record keeps it through
    /// refreshes: it identifies the record among those of one person.
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
    /// unknown, as for a record that was imported. A process whose clock was
    /// wrong finds the records to correct by this ID.
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

/// The clocks of two processes differ by less than this: by what the provider's time
/// leaves alone for each of them, and the time of a call.
const AHEAD: Duration = Duration::from_secs(15);

/// The version of a record that was never updated.
pub const FIRST_VERSION: u64 = 1;

impl Token {
    /// How long the access token still lives at `now`; zero where it has expired. It
    /// is never longer than the token's whole lifetime, whatever the clock says.
    pub fn remaining_life(&self, now: Timestamp) -> Duration {
        self.access_expires_at.since(now.max(self.obtained_at))
    }

    /// Whether the access token was obtained later than `now`: a clock was wrong then,
    /// or is now, and how long the token lives is not known.
    pub fn is_ahead_of(&self, now: Timestamp) -> bool {
        self.obtained_at.since(now) > AHEAD
    }

    /// Moves the times that a wrong clock set. `granted_at` stays, since it identifies the
    /// consent.
    pub(crate) fn move_times(&mut self, millis: i64) {
        let moved = |at: Timestamp| Timestamp::from_millis(at.as_millis().saturating_add(millis));
        for at in [&mut self.access_expires_at, &mut self.obtained_at] {
            *at = moved(*at);
        }
        for at in [
            &mut self.refresh_expires_at,
            &mut self.upkeep.due_at,
            &mut self.upkeep.retry_at,
            &mut self.upkeep.expiry_warned_at,
        ] {
            *at = at.map(moved);
        }
        if let Some(refresh) = &mut self.last_refresh {
            refresh.at = moved(refresh.at);
        }
        if let Some(failure) = &mut self.last_failure {
            failure.at = moved(failure.at);
        }
    }

    /// The address of the person, unless it now belongs to another person.
    pub fn held_email(&self) -> Option<&EmailAddress> {
        Some(&self.email).filter(|_| self.profile.email_lost_at.is_none())
    }

    /// Whom the audit log names: the address, else the provider's identifier of the
    /// person, since entries under an address are about the person who has it.
    pub fn subject(&self) -> Option<&str> {
        let person = self.person.as_ref().map(PersonId::as_str);
        self.held_email().map(EmailAddress::as_str).or(person)
    }

    /// The owner of a lease that still stands at `now`.
    pub fn leased_by(&self, now: Timestamp) -> Option<&Lease> {
        self.lease
            .as_ref()
            .filter(|lease| !lease.expires_at.has_passed(now))
    }
}
