//! The port for API keys.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::api_keys::{ApiKey, KeyHash};
use crate::ids::ApiKeyId;
use crate::ports::{Page, PageRequest, StoreError};
use crate::timestamp::Timestamp;

/// Keeps API keys: their hashes, never their text. Every write is durable when it
/// is answered.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ApiKeyStore: Debug + Send + Sync + 'static {
    /// Adds a key.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] with [`UniqueRule::Id`](super::UniqueRule::Id)
    /// where a key with this identifier or this hash stands; otherwise the store's own.
    async fn insert(&self, key: &ApiKey) -> Result<(), StoreError>;

    /// The key with this identifier.
    ///
    /// # Errors
    /// The store's own.
    async fn get(&self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError>;

    /// The key with this hash, also one that was revoked or has expired.
    ///
    /// # Errors
    /// The store's own.
    async fn find_by_hash(&self, hash: KeyHash) -> Result<Option<ApiKey>, StoreError>;

    /// A page of the keys, newest first (by identifier), also those that were
    /// revoked or have expired.
    ///
    /// The order MUST be total and stable, as for
    /// [`TokenStore::list`](super::TokenStore::list).
    ///
    /// # Errors
    /// The store's own.
    async fn list(&self, page: &PageRequest) -> Result<Page<ApiKey>, StoreError>;

    /// Revokes a key, and answers it as it stands then; `None` where there is none.
    /// One that was revoked before keeps its time.
    ///
    /// # Errors
    /// The store's own.
    async fn revoke(&self, id: ApiKeyId, at: Timestamp) -> Result<Option<ApiKey>, StoreError>;

    /// Remembers that a key was used. An earlier time than the one that stands, or
    /// a key that is not there, changes nothing and is no error.
    ///
    /// # Errors
    /// The store's own.
    async fn note_use(&self, id: ApiKeyId, at: Timestamp) -> Result<(), StoreError>;
}
