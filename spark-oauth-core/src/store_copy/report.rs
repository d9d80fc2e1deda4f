//! What a copy says of itself.

use std::fmt;

use crate::ports::{ProcessRecord, StoreError, UnreadableRecord};
use crate::vault::VaultError;

/// What is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Tokens.
    Tokens,
    /// Admins.
    Admins,
    /// API keys.
    ApiKeys,
    /// Consent links.
    Links,
    /// Entries of the audit log.
    Audit,
    /// Pauses of integrations.
    Pauses,
    /// Events on their way out.
    Outbox,
}

impl Kind {
    /// Everything that is copied, in the order in which it is.
    pub const ALL: [Self; 7] = [
        Self::Tokens,
        Self::Admins,
        Self::ApiKeys,
        Self::Links,
        Self::Audit,
        Self::Pauses,
        Self::Outbox,
    ];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tokens => "tokens",
            Self::Admins => "admins",
            Self::ApiKeys => "API keys",
            Self::Links => "consent links",
            Self::Audit => "audit entries",
            Self::Pauses => "pauses",
            Self::Outbox => "events on their way",
        })
    }
}

/// How far a copy is.
#[derive(Clone, Copy, Debug)]
pub struct CopyStep {
    /// What is being copied.
    pub kind: Kind,
    /// How many records of it were looked at.
    pub seen: u64,
}

/// What became of the records of one kind.
#[derive(Debug, Default)]
pub struct Tally {
    /// How many were written, read back and compared.
    pub copied: u64,
    /// How many stood in the target already, the same.
    pub stood: u64,
    /// Those that are another in the target; it was not changed.
    pub differing: Vec<Difference>,
    /// Those that cannot be read in the source.
    pub unreadable: Vec<UnreadableRecord>,
}

/// A record that is not the same in both stores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The record's identifier, or its name.
    pub record: String,
    /// What is the matter, in words; holds no secret.
    pub reason: String,
}

/// One of the two stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one that is read.
    Source,
    /// The one that is written.
    Target,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "source",
            Self::Target => "target",
        })
    }
}

/// What a copy did.
#[derive(Debug, Default)]
pub struct Copied {
    /// By kind, in the order of [`Kind::ALL`].
    pub tallies: Vec<(Kind, Tally)>,
    /// Servers that came to work on one of the stores meanwhile.
    pub appeared: Vec<(Side, ProcessRecord)>,
}

impl Copied {
    /// Whether the target holds all that the source does, and nobody changed either
    /// meanwhile.
    pub fn is_complete(&self) -> bool {
        let whole = |tally: &Tally| tally.differing.is_empty() && tally.unreadable.is_empty();
        self.appeared.is_empty() && self.tallies.iter().all(|(_, tally)| whole(tally))
    }
}

/// Why a copy did not begin, or ended early. What was copied stays.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Servers work on a store. Two stores that refresh the same token end each
    /// other's.
    #[error("servers work on the {0}")]
    ServersAtWork(Side, Vec<ProcessRecord>),
    /// Both are the same store.
    #[error("the target is the store that is copied from, perhaps under another name")]
    OneStore,
    /// A store needs a key that is not in the ring, or does not answer.
    #[error("the {0} does not open")]
    Vault(Side, #[source] VaultError),
    /// A store failed.
    #[error("the {0} failed")]
    Store(Side, #[source] StoreError),
}
