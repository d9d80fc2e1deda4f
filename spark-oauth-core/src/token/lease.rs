//! Who may refresh a token, and the mark that a refresh was begun.

use serde::{Deserialize, Serialize};

use crate::ids::ProcessId;
use crate::timestamp::Timestamp;

/// The exclusive right of one process to refresh one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The process that holds the lease. Only it may extend or release it.
    pub owner: ProcessId,
    /// When the right ends by itself.
    pub expires_at: Timestamp,
}

/// The write-ahead marker: it stands from before the provider is called until
/// the answer is written. One that is found under an expired lease tells of a
/// process that ended in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The process that called the provider.
    pub owner: ProcessId,
    /// When it did.
    pub at: Timestamp,
}
