//! [`AuditLog`] in memory.

use std::collections::btree_map::Entry;
use std::num::NonZeroU16;

use async_trait::async_trait;

use super::{MemoryStores, page_of};
use crate::audit::AuditEntry;
use crate::ports::{AuditFilter, AuditLog, Page, PageRequest, StoreError, UniqueRule};
use crate::testing::StoreCall;
use crate::timestamp::Timestamp;

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

    async fn list(
        &self,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AuditEntry>, StoreError> {
        self.perform(StoreCall::AuditList, |records| {
            let fitting = records.audit.values().rev();
            Ok(page_of(
                fitting.filter(|entry| filter.fits(entry)).cloned(),
                page,
                |entry| entry.id.to_bytes(),
                |position, cursor| position.as_slice() < cursor,
            ))
        })
        .await
    }

    async fn remove_before(&self, at: Timestamp, limit: NonZeroU16) -> Result<u64, StoreError> {
        self.perform(StoreCall::AuditRemoveBefore, |records| {
            let ended = records.audit.values().filter(|entry| entry.at < at);
            let ended: Vec<_> = ended
                .take(usize::from(limit.get()))
                .map(|entry| entry.id)
                .collect();
            for id in &ended {
                records.audit.remove(id);
            }
            Ok(ended.len() as u64)
        })
        .await
    }
}
