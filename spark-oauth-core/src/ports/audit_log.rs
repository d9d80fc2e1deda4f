//! The port for the record of who did what.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::audit::AuditEntry;
use crate::ports::{Page, PageRequest, StoreError};

/// Keeps audit entries. An entry is never changed.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AuditLog: Debug + Send + Sync + 'static {
    /// Adds an entry, durably.
    ///
    /// MUST refuse an entry whose identifier stands already, and leave the one that
    /// stands as it is, also where both come at once.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] with [`UniqueRule::Id`](super::UniqueRule::Id);
    /// otherwise the store's own.
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError>;

    /// A page of the entries, newest first: whatever the times in them say, the
    /// one that was appended last.
    ///
    /// The order MUST be total and stable, as for
    /// [`TokenStore::list`](super::TokenStore::list).
    ///
    /// # Errors
    /// The store's own.
    async fn list(&self, page: &PageRequest) -> Result<Page<AuditEntry>, StoreError>;
}
