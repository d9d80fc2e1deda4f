//! Why there is no token.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use url::Url;

use crate::ids::TokenId;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The client cannot be made: TLS cannot be set up, or the address or the key
    /// cannot be used.
    #[error("the client cannot be made: {0}")]
    SetUp(String),
    /// There was no connection, or no whole answer in time.
    #[error("spark-oauth cannot be reached")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
    /// spark-oauth said no, and why.
    #[error("spark-oauth refused: {0}")]
    Refused(Box<Refusal>),
    /// What answered was not spark-oauth's API: a proxy, or another address.
    #[error("the answer, with status {0}, is not of spark-oauth's API")]
    Unreadable(u16),
}

/// What spark-oauth says where it gives no token (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// What went wrong, for a program: one of the codes of the API's documentation,
    /// such as `needs_consent` or `token_not_found`.
    pub code: String,
    /// What happened and what to do, for a person.
    pub detail: String,
    /// Where the person can consent again.
    pub consent_url: Option<Url>,
    /// The tokens that fit, where several do.
    pub ids: Vec<TokenId>,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {})", self.detail, self.code, self.status)
    }
}

impl ClientError {
    /// What spark-oauth said, where it said something.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Whether the person must consent again, and where.
    pub fn needs_consent(&self) -> Option<&Url> {
        let refusal = self
            .refusal()
            .filter(|refusal| refusal.code == "needs_consent");
        refusal.and_then(|refusal| refusal.consent_url.as_ref())
    }

    /// Whether it may pass by itself.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::SetUp(_) => false,
            Self::Unreachable(_) => true,
            Self::Unreadable(status) => *status >= 500 || *status == 429,
            Self::Refused(refusal) => refusal.status >= 500 || refusal.status == 429,
        }
    }
}
