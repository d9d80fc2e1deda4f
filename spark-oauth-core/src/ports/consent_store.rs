//! The port for consents that were begun and not yet answered.

use std::fmt::Debug;
use std::net::IpAddr;

use async_trait::async_trait;

use crate::consent_links::Terms;
use crate::keyring::Sealed;
use crate::ports::StoreError;
use crate::scopes::Scopes;
use crate::timestamp::Timestamp;

/// SHA-256 of a `state`: the store never holds the `state` itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StateHash(pub [u8; 32]);

/// A consent between the redirect to the provider and the callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingConsent {
    /// What the callback's `state` must hash to.
    pub state: StateHash,
    /// SHA-256 of the cookie of the browser that began it.
    pub browser: [u8; 32],
    /// The sealed PKCE verifier (RFC 7636 section 4.1).
    pub verifier: Sealed,
    /// What the person is asked for.
    pub scopes: Scopes,
    /// What else was agreed with whoever asked for it.
    pub terms: Terms,
    /// Where the browser came from, to cap how many consents one address begins.
    pub address: Option<IpAddr>,
    /// When it was begun.
    pub begun_at: Timestamp,
    /// When it ends unanswered.
    pub expires_at: Timestamp,
}

/// Keeps consents that were begun. Writes are durable when they are answered.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ConsentStore: Debug + Send + Sync + 'static {
    /// Adds a consent.
    ///
    /// MUST refuse one whose state stands already, also when both come at once.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] with [`UniqueRule::Id`](super::UniqueRule::Id);
    /// otherwise the store's own.
    async fn insert(&self, consent: &PendingConsent) -> Result<(), StoreError>;

    /// Removes and answers the consent with this state, in one atomic operation:
    /// of two callers at once exactly one gets it. One that has expired is answered
    /// too; the caller judges it.
    ///
    /// # Errors
    /// The store's own.
    async fn take(&self, state: StateHash) -> Result<Option<PendingConsent>, StoreError>;

    /// How many consents that were begun from `address` are still open at `now`:
    /// not taken, and ending later than `now`.
    ///
    /// # Errors
    /// The store's own.
    async fn count_open(&self, address: IpAddr, now: Timestamp) -> Result<u64, StoreError>;

    /// Removes the consents that had expired at `now` (`expires_at` is `now` or
    /// earlier), and answers how many.
    ///
    /// # Errors
    /// The store's own.
    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError>;
}
