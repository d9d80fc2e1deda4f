//! The port by which running processes show themselves to each other.

use std::fmt::Debug;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::ids::ProcessId;
use crate::keyring::KeyFingerprint;
use crate::ports::StoreError;
use crate::timestamp::Timestamp;

/// A process that works on the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessRecord {
    /// The process: the owner of its leases.
    pub id: ProcessId,
    /// Where it runs, for an operator to find it: host name and process number.
    pub place: String,
    /// When it started.
    pub started_at: Timestamp,
    /// When it last showed itself.
    pub seen_at: Timestamp,
    /// From when it counts as gone, unless it shows itself again.
    pub expires_at: Timestamp,
    /// The key that it seals new values with.
    pub sealing_key: KeyFingerprint,
}

/// Keeps which processes work on the store. A server shows itself now and then;
/// what must not happen beside one looks here first.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ProcessRegistry: Debug + Send + Sync + 'static {
    /// Shows a process: adds its record, or replaces every field of the one with its
    /// identifier.
    ///
    /// # Errors
    /// The store's own.
    async fn announce_process(&self, process: &ProcessRecord) -> Result<(), StoreError>;

    /// Every record, oldest first (by identifier), also those that have expired
    /// and were not removed yet.
    ///
    /// # Errors
    /// The store's own.
    async fn processes(&self) -> Result<Vec<ProcessRecord>, StoreError>;

    /// Takes a process away that ends in good order; `false` where it is not there.
    ///
    /// # Errors
    /// The store's own.
    async fn withdraw_process(&self, id: ProcessId) -> Result<bool, StoreError>;

    /// Removes the records that have expired at `now` (`expires_at` is `now` or
    /// earlier), and answers how many.
    ///
    /// # Errors
    /// The store's own.
    async fn remove_expired_processes(&self, now: Timestamp) -> Result<u64, StoreError>;
}
