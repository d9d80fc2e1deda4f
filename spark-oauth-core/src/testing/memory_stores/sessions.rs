//! [`SessionStore`] in memory.

use std::collections::btree_map::Entry;

use async_trait::async_trait;

use super::MemoryStores;
use crate::ports::{SessionKey, SessionRecord, SessionStore, StoreError, UniqueRule};
use crate::testing::StoreCall;
use crate::timestamp::Timestamp;

#[async_trait]
impl SessionStore for MemoryStores {
    async fn create(&self, session: &SessionRecord) -> Result<(), StoreError> {
        self.perform(StoreCall::SessionCreate, |records| {
            match records.sessions.entry(session.key) {
                Entry::Occupied(_) => Err(StoreError::AlreadyExists(UniqueRule::Id)),
                Entry::Vacant(place) => {
                    place.insert(session.clone());
                    Ok(())
                }
            }
        })
        .await
    }

    async fn load(
        &self,
        key: SessionKey,
        now: Timestamp,
    ) -> Result<Option<SessionRecord>, StoreError> {
        self.perform(StoreCall::SessionLoad, |records| {
            let session = records.sessions.get(&key);
            Ok(session
                .filter(|session| !session.expires_at.has_passed(now))
                .cloned())
        })
        .await
    }

    async fn replace(&self, previous: &[u8], session: &SessionRecord) -> Result<bool, StoreError> {
        self.perform(StoreCall::SessionReplace, |records| {
            let stored = records.sessions.get_mut(&session.key);
            let unchanged = stored.filter(|stored| stored.data == previous);
            Ok(unchanged.map(|stored| *stored = session.clone()).is_some())
        })
        .await
    }

    async fn remove(&self, key: SessionKey) -> Result<bool, StoreError> {
        self.perform(StoreCall::SessionRemove, |records| {
            Ok(records.sessions.remove(&key).is_some())
        })
        .await
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.perform(StoreCall::SessionRemoveExpired, |records| {
            let before = records.sessions.len();
            records
                .sessions
                .retain(|_, session| !session.expires_at.has_passed(now));
            Ok((before - records.sessions.len()) as u64)
        })
        .await
    }
}
