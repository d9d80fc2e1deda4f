//! The port for what the store knows of its keys and its set-up.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::keyring::KeyFingerprint;
use crate::ports::StoreError;

/// Keeps what belongs to the vault as a whole.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait VaultStore: Debug + Send + Sync + 'static {
    /// The fingerprints of the keys that sealed values in this store may need, each
    /// once, in the store's order.
    ///
    /// # Errors
    /// The store's own.
    async fn key_fingerprints(&self) -> Result<Vec<KeyFingerprint>, StoreError>;

    /// Remembers a fingerprint; remembering one twice is no error, also at once.
    ///
    /// # Errors
    /// The store's own.
    async fn add_key_fingerprint(&self, fingerprint: KeyFingerprint) -> Result<(), StoreError>;

    /// Forgets a fingerprint, once nothing is sealed with its key any more;
    /// `false` where it was not known.
    ///
    /// # Errors
    /// The store's own.
    async fn remove_key_fingerprint(&self, fingerprint: KeyFingerprint)
    -> Result<bool, StoreError>;

    /// The nonce of the set-up link. Where there is none yet, `candidate` becomes
    /// it; of several callers at once all get the same one.
    ///
    /// # Errors
    /// The store's own.
    async fn set_up_nonce(&self, candidate: [u8; 32]) -> Result<[u8; 32], StoreError>;

    /// Whether the store answers at all: one cheap round trip.
    ///
    /// # Errors
    /// The store's own.
    async fn ping(&self) -> Result<(), StoreError>;
}
