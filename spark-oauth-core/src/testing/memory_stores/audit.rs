//! [`AuditLog`] in memory.

use async_trait::async_trait;

use super::{MemoryStores, page_of};
use crate::audit::AuditEntry;
use crate::ports::{AuditLog, Page, PageRequest, StoreError};
use crate::testing::StoreCall;

#[async_trait]
impl AuditLog for MemoryStores {
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.perform(StoreCall::AuditAppend, |records| {
            records.audit.insert(entry.id, entry.clone());
            Ok(())
        })
        .await
    }

    async fn list(&self, page: &PageRequest) -> Result<Page<AuditEntry>, StoreError> {
        self.perform(StoreCall::AuditList, |records| {
            Ok(page_of(
                records.audit.values().rev().cloned(),
                page,
                |entry| entry.id.to_bytes(),
                |position, cursor| position.as_slice() < cursor,
            ))
        })
        .await
    }
}
