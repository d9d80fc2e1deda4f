//! The port for sessions of browsers.

use std::fmt::{self, Debug};

use async_trait::async_trait;

use crate::ports::StoreError;
use crate::timestamp::Timestamp;

/// SHA-256 of a session's identifier: who reads the store cannot take over a session.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionKey(pub [u8; 32]);

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(..)")
    }
}

/// A session as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// The hash of the identifier.
    pub key: SessionKey,
    /// What the web adapter remembers; opaque to the store.
    pub data: Vec<u8>,
    /// When the session ends, unless it is used.
    pub expires_at: Timestamp,
}

/// Keeps sessions, so that a restart or a second replica still knows them.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SessionStore: Debug + Send + Sync + 'static {
    /// Adds a session.
    ///
    /// MUST refuse one whose key stands already, also when both come at once.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] with [`UniqueRule::Id`](super::UniqueRule::Id);
    /// otherwise the store's own.
    async fn create(&self, session: &SessionRecord) -> Result<(), StoreError>;

    /// The session with this key; `None` where it has expired at `now`
    /// (`expires_at` is `now` or earlier).
    ///
    /// # Errors
    /// The store's own.
    async fn load(
        &self,
        key: SessionKey,
        now: Timestamp,
    ) -> Result<Option<SessionRecord>, StoreError>;

    /// Replaces the data and the expiry of a session whose data are still `previous`;
    /// `false` where it is gone or was changed meanwhile. Both MUST happen in one atomic
    /// operation, so that no change is lost. It MUST NOT create a session: a removed
    /// session stays removed. A store may keep or remove a session that has expired.
    ///
    /// # Errors
    /// The store's own.
    async fn replace(&self, previous: &[u8], session: &SessionRecord) -> Result<bool, StoreError>;

    /// Ends a session; `false` where there is none.
    ///
    /// # Errors
    /// The store's own.
    async fn remove(&self, key: SessionKey) -> Result<bool, StoreError>;

    /// Removes the sessions that had expired at `now`, and answers how many.
    ///
    /// # Errors
    /// The store's own.
    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError>;
}
