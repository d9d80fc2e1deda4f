//! Errors as pages: what happened, and what to do next.
//!
//! A handler answers the particulars; the page around them is drawn in
//! [`error_pages`](super::error_pages), where the request's ID is known.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use spark_oauth_core::ClientId;
use spark_oauth_core::broker::TokenError;
use spark_oauth_core::keyring::OpenError;
use spark_oauth_core::ports::{PauseReason, SparkError, SparkErrorKind, StoreError, TrackingId};
use spark_oauth_core::token::ConsentLoss;

use crate::pages::NextStep;

/// An error that a page is made of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PageError {
    #[serde(with = "status_code")]
    pub(crate) status: StatusCode,
    /// Title and explanation; `None` for the usual ones of the status.
    pub(crate) words: Option<(String, String)>,
    pub(crate) steps: Vec<NextStep>,
    pub(crate) tracking_id: Option<TrackingId>,
    pub(crate) retry_after: Option<Duration>,
}

impl PageError {
    /// The usual words of a status.
    pub(crate) const fn of(status: StatusCode) -> Self {
        Self {
            status,
            words: None,
            steps: Vec::new(),
            tracking_id: None,
            retry_after: None,
        }
    }

    /// Words of its own.
    pub(crate) fn new(
        status: StatusCode,
        title: impl Into<String>,
        explanation: impl Into<String>,
    ) -> Self {
        Self {
            words: Some((title.into(), explanation.into())),
            ..Self::of(status)
        }
    }

    /// A defect of ours: the cause goes to the log, not to the page.
    pub(crate) fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "a page could not be made");
        Self::of(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// A stored secret that is not what we sealed there. It is no passing trouble,
    /// so the page does not say to try again.
    fn sealed(error: &OpenError) -> Self {
        tracing::error!(%error, "a stored secret does not open");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "A stored secret does not open",
            "It was changed or moved from outside, so it is of no use any more. A new grant by \
             the same person replaces it. Whoever runs this service finds more in its log.",
        )
    }

    /// The store does not answer.
    pub(crate) fn store_unavailable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Our storage does not answer",
            "Nothing was lost that was confirmed before. Wait a minute and try again.",
        )
    }

    pub(crate) fn with_step(mut self, label: &str, href: impl Into<String>) -> Self {
        self.steps.push(NextStep::new(label, href));
        self
    }

    pub(crate) const fn with_retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }
}

/// A status as its number, for a page that a session keeps.
mod status_code {
    use axum::http::StatusCode;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    pub(super) fn serialize<S: Serializer>(
        status: &StatusCode,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(status.as_u16())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<StatusCode, D::Error> {
        let number = u16::deserialize(deserializer)?;
        StatusCode::from_u16(number).map_err(serde::de::Error::custom)
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if let Some(after) = self.retry_after {
            let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        tracing::error!(%error, cause, "the store failed");
        match error {
            StoreError::Unavailable { .. } => Self::store_unavailable(),
            StoreError::NotFound => Self::of(StatusCode::NOT_FOUND),
            StoreError::Conflict => Self::new(
                StatusCode::CONFLICT,
                "Somebody was faster",
                "The record was changed at the same time. Look at it again, then decide anew.",
            ),
            _ => Self::of(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

impl From<&SparkError> for PageError {
    /// What the provider did, in words for a person.
    fn from(error: &SparkError) -> Self {
        let (status, title, text) = words_of(error.kind);
        let mut page = Self::new(status, title, text);
        page.tracking_id.clone_from(&error.tracking_id);
        page.retry_after = error.retry_after();
        page
    }
}

const fn words_of(kind: SparkErrorKind) -> (StatusCode, &'static str, &'static str) {
    match kind {
        SparkErrorKind::TimedOut => (
            StatusCode::GATEWAY_TIMEOUT,
            "Webex took too long to answer",
            "Nothing was changed here. Wait a moment and try again.",
        ),
        SparkErrorKind::RateLimited { .. } => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Webex asks us to slow down",
            "It accepts no more requests from this service for the moment. Try again in a minute.",
        ),
        SparkErrorKind::GrantRefused => (
            StatusCode::BAD_GATEWAY,
            "Webex refused the grant",
            "It has expired, was used before or was withdrawn. Grant access again.",
        ),
        SparkErrorKind::IntegrationRefused => (
            StatusCode::BAD_GATEWAY,
            "Webex refused this integration",
            "Its client ID, client secret or redirect URI does not match what is registered with \
             Webex. Only whoever runs this service can correct that.",
        ),
        SparkErrorKind::Unauthorized | SparkErrorKind::Forbidden => (
            StatusCode::BAD_GATEWAY,
            "Webex does not allow this with the access that was granted",
            "The access was withdrawn, or the permissions that were granted do not include it.",
        ),
        _ => (
            StatusCode::BAD_GATEWAY,
            "Webex did not answer as expected",
            "The trouble is on the way to Webex or at Webex itself. Try again in a few minutes.",
        ),
    }
}

impl From<TokenError> for PageError {
    fn from(error: TokenError) -> Self {
        tracing::warn!(%error, "a token could not be handled");
        match error {
            TokenError::NotFound => Self::new(
                StatusCode::NOT_FOUND,
                "There is no such token",
                "It was removed, or the address is mistyped.",
            ),
            TokenError::NeedsConsent { reason, .. } => Self::new(
                StatusCode::CONFLICT,
                "The person must consent again",
                explain_loss(reason),
            ),
            TokenError::Revoked { .. } => Self::new(
                StatusCode::CONFLICT,
                "The token was revoked",
                "It cannot be used any more. The person can grant access again.",
            ),
            TokenError::IntegrationUnknown { integration } => Self::new(
                StatusCode::CONFLICT,
                "Another integration obtained this token",
                explain_parked(&integration),
            ),
            TokenError::Superseded => Self::new(
                StatusCode::CONFLICT,
                "The token changed meanwhile",
                "Somebody granted, revoked or removed it at the same time. Look at it again.",
            ),
            TokenError::Busy { retry_after } => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "The token is being refreshed",
                "Another process is busy with this token. Try again in a few seconds.",
            )
            .with_retry_after(retry_after),
            TokenError::BackingOff { retry_after } => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "The last refresh failed a moment ago",
                "It is tried again by itself. Wait a little, then look again.",
            )
            .with_retry_after(retry_after),
            TokenError::Paused {
                retry_after,
                reason,
            } => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "Refreshing pauses",
                explain_pause(reason),
            )
            .with_retry_after(retry_after),
            TokenError::Provider(error) => Self::from(&*error),
            TokenError::Vault(error) => Self::sealed(&error),
            TokenError::Store(error) => {
                let cause = std::error::Error::source(&*error).map(ToString::to_string);
                tracing::error!(%error, cause, "the store failed");
                Self::store_unavailable()
            }
            TokenError::Interrupted => Self::of(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

/// Why refreshing pauses for the whole integration, and what can be done.
pub(crate) const fn explain_pause(reason: PauseReason) -> &'static str {
    match reason {
        PauseReason::RateLimited => "Webex asks for fewer calls. Nothing needs to be done.",
        PauseReason::Outage => "Webex failed again and again. Nothing needs to be done here.",
        PauseReason::IntegrationRefused => {
            "Webex refuses the integration. Compare client ID, client secret and redirect URI of \
             the configuration with the integration's page at Webex, mend them and restart; no \
             token was lost."
        }
    }
}

/// Why a token is not refreshed that another integration obtained, and what to do.
pub(crate) fn explain_parked(integration: &ClientId) -> String {
    format!(
        "It was obtained by client ID {integration}, which is not configured, so it is not \
         refreshed. Configure that integration, or ask the person to consent again."
    )
}

/// Why a person must consent again, as a sentence.
pub(crate) const fn explain_loss(reason: ConsentLoss) -> &'static str {
    match reason {
        ConsentLoss::RefreshRefused => {
            "Webex refused to refresh it. The person withdrew the access, left or changed the \
             password, or an earlier answer of Webex was lost. Webex does not say which."
        }
        ConsentLoss::RefreshTokenExpired => "Its refresh token ended before it was used.",
        ConsentLoss::NoRefreshToken => "Webex gave no refresh token for it.",
    }
}
