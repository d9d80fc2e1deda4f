//! [`ConsentLinkStore`] in memory.

use async_trait::async_trait;

use super::{MemoryStores, page_of};
use crate::consent_links::ConsentLink;
use crate::ids::ConsentLinkId;
use crate::ports::{ConsentLinkStore, Page, PageRequest, StoreError, UniqueRule};
use crate::testing::StoreCall;
use crate::timestamp::Timestamp;

#[async_trait]
impl ConsentLinkStore for MemoryStores {
    async fn insert(&self, link: &ConsentLink) -> Result<(), StoreError> {
        self.perform(StoreCall::LinkInsert, |records| {
            if records.links.contains_key(&link.id) {
                return Err(StoreError::AlreadyExists(UniqueRule::Id));
            }
            records.links.insert(link.id, link.clone());
            Ok(())
        })
        .await
    }

    async fn get(&self, id: ConsentLinkId) -> Result<Option<ConsentLink>, StoreError> {
        self.perform(StoreCall::LinkGet, |records| {
            Ok(records.links.get(&id).cloned())
        })
        .await
    }

    async fn list(&self, page: &PageRequest) -> Result<Page<ConsentLink>, StoreError> {
        self.perform(StoreCall::LinkList, |records| {
            Ok(page_of(
                records.links.values().rev().cloned(),
                page,
                |link| link.id.to_bytes(),
                |position, cursor| position.as_slice() < cursor,
            ))
        })
        .await
    }

    async fn update(&self, link: &ConsentLink) -> Result<u64, StoreError> {
        self.perform(StoreCall::LinkUpdate, |records| {
            let stored = records
                .links
                .get_mut(&link.id)
                .ok_or(StoreError::NotFound)?;
            if stored.version != link.version {
                return Err(StoreError::Conflict);
            }
            stored.progress = link.progress;
            stored.expires_at = link.expires_at;
            stored.version += 1;
            Ok(stored.version)
        })
        .await
    }

    async fn remove_expired(&self, at: Timestamp) -> Result<u64, StoreError> {
        self.perform(StoreCall::LinkRemoveExpired, |records| {
            let before = records.links.len();
            records
                .links
                .retain(|_, link| !link.expires_at.has_passed(at));
            Ok((before - records.links.len()) as u64)
        })
        .await
    }
}
