//! The port for consents that were begun and not yet answered.

use std::fmt::Debug;
use std::net::IpAddr;

use async_trait::async_trait;

use crate::consent_links::Terms;
use crate::ids::TokenId;
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

/// A callback that claims the consent with its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackClaim {
    /// The hash of its `state`.
    pub state: StateHash,
    /// SHA-256 of each cookie of the browser that can be one of ours: a browser sends
    /// several under one name where several sites of one host set them. A store looks at
    /// the first [`MOST_BROWSERS`](Self::MOST_BROWSERS).
    pub browsers: Vec<[u8; 32]>,
    /// SHA-256 of code and error: the same if one callback is delivered twice.
    pub answer: [u8; 32],
}

impl CallbackClaim {
    /// How many cookies of one browser are compared.
    pub const MOST_BROWSERS: usize = 4;
}

/// The result of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The first callback of the browser that began the consent.
    First(PendingConsent),
    /// A repetition of the callback that took the consent.
    Again {
        /// The consent.
        consent: PendingConsent,
        /// The token that the consent created; `None` while the code is being exchanged.
        token: Option<TokenId>,
    },
    /// Another browser began the consent, which stays unchanged.
    OtherBrowser,
    /// No consent has the state, or another callback took it.
    Unknown,
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

    /// Gives the consent with this state to a callback of the browser that began it.
    ///
    /// State and browser MUST be compared and the consent marked as taken in one atomic
    /// operation: of two callers at once exactly one is [`First`](Taken::First). A
    /// callback of another browser MUST leave the consent unchanged. A consent that has
    /// expired is returned too: the caller checks the expiry.
    ///
    /// # Errors
    /// The store's own.
    async fn take(&self, claim: &CallbackClaim) -> Result<Taken, StoreError>;

    /// Records the token that a consent created, for a repeated callback. A missing consent
    /// is not an error.
    ///
    /// # Errors
    /// The store's own.
    async fn finish(&self, state: StateHash, token: TokenId) -> Result<(), StoreError>;

    /// Removes a consent that created no token. A missing consent is not an error.
    ///
    /// # Errors
    /// The store's own.
    async fn discard(&self, state: StateHash) -> Result<(), StoreError>;

    /// How many consents that were begun from `address` are still open at `now`:
    /// not taken, and expiring later than `now`.
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
