//! [`VaultStore`] in memory.

use async_trait::async_trait;

use super::MemoryStores;
use crate::keyring::KeyFingerprint;
use crate::ports::{StoreError, VaultStore};
use crate::testing::StoreCall;

#[async_trait]
impl VaultStore for MemoryStores {
    async fn key_fingerprints(&self) -> Result<Vec<KeyFingerprint>, StoreError> {
        self.perform(StoreCall::VaultKeyFingerprints, |records| {
            Ok(records.fingerprints.clone())
        })
        .await
    }

    async fn add_key_fingerprint(&self, fingerprint: KeyFingerprint) -> Result<(), StoreError> {
        self.perform(StoreCall::VaultAddKeyFingerprint, |records| {
            if !records.fingerprints.contains(&fingerprint) {
                records.fingerprints.push(fingerprint);
            }
            Ok(())
        })
        .await
    }

    async fn remove_key_fingerprint(
        &self,
        fingerprint: KeyFingerprint,
    ) -> Result<bool, StoreError> {
        self.perform(StoreCall::VaultRemoveKeyFingerprint, |records| {
            let before = records.fingerprints.len();
            records.fingerprints.retain(|held| *held != fingerprint);
            Ok(records.fingerprints.len() < before)
        })
        .await
    }

    async fn set_up_nonce(&self, candidate: [u8; 32]) -> Result<[u8; 32], StoreError> {
        self.perform(StoreCall::VaultSetUpNonce, |records| {
            Ok(*records.nonce.get_or_insert(candidate))
        })
        .await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.perform(StoreCall::VaultPing, |_| Ok(())).await
    }
}
