//! What the errors of the library mean to a client of this service.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use spark_oauth_core::InvalidEmail;
use spark_oauth_core::broker::TokenError;
use spark_oauth_core::consent::{BeginError, ConsentError};
use spark_oauth_core::ports::{ErrorClass, SparkError, StoreError};

/// Why a request was not served. None of the texts holds a secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("this person never connected")]
    Unknown,
    #[error(transparent)]
    Email(#[from] InvalidEmail),
    #[error(transparent)]
    Begin(#[from] BeginError),
    #[error(transparent)]
    Consent(#[from] ConsentError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    Webex(#[from] SparkError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure {
    fn status(&self) -> StatusCode {
        match self {
            Self::Unknown | Self::Token(TokenError::NotFound) => StatusCode::NOT_FOUND,
            Self::Begin(BeginError::TooMany { .. }) => StatusCode::TOO_MANY_REQUESTS,
            Self::Consent(ConsentError::Exchange(_) | ConsentError::PersonUnknown(_))
            | Self::Webex(_) => StatusCode::BAD_GATEWAY,
            Self::Consent(
                ConsentError::Vault(_)
                | ConsentError::Store(_)
                | ConsentError::NotStored(_)
                | ConsentError::Interrupted,
            )
            | Self::Begin(BeginError::Store(_))
            | Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Consent(_) | Self::Email(_) => StatusCode::BAD_REQUEST,
            // The class says whose turn it is: the person's, or that of time.
            Self::Token(error) => match error.class() {
                ErrorClass::Person => StatusCode::CONFLICT,
                ErrorClass::Passing | ErrorClass::Application => StatusCode::BAD_GATEWAY,
                ErrorClass::Ours => StatusCode::SERVICE_UNAVAILABLE,
            },
        }
    }

    /// Whether a consent of the person would help.
    fn wants_consent(&self) -> bool {
        matches!(
            self,
            Self::Unknown
                | Self::Consent(_)
                | Self::Token(TokenError::NeedsConsent { .. } | TokenError::Revoked { .. })
        )
    }

    fn retry_after(&self) -> Option<u64> {
        let wait = match self {
            Self::Begin(BeginError::TooMany { retry_after }) => Some(*retry_after),
            Self::Token(error) => error.retry_after(),
            _ => None,
        };
        // Whoever comes back within the second would come too early.
        wait.map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut body = json!({ "error": self.to_string() });
        if self.wants_consent() {
            body["connect"] = json!("/connect");
        }
        let mut response = (self.status(), Json(body)).into_response();
        if let Some(seconds) = self.retry_after() {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
