//! The port for answers of the provider that the store has not taken yet.

use std::error::Error;
use std::fmt::Debug;

use async_trait::async_trait;

use crate::ids::{ClockId, ProcessId, TokenId};
use crate::keyring::Sealed;
use crate::scopes::Scopes;
use crate::timestamp::Timestamp;
use crate::token::LastRefresh;

/// New tokens of one record, as the provider gave them at a refresh. The secrets
/// are sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    /// The record.
    pub token: TokenId,
    /// The record's generation when the provider was asked. The entry belongs into
    /// the record only where that is still its generation.
    pub generation: u64,
    /// What is granted now; `None` where the answer did not say.
    pub scopes: Option<Scopes>,
    /// By which clock the times of the entry were taken.
    pub clock: Option<ClockId>,
    /// When the access token was obtained.
    pub obtained_at: Timestamp,
    /// The sealed access token.
    pub access: Sealed,
    /// When the access token ends.
    pub access_expires_at: Timestamp,
    /// The sealed refresh token; `None` where the old one stays.
    pub refresh: Option<Sealed>,
    /// When the refresh token ends; `None` where the provider did not say.
    pub refresh_expires_at: Option<Timestamp>,
    /// When the answer came, and what asked for it.
    pub last_refresh: LastRefresh,
}

/// What a process that has ended left in its journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftBehind {
    /// The process.
    pub process: ProcessId,
    /// Its entries, the oldest first.
    pub entries: Vec<JournalEntry>,
}

/// What a journal knows of another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing: it may live, or keep its journal elsewhere.
    Unknown,
    /// It has ended, and its entries wait for somebody to take them over.
    Unsettled,
    /// It has ended and left nothing behind.
    Ended,
}

/// A journal that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the journal failed")]
pub struct JournalError(#[source] pub Box<dyn Error + Send + Sync>);

/// Keeps what the provider has handed out and the store does not take, so that it
/// survives the end of the process.
///
/// Each process has one of its own, and others that share its place can tell
/// whether the process has ended.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Journal: Debug + Send + Sync + 'static {
    /// The process that this journal belongs to: the owner of its leases. No two
    /// applications may share a journal.
    fn process(&self) -> ProcessId;

    /// Keeps an entry. It MUST be durable when this is answered, also where the
    /// machine loses its power afterwards. An entry that is kept twice is one.
    ///
    /// # Errors
    /// Nothing is known of the entry then; it may be kept again. Entries that were
    /// kept before MUST NOT suffer.
    async fn keep(&self, entry: &JournalEntry) -> Result<(), JournalError>;

    /// Removes an entry whose tokens are in the store, or belong nowhere any more.
    /// It need not be durable: an entry that comes back is known by its generation.
    ///
    /// # Errors
    /// The entry may come back when the process has ended.
    async fn remove(&self, token: TokenId, generation: u64) -> Result<(), JournalError>;

    /// How many entries of this process wait.
    fn waiting(&self) -> usize;

    /// Takes over what processes have left behind that have ended, and nobody else
    /// has taken over: from here on it is this process's to deal with, until
    /// [`let_go`](Self::let_go). An entry that cannot be read costs no other.
    ///
    /// # Errors
    /// The journal could not be looked through.
    async fn take_over(&self) -> Result<Vec<LeftBehind>, JournalError>;

    /// Ends a take-over. Where it is `settled`, the entries are removed; else they
    /// stay for whoever takes them over next.
    ///
    /// # Errors
    /// The entries may be taken over again.
    async fn let_go(&self, process: ProcessId, settled: bool) -> Result<(), JournalError>;

    /// What is known of another process. It MUST NOT call one ended that may live.
    async fn fate(&self, process: ProcessId) -> Fate;
}
