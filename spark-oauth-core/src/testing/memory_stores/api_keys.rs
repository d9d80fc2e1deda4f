//! [`ApiKeyStore`] in memory.

use async_trait::async_trait;

use super::{MemoryStores, page_of};
use crate::api_keys::{ApiKey, KeyHash};
use crate::ids::ApiKeyId;
use crate::ports::{ApiKeyStore, Page, PageRequest, StoreError, UniqueRule};
use crate::testing::StoreCall;
use crate::timestamp::Timestamp;

#[async_trait]
impl ApiKeyStore for MemoryStores {
    async fn insert(&self, key: &ApiKey) -> Result<(), StoreError> {
        self.perform(StoreCall::ApiKeyInsert, |records| {
            let mut others = records.api_keys.values();
            if others.any(|other| other.id == key.id || other.hash == key.hash) {
                return Err(StoreError::AlreadyExists(UniqueRule::Id));
            }
            records.api_keys.insert(key.id, key.clone());
            Ok(())
        })
        .await
    }

    async fn get(&self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        self.perform(StoreCall::ApiKeyGet, |records| {
            Ok(records.api_keys.get(&id).cloned())
        })
        .await
    }

    async fn find_by_hash(&self, hash: KeyHash) -> Result<Option<ApiKey>, StoreError> {
        self.perform(StoreCall::ApiKeyFindByHash, |records| {
            let mut keys = records.api_keys.values();
            Ok(keys.find(|key| key.hash == hash).cloned())
        })
        .await
    }

    async fn list(&self, page: &PageRequest) -> Result<Page<ApiKey>, StoreError> {
        self.perform(StoreCall::ApiKeyList, |records| {
            Ok(page_of(
                records.api_keys.values().rev().cloned(),
                page,
                |key| key.id.to_bytes(),
                |position, cursor| position.as_slice() < cursor,
            ))
        })
        .await
    }

    async fn revoke(&self, id: ApiKeyId, at: Timestamp) -> Result<Option<ApiKey>, StoreError> {
        self.perform(StoreCall::ApiKeyRevoke, |records| {
            Ok(records.api_keys.get_mut(&id).map(|key| {
                key.revoked_at.get_or_insert(at);
                key.clone()
            }))
        })
        .await
    }

    async fn note_use(&self, id: ApiKeyId, at: Timestamp) -> Result<(), StoreError> {
        self.perform(StoreCall::ApiKeyNoteUse, |records| {
            if let Some(key) = records.api_keys.get_mut(&id) {
                key.last_used_at = key.last_used_at.max(Some(at));
            }
            Ok(())
        })
        .await
    }
}
