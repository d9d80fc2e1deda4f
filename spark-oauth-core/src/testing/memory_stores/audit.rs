//! [`AuditLog`] in memory.

use std::collections::btree_map::Entry;

use async_trait::async_trait;

use super::{MemoryStores, page_of};
use crate::audit::AuditEntry;
use crate::ports::{AuditLog, Page, PageRequest, StoreError, UniqueRule};
use crate::testing::StoreCall;

#[async_trait]
impl AuditLog for MemoryStores {
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.perform(StoreCall::AuditAppend, |records| {
            match records.audit.entry(entry.id) {
                Entry::Occupied(_) => Err(StoreError::AlreadyExists(UniqueRule::Id)),
                Entry::Vacant(place) => {
                    place.insert(entry.clone());
                    Ok(())
                }
            }
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
