//! What belongs to the vault as a whole.

use async_trait::async_trait;
use mongodb::bson::{Binary, Document, doc};
use serde::{Deserialize, Serialize};
use spark_oauth_core::keyring::KeyFingerprint;
use spark_oauth_core::ports::{StoreError, UniqueRule, VaultStore};

use crate::MongoStore;
use crate::values::{binary, fixed};

/// The collection of the values of the vault, by name.
pub(crate) const VAULT: &str = "vault";

/// The collection of the keys that sealed values may need.
pub(crate) const KEY_FINGERPRINTS: &str = "key_fingerprints";

const SET_UP_NONCE: &str = "set_up_nonce";

#[async_trait]
impl VaultStore for MongoStore {
    async fn key_fingerprints(&self) -> Result<Vec<KeyFingerprint>, StoreError> {
        let found = self.keys().find(Document::new()).await?;
        let fingerprints = found.into_iter().map(|key| {
            let bytes = fixed(key.fingerprint, KEY_FINGERPRINTS, "_id")?;
            Ok(KeyFingerprint::from_bytes(bytes))
        });
        fingerprints.collect()
    }

    async fn add_key_fingerprint(&self, fingerprint: KeyFingerprint) -> Result<(), StoreError> {
        let key = KeyDocument {
            fingerprint: binary(*fingerprint.as_bytes()),
        };
        stands(self.keys().insert(&key).await)?;
        Ok(())
    }

    async fn remove_key_fingerprint(
        &self,
        fingerprint: KeyFingerprint,
    ) -> Result<bool, StoreError> {
        let filter = doc! { "_id": binary(*fingerprint.as_bytes()) };
        self.keys().remove(filter).await
    }

    async fn set_up_nonce(&self, candidate: [u8; 32]) -> Result<[u8; 32], StoreError> {
        if let Some(found) = self.vault().find_one(nonce()).await? {
            return found.nonce();
        }
        let offered = ValueDocument {
            name: SET_UP_NONCE.to_owned(),
            value: binary(candidate),
        };
        if stands(self.vault().insert(&offered).await)? {
            return Ok(candidate);
        }
        // Somebody else's came first. It cannot be gone: nothing removes it.
        let first = self.vault().find_one(nonce()).await?;
        first.ok_or(StoreError::NotFound)?.nonce()
    }

    async fn ping(&self) -> Result<(), StoreError> {
        // A read of the primary: a server that answers, but has no primary or
        // refuses the user, is no store.
        self.vault().find_one(nonce()).await?;
        Ok(())
    }
}

fn nonce() -> Document {
    doc! { "_id": SET_UP_NONCE }
}

/// Whether it was this insertion that made the document, which stands in any case.
pub(crate) fn stands(insertion: Result<(), StoreError>) -> Result<bool, StoreError> {
    match insertion {
        Ok(()) => Ok(true),
        Err(StoreError::AlreadyExists(UniqueRule::Id)) => Ok(false),
        Err(error) => Err(error),
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct KeyDocument {
    #[serde(rename = "_id")]
    fingerprint: Binary,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct ValueDocument {
    #[serde(rename = "_id")]
    name: String,
    value: Binary,
}

impl ValueDocument {
    fn nonce(self) -> Result<[u8; 32], StoreError> {
        Ok(fixed(self.value, VAULT, "value")?)
    }
}
