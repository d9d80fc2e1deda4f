//! [`ConsentStore`] in memory.

use std::net::IpAddr;

use async_trait::async_trait;

use super::MemoryStores;
use crate::ports::{ConsentStore, PendingConsent, StateHash, StoreError, UniqueRule};
use crate::testing::StoreCall;
use crate::timestamp::Timestamp;

#[async_trait]
impl ConsentStore for MemoryStores {
    async fn insert(&self, consent: &PendingConsent) -> Result<(), StoreError> {
        self.perform(StoreCall::ConsentInsert, |records| {
            if records.consents.contains_key(&consent.state) {
                return Err(StoreError::AlreadyExists(UniqueRule::Id));
            }
            records.consents.insert(consent.state, consent.clone());
            Ok(())
        })
        .await
    }

    async fn take(&self, state: StateHash) -> Result<Option<PendingConsent>, StoreError> {
        self.perform(StoreCall::ConsentTake, |records| {
            Ok(records.consents.remove(&state))
        })
        .await
    }

    async fn count_open(&self, address: IpAddr, now: Timestamp) -> Result<u64, StoreError> {
        self.perform(StoreCall::ConsentCountOpen, |records| {
            let open = records.consents.values().filter(|consent| {
                consent.address == Some(address) && !consent.expires_at.has_passed(now)
            });
            Ok(open.count() as u64)
        })
        .await
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.perform(StoreCall::ConsentRemoveExpired, |records| {
            let before = records.consents.len();
            records
                .consents
                .retain(|_, consent| !consent.expires_at.has_passed(now));
            Ok((before - records.consents.len()) as u64)
        })
        .await
    }
}
