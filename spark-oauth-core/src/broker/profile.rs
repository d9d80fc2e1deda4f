//! Re-reads the person's profile after a refresh, at most once a day for each token:
//! people are renamed, and the person of an imported record is unknown until then.
//!
//! The tokens are stored before that. A failure to read the profile never affects them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::addresses::{Addresses, Confirmed};
use crate::broker::refresh::{Refreshed, Refresher};
use crate::ports::{Clock as _, SparkError, StoreError, TokenStore, UniqueRule};
use crate::timestamp::Timestamp;
use crate::token::{Status, Token};

/// The age of a profile after which a refresh reads it again.
const READ_EVERY: Duration = Duration::from_hours(24);

/// How many profiles are read at once. At the limit, a profile that is not urgent is read
/// after a later refresh, so that a burst of refreshes does not take twice as long.
const AT_ONCE: usize = 4;

/// How long to retry the write of a profile. A later refresh reads the profile again.
const WRITE_LIMIT: Duration = Duration::from_secs(10);

/// Reads profiles.
#[derive(Clone, Debug)]
pub(super) struct Profiles {
    addresses: Addresses,
    places: Arc<Semaphore>,
}

/// Why a profile was not written.
#[derive(Debug, thiserror::Error)]
enum ProfileError {
    #[error("the access token cannot be opened")]
    Sealed(#[from] crate::keyring::OpenError),
    #[error("the provider did not answer the profile")]
    Provider(#[from] SparkError),
    #[error("the store failed")]
    Store(#[from] StoreError),
    #[error("the provider answered the profile of another person")]
    OtherPerson,
}

impl Profiles {
    pub(super) fn new(tokens: Arc<dyn TokenStore>) -> Self {
        Self {
            addresses: Addresses {
                tokens,
                patience: WRITE_LIMIT,
            },
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

impl Refresher {
    /// Reads the profile in the background, if it is due.
    pub(super) fn read_profile_later(&self, refreshed: &Refreshed) {
        let token = &refreshed.token;
        if !refreshed.called || !is_due(token, self.clock.now()) {
            return;
        }
        let needed = token.person.is_none() || token.held_email().is_none();
        let place = self.profiles.places.clone().try_acquire_owned().ok();
        if place.is_none() && !needed {
            return;
        }
        let (this, token) = (self.clone(), token.clone());
        drop(self.detached.start(async move {
            let _place = match place {
                Some(place) => Some(place),
                None => this.profiles.places.clone().acquire_owned().await.ok(),
            };
            let id = token.id;
            match this.read_profile(token).await {
                Ok(()) => tracing::debug!(token = %id, "profile read"),
                Err(ProfileError::Store(StoreError::AlreadyExists(UniqueRule::Consent))) => {
                    tracing::warn!(
                        token = %id,
                        "imported token duplicates a later consent of its person: remove it \
                         once no service uses it"
                    );
                }
                Err(error @ ProfileError::OtherPerson) => {
                    tracing::error!(token = %id, %error, "profile rejected: the record stays as it is");
                }
                Err(error) => {
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::warn!(
                        token = %id, %error, cause,
                        "profile read failed: the next refresh tries again"
                    );
                }
            }
        }));
    }

    async fn read_profile(&self, token: Token) -> Result<(), ProfileError> {
        let addresses = &self.profiles.addresses;
        let mut confirmed = self.ask_profile(&token).await?;
        let others = addresses.others(&confirmed.person).await?;
        let last = others
            .iter()
            .filter_map(|other| other.profile.email_confirmed_at)
            .max();
        if let Some(last) = last.filter(|last| *last >= confirmed.at) {
            // Another person has a newer confirmation, maybe by the clock of another
            // process. A second answer is newer than that, whatever the clocks show.
            confirmed = self.ask_profile(&token).await?;
            confirmed.at = confirmed.at.max(last + Duration::from_millis(1));
        }
        self.ask_others(&others, &confirmed).await?;
        let lost_at = addresses.take(&confirmed, Some(token.id)).await?;
        let (id, integration) = (token.id, token.integration.clone());
        let read_at = Some(self.clock.now());
        let fill_in = |record: &mut Token| {
            let filled = confirmed.fill_in(record, lost_at);
            if filled {
                record.profile.read_at = read_at;
            }
            filled
        };
        if addresses.rewrite(token, fill_in).await? {
            tracing::info!(token = %id, "profile updated");
        }
        Ok(addresses.spread(&confirmed, &integration).await?)
    }

    /// Asks the provider for the person of the token.
    async fn ask_profile(&self, token: &Token) -> Result<Confirmed, ProfileError> {
        let access = self.ring.open_access(token.id, &token.access)?;
        // The answer is newer than the stored profile, whatever the clocks show.
        let before = token.profile.email_confirmed_at;
        let after = before.map(|before| before + Duration::from_millis(1));
        let at = self.clock.now().max(after.unwrap_or(Timestamp::EPOCH));
        let person = self.client.me(&access).await?;
        if token.person.as_ref().is_some_and(|id| *id != person.id) {
            return Err(ProfileError::OtherPerson);
        }
        Ok(Confirmed { person, at })
    }

    /// Reads the profiles of other persons who have the address. If the provider confirms
    /// the address for another person too, both own it. A person who was renamed gets the
    /// new address.
    async fn ask_others(&self, others: &[Token], new: &Confirmed) -> Result<(), StoreError> {
        let mut answered = BTreeSet::new();
        for other in others.iter().filter(|other| other.status == Status::Active) {
            if answered.contains(&other.person) {
                continue;
            }
            match self.ask_profile(other).await {
                Ok(Confirmed { person, .. }) => {
                    answered.insert(other.person.clone());
                    let theirs = Confirmed { person, at: new.at };
                    let addresses = &self.profiles.addresses;
                    if theirs.person.email == new.person.email {
                        addresses.fill_in_all(&theirs, &other.integration).await?;
                    } else {
                        addresses.take(&theirs, None).await?;
                        addresses.spread(&theirs, &other.integration).await?;
                    }
                }
                Err(error) => {
                    tracing::debug!(token = %other.id, %error, "address not confirmed again");
                }
            }
        }
        Ok(())
    }
}

/// Whether the next refresh is to read the profile.
fn is_due(token: &Token, now: Timestamp) -> bool {
    let Some(read_at) = token.profile.read_at else {
        return true;
    };
    // An old profile must not look recent after the clock was set back.
    let age = now.since(read_at).max(read_at.since(now));
    token.person.is_none() || token.held_email().is_none() || age >= READ_EVERY
}

#[cfg(test)]
mod tests;
