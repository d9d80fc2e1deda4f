//! Why a key is not made, or not accepted.

use crate::api_keys::WrongKeyText;
use crate::ports::StoreError;

/// Why a request's key is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    /// What was sent is no key.
    #[error(transparent)]
    Text(#[from] WrongKeyText),
    /// Nobody made such a key, or its record is gone.
    #[error("the API key is not known here")]
    Unknown,
    /// The key has ended.
    #[error("the API key has expired; ask for a new one")]
    Expired,
    /// The key was revoked.
    #[error("the API key was revoked; ask for a new one")]
    Revoked,
}

impl KeyRefusal {
    /// The reason in a word, for the audit log and the API's `code`.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Text(WrongKeyText::Malformed) => "key_malformed",
            Self::Text(WrongKeyText::Checksum) => "key_mistyped",
            Self::Unknown => "key_unknown",
            Self::Expired => "key_expired",
            Self::Revoked => "key_revoked",
        }
    }
}

/// What is wrong with the input for a new key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputProblem {
    /// A key that may do nothing is of no use.
    #[error("choose at least one scope")]
    NoScope,
    /// It would end before it is used.
    #[error("the end must lie ahead")]
    Expired,
}

/// Why a key cannot be made, shown or revoked.
#[derive(Debug, thiserror::Error)]
pub enum ApiKeyError {
    /// There is no such key.
    #[error("there is no such API key")]
    NotFound,
    /// The input is wrong.
    #[error(transparent)]
    Input(#[from] InputProblem),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}
