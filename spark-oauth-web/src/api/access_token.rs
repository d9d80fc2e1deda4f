//! An access token as an answer.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use spark_oauth_core::EmailAddress;
use spark_oauth_core::broker::CheckedOut;
use utoipa::ToSchema;

use super::code::Code;
use super::problem::Problem;
use crate::http::no_store;

/// An access token that is valid now, as RFC 6749 section 5.1 has it.
#[derive(Serialize, ToSchema)]
#[schema(as = AccessToken)]
pub(super) struct AccessTokenAnswer<'a> {
    /// The token, for `Authorization: Bearer` at Webex.
    #[schema(format = Password, examples("ZDI3MGEyYzQtNmFlNS00"))]
    access_token: &'a str,
    /// Always `Bearer`.
    #[schema(examples("Bearer"))]
    token_type: &'static str,
    /// When it expires: RFC 3339 in UTC, always with milliseconds.
    #[schema(format = DateTime, examples("2026-11-25T09:30:00.000Z"))]
    expires_at: String,
    /// In how many seconds it expires.
    #[schema(examples(41_337))]
    expires_in: u64,
    /// What it is good for, separated by spaces.
    #[schema(examples("spark:people_read spark:rooms_read"))]
    scope: String,
    /// Whose it is; null where the address belongs to another person by now.
    #[schema(required, examples("ann@example.com"))]
    email: Option<&'a str>,
    /// Why it could not be refreshed, where that was tried: it lives, but not as long
    /// as was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    warning: Option<Warning>,
}

/// Why an answer is not quite what was asked for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Warning {
    /// What went wrong, for a program.
    code: Code,
    /// What happened, for a person.
    detail: String,
}

/// Answers a token.
pub(super) fn answer(valid: CheckedOut) -> Response {
    let warning = valid.warning.map(|error| {
        let problem = Problem::from(error);
        Warning {
            code: problem.code(),
            detail: problem.detail().to_owned(),
        }
    });
    let body = AccessTokenAnswer {
        access_token: valid.access_token.expose_secret(),
        token_type: "Bearer",
        expires_at: valid.expires_at.to_string(),
        expires_in: valid.expires_in.as_secs(),
        scope: valid.scopes.to_string(),
        email: valid.email.as_ref().map(EmailAddress::as_str),
        warning,
    };
    let mut response = Json(body).into_response();
    no_store(response.headers_mut());
    response
}
