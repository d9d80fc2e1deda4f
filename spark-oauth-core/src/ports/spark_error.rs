//! What the provider can answer instead of what it was asked for.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The provider's reference of one call (`TrackingID`): what its support asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TrackingId(String);

impl TrackingId {
    /// Takes over the provider's text: printable ASCII without spaces, at most
    /// 128 characters. Anything else is dropped, since the text goes into logs
    /// and pages.
    pub fn new(text: &str) -> Option<Self> {
        let clean: String = text
            .chars()
            .filter(char::is_ascii_graphic)
            .take(128)
            .collect();
        (!clean.is_empty()).then_some(Self(clean))
    }

    /// The reference.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TrackingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The class of an error decides its consequence for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// It will pass: the token keeps its status, the call is tried again later.
    Passing,
    /// The person's grant has ended: the person must consent again.
    Person,
    /// The integration is set up wrongly: no token changes its status.
    Application,
    /// Our own: a store conflict, a lease held elsewhere. Retried; changes nothing.
    Ours,
}

/// What went wrong with a call to the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SparkErrorKind {
    /// The provider cannot be reached.
    Unreachable,
    /// The provider did not answer in time.
    TimedOut,
    /// Too many calls (429), or the resource is locked (423).
    RateLimited {
        /// How long to wait, where the answer said so legibly.
        retry_after: Option<Duration>,
    },
    /// The provider failed (5xx).
    Unavailable {
        /// How long to wait, where the answer said so legibly.
        retry_after: Option<Duration>,
    },
    /// The answer is not what the documentation promises: HTML, an empty body, a
    /// field of a wrong type, or more than we read.
    Unreadable,
    /// The grant is refused for good: a dead code or refresh token.
    GrantRefused,
    /// The integration is refused: its identifier, secret or redirect URI.
    IntegrationRefused,
    /// The access token is refused (401).
    Unauthorized,
    /// The access token may not do this (403).
    Forbidden,
    /// There is no such resource (404).
    NotFound,
    /// It is so already (409).
    AlreadyDone,
    /// Another answer of the class 4xx. Nobody documented it, so it counts as
    /// passing, with an alert.
    Unexpected,
}

impl SparkErrorKind {
    /// The class, where a refresh met this error.
    pub const fn class(self) -> ErrorClass {
        match self {
            Self::GrantRefused => ErrorClass::Person,
            Self::IntegrationRefused => ErrorClass::Application,
            Self::Unreachable
            | Self::TimedOut
            | Self::RateLimited { .. }
            | Self::Unavailable { .. }
            | Self::Unreadable
            | Self::Unauthorized
            | Self::Forbidden
            | Self::NotFound
            | Self::AlreadyDone
            | Self::Unexpected => ErrorClass::Passing,
        }
    }
}

impl fmt::Display for SparkErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "the provider cannot be reached",
            Self::TimedOut => "the provider did not answer in time",
            Self::RateLimited { .. } => "the provider asks for fewer calls",
            Self::Unavailable { .. } => "the provider has a fault",
            Self::Unreadable => "the provider's answer cannot be read",
            Self::GrantRefused => "the provider refuses the grant",
            Self::IntegrationRefused => "the provider refuses the integration",
            Self::Unauthorized => "the provider refuses the access token",
            Self::Forbidden => "the access token may not do this",
            Self::NotFound => "the provider does not know it",
            Self::AlreadyDone => "the provider says that it is so already",
            Self::Unexpected => "the provider's answer is not a documented one",
        })
    }
}

/// A call to the provider that did not succeed.
///
/// Neither the text nor the source holds a token, a code or a secret.
#[derive(Debug)]
pub struct SparkError {
    /// What went wrong.
    pub kind: SparkErrorKind,
    /// The HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// The provider's reference of the call.
    pub tracking_id: Option<TrackingId>,
    /// The provider's own words, bounded and cleaned of control characters.
    pub message: Option<String>,
    /// The provider may have done what was asked, and its answer did not come or
    /// could not be read. With a provider that rotates refresh tokens, a new one may
    /// be lost with it.
    pub answer_lost: bool,
    /// What lies behind it.
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl SparkError {
    /// An error without particulars. The answer counts as lost where the kind is
    /// [`TimedOut`](SparkErrorKind::TimedOut) or
    /// [`Unreadable`](SparkErrorKind::Unreadable).
    pub const fn of(kind: SparkErrorKind) -> Self {
        Self {
            kind,
            status: None,
            tracking_id: None,
            message: None,
            answer_lost: matches!(kind, SparkErrorKind::TimedOut | SparkErrorKind::Unreadable),
            source: None,
        }
    }

    /// The class, where a refresh met this error.
    pub const fn class(&self) -> ErrorClass {
        self.kind.class()
    }

    /// How long the provider asked us to wait.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self.kind {
            SparkErrorKind::RateLimited { retry_after }
            | SparkErrorKind::Unavailable { retry_after } => retry_after,
            _ => None,
        }
    }
}

impl fmt::Display for SparkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.kind, f)?;
        if let Some(status) = self.status {
            write!(f, " (HTTP {status})")?;
        }
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        Ok(())
    }
}

impl Error for SparkError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_ref()
            .map(|source| &**source as &(dyn Error + 'static))
    }
}
