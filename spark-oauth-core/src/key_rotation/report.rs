//! What a rotation says of itself.

use crate::ids::TokenId;
use crate::keyring::{KeyFingerprint, OpenError};
use crate::ports::{ProcessRecord, StoreError, UnreadableRecord};
use crate::timestamp::Timestamp;

/// How far a rotation is.
#[derive(Clone, Copy, Debug)]
pub enum RotationStep<'r> {
    /// These processes live and seal with another key: they are waited for.
    AwaitingProcesses(&'r [ProcessRecord]),
    /// So many tokens were looked at in this pass, counted from 1.
    Pass {
        /// Which pass.
        number: u32,
        /// How many tokens were looked at in it.
        seen: u64,
        /// How many were sealed again, in all passes.
        resealed: u64,
    },
    /// Refreshes of these tokens began before every process had the newest key, and
    /// have not ended: they are waited for.
    AwaitingRefreshes(&'r [TokenId]),
}

/// A token that could not be sealed again.
#[derive(Debug)]
pub struct Unopened {
    /// The identifier of its record.
    pub record: String,
    /// Why not.
    pub cause: Cause,
    /// The older keys that its values name; `None` where they cannot be told.
    pub(super) keys: Option<Vec<KeyFingerprint>>,
}

/// Why a token could not be sealed again.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// A sealed value does not open.
    #[error(transparent)]
    Open(OpenError),
    /// The record cannot be read.
    #[error("the record cannot be read: {0}")]
    Unreadable(Box<dyn std::error::Error + Send + Sync>),
}

impl Unopened {
    pub(super) fn unreadable(record: String, error: StoreError) -> Self {
        let cause = match error {
            StoreError::Corrupt { source, .. } => source,
            other => other.into(),
        };
        Self {
            record,
            cause: Cause::Unreadable(cause),
            keys: None,
        }
    }
}

impl From<UnreadableRecord> for Unopened {
    fn from(unreadable: UnreadableRecord) -> Self {
        Self::unreadable(unreadable.id, unreadable.source)
    }
}

/// What a rotation did.
#[derive(Debug)]
pub struct Rotated {
    /// The key that everything is sealed with now.
    pub newest: KeyFingerprint,
    /// How many tokens there are, those included that could not be read.
    pub tokens: u64,
    /// How many of them were sealed again.
    pub resealed: u64,
    /// Those that could not be.
    pub unopened: Vec<Unopened>,
    /// Tokens whose refresh began under an older key and was never ended. Its
    /// answer may wait in the journal of a process, sealed with that key.
    pub under_way: Vec<TokenId>,
    /// How many consents under way an older key has sealed. Without it they must
    /// begin again.
    pub consents: u64,
    /// When the last of these consents ends by itself.
    pub consents_end_at: Option<Timestamp>,
    /// How many consent links can be used. The text of one that was sent under an
    /// older key is not accepted without that key.
    pub links: u64,
    /// When the last of these links ends by itself.
    pub links_end_at: Option<Timestamp>,
    /// The keys that the store has forgotten, since nothing needs them.
    pub forgotten: Vec<KeyFingerprint>,
    /// The older keys that something needs still, or may.
    pub kept: Vec<KeyFingerprint>,
}

impl Rotated {
    /// Whether every token opens with the newest key alone.
    pub const fn is_complete(&self) -> bool {
        self.unopened.is_empty() && self.under_way.is_empty()
    }
}

/// Why a rotation ended before it was done. What was sealed again stays so.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// Processes live that seal with another key than the newest.
    #[error("not every process seals with the newest key")]
    OlderKeyInUse(Vec<ProcessRecord>),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}
