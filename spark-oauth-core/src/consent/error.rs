//! Why a consent did not begin or did not end in a token.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::consent::ProviderRefusal;
use crate::consent_links::{LinkRefusal, Terms};
use crate::email::EmailAddress;
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
    /// Another browser began the consent, which stays open for it.
    #[error("the consent was begun in another browser")]
    OtherBrowser,
    /// The callback does not come from the authorization server that the builder's
    /// `issuer` names (RFC 9207 section 2.4).
    #[error("the callback names the issuer {found:?}, expected {expected:?}")]
    OtherIssuer {
        /// The configured issuer.
        expected: String,
        /// The callback's `iss`, bounded; `None` where it has none.
        found: Option<String>,
    },
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
    /// Another person consented than was expected. Nothing was stored.
    #[error("another person consented than was expected")]
    OtherPerson {
        /// Who was expected.
        expected: EmailAddress,
        /// Who consented.
        signed_in: EmailAddress,
    },
    /// The link from which the consent was begun is not good for it any more. Nothing
    /// was stored.
    #[error("the consent link is not good any more")]
    Link(#[source] LinkRefusal),
    /// The sealed verifier does not open.
    #[error("the consent's verifier does not open")]
    Vault(#[from] OpenError),
    /// The store failed before the consent was taken up. The same callback can be
    /// delivered again.
    #[error("the consent could not be read")]
    Store(#[from] StoreError),
    /// The store failed after the code was exchanged, so that the person must consent
    /// again.
    #[error("the grant could not be stored")]
    NotStored(#[source] StoreError),
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
            Self::OtherIssuer { .. } => "other_issuer",
            Self::Expired => "expired",
            Self::Declined => "declined",
            Self::ProviderRefused(_) => "provider_refused",
            Self::CodeMissing => "code_missing",
            Self::Exchange(_) => "exchange_failed",
            Self::PersonUnknown(_) => "person_unknown",
            Self::OtherPerson { .. } => "other_person",
            Self::Link(LinkRefusal::Used { .. }) => "link_used",
            Self::Link(LinkRefusal::Expired { .. }) => "link_expired",
            Self::Link(LinkRefusal::Gone | LinkRefusal::Malformed) => "link_gone",
            Self::Vault(_) => "vault",
            Self::Store(_) => "store",
            Self::NotStored(_) | Self::Link(LinkRefusal::Store(_)) => "not_stored",
            Self::Interrupted => "interrupted",
        }
    }
}

/// A consent that did not end in a token, and the terms it was begun under.
#[derive(Debug)]
pub struct ConsentFailure {
    /// Why there is no token.
    pub error: ConsentError,
    /// What it was begun under; without anything in it where that is not known, or the
    /// browser is not the one that began it.
    pub terms: Box<Terms>,
}

impl From<ConsentError> for ConsentFailure {
    fn from(error: ConsentError) -> Self {
        Self {
            error,
            terms: Box::default(),
        }
    }
}

impl fmt::Display for ConsentFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, f)
    }
}

impl Error for ConsentFailure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}
