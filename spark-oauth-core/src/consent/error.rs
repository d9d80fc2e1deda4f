//! Why a consent did not begin or did not end in a token.

use std::time::Duration;

use crate::consent::ProviderRefusal;
use crate::keyring::OpenError;
use crate::ports::{SparkError, StoreError};

/// Why a consent did not begin.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// Too many consents are open from the same address.
    #[error("too many consents were begun from this address")]
    TooMany {
        /// When to try again.
        retry_after: Duration,
    },
    /// The store failed.
    #[error("the consent could not be stored")]
    Store(#[from] StoreError),
}

/// Why a callback did not end in a token.
#[derive(Debug, thiserror::Error)]
pub enum ConsentError {
    /// The callback brought no `state`.
    #[error("the callback has no state")]
    StateMissing,
    /// No consent stands under this `state`: it was made up, used before, or
    /// cleaned away long after its end.
    #[error("the state is unknown or was used before")]
    StateUnknown,
    /// Another browser began the consent.
    #[error("the consent was begun in another browser")]
    OtherBrowser,
    /// The person took longer than the consent stays open.
    #[error("the consent was begun too long ago")]
    Expired,
    /// The person declined.
    #[error("the person declined")]
    Declined,
    /// The provider answered with an error in place of a code.
    #[error("the provider sent {:?} in place of a code", .0.error)]
    ProviderRefused(ProviderRefusal),
    /// The callback brought neither a code nor an error.
    #[error("the callback has neither a code nor an error")]
    CodeMissing,
    /// The code could not be exchanged.
    #[error("the code could not be exchanged")]
    Exchange(#[source] SparkError),
    /// The provider gave tokens but did not say whose.
    #[error("the provider did not say who consented")]
    PersonUnknown(#[source] SparkError),
    /// The sealed verifier does not open.
    #[error("the consent's verifier does not open")]
    Vault(#[from] OpenError),
    /// The store failed.
    #[error("the consent could not be stored")]
    Store(#[from] StoreError),
    /// The task that carried the consent ended early.
    #[error("the consent was interrupted")]
    Interrupted,
}

impl ConsentError {
    /// The reason in a word, for the audit log and metrics.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::StateMissing => "state_missing",
            Self::StateUnknown => "state_unknown",
            Self::OtherBrowser => "other_browser",
            Self::Expired => "expired",
            Self::Declined => "declined",
            Self::ProviderRefused(_) => "provider_refused",
            Self::CodeMissing => "code_missing",
            Self::Exchange(_) => "exchange_failed",
            Self::PersonUnknown(_) => "person_unknown",
            Self::Vault(_) => "vault",
            Self::Store(_) => "store",
            Self::Interrupted => "interrupted",
        }
    }
}
