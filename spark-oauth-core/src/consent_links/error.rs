//! Why a link does not lead to a consent.

use crate::ports::StoreError;
use crate::timestamp::Timestamp;

/// Why no consent begins from a link.
#[derive(Debug, thiserror::Error)]
pub enum LinkRefusal {
    /// The text is not whole, or was never made here.
    #[error("the link is incomplete or mistyped")]
    Malformed,
    /// It was made here once: its record was removed after its end, or the key that
    /// signed it is not in use any more.
    #[error("the link is not known any more")]
    Gone,
    /// It ended.
    #[error("the link has expired")]
    Expired {
        /// When.
        at: Timestamp,
    },
    /// It was good for one consent, and that was given.
    #[error("the link was used")]
    Used {
        /// When.
        at: Timestamp,
    },
    /// The store failed.
    #[error("the link could not be read")]
    Store(#[from] StoreError),
}
