//! Why a token cannot be handed out or changed.

use std::sync::Arc;
use std::time::Duration;

use crate::integration::ClientId;
use crate::keyring::OpenError;
use crate::ports::{ErrorClass, PauseReason, SparkError, StoreError};
use crate::timestamp::Timestamp;
use crate::token::{ConsentLoss, RevokedBy};

/// Why a token cannot be handed out or changed.
///
/// It can be cloned, since all who wait for one refresh get the same answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TokenError {
    /// There is no such token.
    #[error("there is no such token")]
    NotFound,
    /// The person must consent again.
    #[error("the person must consent again")]
    NeedsConsent {
        /// What was lost.
        reason: ConsentLoss,
        /// Since when. For [`ConsentLoss::NoRefreshToken`] it may lie ahead: the
        /// access token is good until then, and cannot be refreshed.
        since: Timestamp,
    },
    /// The token was revoked.
    #[error("the token was revoked")]
    Revoked {
        /// By whom.
        by: RevokedBy,
        /// When.
        at: Timestamp,
    },
    /// Another integration than the configured one obtained the token. Its refresh token
    /// is not sent with our credentials, and its record stays unchanged.
    #[error(
        "the token was obtained by client ID {integration}, which is not configured; configure \
         that integration, or ask the person to consent again"
    )]
    IntegrationUnknown {
        /// The client ID that obtained it.
        integration: ClientId,
    },
    /// The token changed again and again during its refresh.
    #[error("the token changed meanwhile")]
    Superseded,
    /// Another process refreshes the token and did not end in time, or began to and
    /// may still write its end.
    #[error("the token is being refreshed by another process")]
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// A refresh of the token failed a moment ago: the provider is not asked yet.
    #[error("a refresh of the token failed a moment ago")]
    BackingOff {
        /// When to try again.
        retry_after: Duration,
    },
    /// Refreshing pauses for the whole integration: the provider is not asked.
    #[error("refreshing pauses for the whole integration ({reason})")]
    Paused {
        /// When to try again, at the earliest.
        retry_after: Duration,
        /// Why it pauses.
        reason: PauseReason,
    },
    /// The provider did not do what was asked.
    #[error("the provider did not do it")]
    Provider(#[source] Arc<SparkError>),
    /// A sealed value does not open.
    #[error("the token cannot be opened")]
    Vault(#[from] OpenError),
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] Arc<StoreError>),
    /// The task that refreshed the token ended early.
    #[error("the refresh was interrupted")]
    Interrupted,
}

impl TokenError {
    /// The reason in a word, for the audit log and metrics.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::NeedsConsent { .. } => "needs_consent",
            Self::Revoked { .. } => "revoked",
            Self::IntegrationUnknown { .. } => "integration_unknown",
            Self::Superseded => "superseded",
            Self::Busy { .. } => "busy",
            Self::BackingOff { .. } => "backing_off",
            Self::Paused { .. } => "paused",
            Self::Provider(_) => "provider",
            Self::Vault(_) => "vault",
            Self::Store(_) => "store",
            Self::Interrupted => "interrupted",
        }
    }

    /// Whether the provider may have answered a refresh with tokens that never arrived.
    pub(super) fn lost_an_answer(&self) -> bool {
        matches!(self, Self::Provider(error) if error.answer_lost)
    }

    /// When to try again, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry_after }
            | Self::BackingOff { retry_after }
            | Self::Paused { retry_after, .. } => Some(*retry_after),
            Self::Provider(error) => error.retry_after(),
            _ => None,
        }
    }

    /// The class, which decides whether a stored token that still lives is the
    /// better answer.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Provider(error) => error.class(),
            Self::IntegrationUnknown { .. }
            | Self::Paused {
                reason: PauseReason::IntegrationRefused,
                ..
            } => ErrorClass::Application,
            Self::BackingOff { .. } | Self::Paused { .. } => ErrorClass::Passing,
            Self::NeedsConsent { .. } | Self::Revoked { .. } | Self::NotFound => ErrorClass::Person,
            Self::Superseded
            | Self::Busy { .. }
            | Self::Vault(_)
            | Self::Store(_)
            | Self::Interrupted => ErrorClass::Ours,
        }
    }
}

impl From<StoreError> for TokenError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            other => Self::Store(Arc::new(other)),
        }
    }
}

impl From<SparkError> for TokenError {
    fn from(error: SparkError) -> Self {
        Self::Provider(Arc::new(error))
    }
}
