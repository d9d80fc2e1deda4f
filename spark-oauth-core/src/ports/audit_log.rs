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
    /// # Errors
    /// The store's own.
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError>;

    /// A page of the entries, newest first.
    ///
    /// # Errors
    /// The store's own.
    async fn list(&self, page: &PageRequest) -> Result<Page<AuditEntry>, StoreError>;
}
