//! [`ConsentStore`] in memory.

use std::net::IpAddr;

use async_trait::async_trait;

use super::MemoryStores;
use crate::ids::TokenId;
use crate::ports::{
    CallbackClaim, ConsentStore, PendingConsent, StateHash, StoreError, Taken, UniqueRule,
};
use crate::testing::StoreCall;
use crate::timestamp::Timestamp;

/// The first callback of a consent.
#[derive(Clone, Copy, Debug)]
pub(super) struct FirstCallback {
    answer: [u8; 32],
    token: Option<TokenId>,
}

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

    async fn take(&self, claim: &CallbackClaim) -> Result<Taken, StoreError> {
        self.perform(StoreCall::ConsentTake, |records| {
            let Some(consent) = records.consents.get(&claim.state).cloned() else {
                return Ok(Taken::Unknown);
            };
            let mut browsers = claim.browsers.iter().take(CallbackClaim::MOST_BROWSERS);
            if !browsers.any(|browser| *browser == consent.browser) {
                return Ok(Taken::OtherBrowser);
            }
            let Some(first) = records.callbacks.get(&claim.state) else {
                let first = FirstCallback {
                    answer: claim.answer,
                    token: None,
                };
                records.callbacks.insert(claim.state, first);
                return Ok(Taken::First(consent));
            };
            Ok(if first.answer == claim.answer {
                let token = first.token;
                Taken::Again { consent, token }
            } else {
                Taken::Unknown
            })
        })
        .await
    }

    async fn finish(&self, state: StateHash, token: TokenId) -> Result<(), StoreError> {
        self.perform(StoreCall::ConsentFinish, |records| {
            if let Some(first) = records.callbacks.get_mut(&state) {
                first.token = Some(token);
            }
            Ok(())
        })
        .await
    }

    async fn discard(&self, state: StateHash) -> Result<(), StoreError> {
        self.perform(StoreCall::ConsentDiscard, |records| {
            records.consents.remove(&state);
            records.callbacks.remove(&state);
            Ok(())
        })
        .await
    }

    async fn count_open(&self, address: IpAddr, now: Timestamp) -> Result<u64, StoreError> {
        self.perform(StoreCall::ConsentCountOpen, |records| {
            let open = records.consents.values().filter(|consent| {
                consent.address == Some(address)
                    && !consent.expires_at.has_passed(now)
                    && !records.callbacks.contains_key(&consent.state)
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
            let consents = &records.consents;
            records
                .callbacks
                .retain(|state, _| consents.contains_key(state));
            Ok((before - records.consents.len()) as u64)
        })
        .await
    }
}
