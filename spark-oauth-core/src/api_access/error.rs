//! Why a service does not get what it asked for.

use std::sync::Arc;

use crate::api_keys::{ApiKey, KeyRefusal, KeyScope};
use crate::broker::TokenError;
use crate::consent_links::{LinkError, LinkText, SendError};
use crate::ids::TokenId;
use crate::ports::StoreError;

/// Why a call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessRefusal {
    /// No key was sent.
    #[error("the call carries no API key")]
    KeyMissing,
    /// A key stood in the address.
    #[error("the API key stands in the address, where logs and proxies keep it")]
    KeyInUrl,
    /// The key that was sent is not good.
    #[error(transparent)]
    Key(#[from] KeyRefusal),
    /// The key made more calls than it may.
    #[error("the API key made more calls than it may")]
    RateLimited,
    /// The key may not do this.
    #[error("the API key lacks the scope {0}")]
    ScopeMissing(KeyScope),
    /// The key is not good for this person.
    #[error("the API key is not good for the tokens of this person")]
    PersonNotAllowed,
    /// The key is limited to some persons, and the link names nobody.
    #[error("the API key is limited to some persons: a consent link must say who is expected")]
    PersonUnnamed,
}

impl AccessRefusal {
    /// The reason in a word, for the audit log and the API's `code`.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::KeyMissing => "key_missing",
            Self::KeyInUrl => "key_in_url",
            Self::Key(refusal) => refusal.reason(),
            Self::RateLimited => "rate_limited",
            Self::ScopeMissing(_) => "insufficient_scope",
            Self::PersonNotAllowed | Self::PersonUnnamed => "person_not_allowed",
        }
    }
}

/// A call that is not let in.
#[derive(Debug, thiserror::Error)]
#[error("the call is not let in")]
pub struct NotAdmitted {
    /// The key that it came with, where that is one of ours, good or not: who reads
    /// logs must know which service to ask.
    pub key: Option<Arc<ApiKey>>,
    /// Why.
    pub source: AccessError,
}

impl From<StoreError> for NotAdmitted {
    /// The store did not say whose key it is.
    fn from(error: StoreError) -> Self {
        Self {
            key: None,
            source: error.into(),
        }
    }
}

/// Why a service does not get what it asked for.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// It may not have it.
    #[error(transparent)]
    Refused(#[from] AccessRefusal),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The person to whom this address belongs has no token that covers the requested
    /// scopes.
    #[error("no token of this person fits")]
    PersonNotFound,
    /// The provider confirmed the address for two persons. These are their tokens.
    #[error("two persons have this address: fetch by the ID of a token")]
    Ambiguous(Vec<TokenId>),
    /// The token cannot be handed out or changed.
    #[error("the token cannot be handed out or changed")]
    Token {
        /// Which token.
        id: TokenId,
        /// Why.
        source: TokenError,
        /// The link under which the person can consent again, where that is needed.
        renewal: Option<LinkText>,
    },
    /// The link is not made, or there is none.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The link is not sent.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The provider does not let the integration revoke tokens. Nothing was changed.
    #[error("the provider does not let the integration revoke tokens")]
    RevocationNotPermitted,
    /// The provider did not confirm the revocation. The record is unchanged.
    #[error("the provider did not confirm the revocation")]
    RevocationNotConfirmed,
}
