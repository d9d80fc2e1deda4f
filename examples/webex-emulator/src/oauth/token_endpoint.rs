//! `POST /v1/access_token` (RFC 6749, sections 4.1.3 and 6) and the device grant's calls.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST, PRAGMA};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::client;
use super::codes::{CodeError, Redemption};
use super::device::{DEVICE_CODE_LIFE, POLL_INTERVAL, PollError};
use super::grants::RefreshError;
use super::parameters::{Parameters, RepeatedParameter};
use super::scopes::Scopes;
use super::tokens::TokenAnswer;
use crate::errors::ApiError;
use crate::provider::Provider;
use crate::stats::count;

/// The grant type of a polling device (RFC 8628, section 3.4).
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// `POST /v1/access_token`
pub(crate) async fn access_token(
    State(provider): State<Provider>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let form = parse_form(&headers, &body)?;
    let client_id = authenticated_client(&provider, &headers, &form)?;
    let answer = match required(&form, "grant_type")? {
        "authorization_code" => exchange(&provider, &client_id, &form)?,
        "refresh_token" => refresh(&provider, &client_id, &form)?,
        _ => {
            return Err(ApiError::broker(
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                "The grant_type must be authorization_code or refresh_token.",
            ));
        }
    };
    Ok(token_response(&answer))
}

fn exchange(
    provider: &Provider,
    client_id: &str,
    form: &Parameters,
) -> Result<TokenAnswer, ApiError> {
    let redemption = Redemption {
        code: required(form, "code")?,
        client_id,
        redirect_uri: form.get("redirect_uri"),
        code_verifier: form.get("code_verifier"),
    };
    let result = provider
        .grants()
        .exchange(redemption, &provider.settings(), provider.now());
    let counters = provider.counters();
    match &result {
        Ok(_) => count(&counters.code_exchanges),
        Err(CodeError::Reused(_)) => count(&counters.code_reuses),
        Err(_) => {}
    }
    result.map_err(|error| match error {
        CodeError::Dead | CodeError::Reused(_) => {
            dead("The authorization code provided is expired, revoked, malformed, or invalid.")
        }
        CodeError::Verifier => {
            dead("The code_verifier is missing, malformed, or does not match the code_challenge.")
        }
        CodeError::RedirectUri => ApiError::bad_request(
            "redirect_uri_mismatch: the redirect_uri must be identical to that of the \
             authorization request.",
        ),
    })
}

fn refresh(
    provider: &Provider,
    client_id: &str,
    form: &Parameters,
) -> Result<TokenAnswer, ApiError> {
    let token = required(form, "refresh_token")?;
    let result = provider
        .grants()
        .refresh(client_id, token, &provider.settings(), provider.now());
    let counters = provider.counters();
    match &result {
        Ok(_) => count(&counters.refreshes),
        Err(RefreshError::Reused) => count(&counters.refresh_reuses),
        Err(RefreshError::Dead) => {}
    }
    result
        .map_err(|_| dead("The refresh token provided is expired, revoked, malformed, or invalid."))
}

/// What is dead is an `invalid_request` here, not an `invalid_grant`.
fn dead(description: &'static str) -> ApiError {
    ApiError::broker(StatusCode::BAD_REQUEST, "invalid_request", description)
}

/// What `POST /v1/device/authorize` answers (RFC 8628, section 3.2).
#[derive(Debug, Serialize)]
struct DeviceAnswer {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: String,
    expires_in: i64,
    interval: i64,
}

/// `POST /v1/device/authorize`
pub(crate) async fn device_authorize(
    State(provider): State<Provider>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let form = parse_form(&headers, &body)?;
    let registration = provider.registration();
    let client_id = required(&form, "client_id")?;
    if !client::is_known(registration.as_deref(), client_id) {
        return Err(invalid_client());
    }
    let allowed = registration
        .as_deref()
        .and_then(|known| known.scopes.as_ref());
    let scopes = Scopes::parse(form.get("scope").unwrap_or_default())
        .ok()
        .filter(|asked| allowed.is_none_or(|allowed| asked.is_subset_of(allowed)))
        .ok_or_else(|| {
            let text = "The requested scope is invalid.";
            ApiError::broker(StatusCode::BAD_REQUEST, "invalid_scope", text)
        })?;
    let started = provider.devices().start(client_id, scopes, provider.now());
    let host = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("127.0.0.1");
    let verification_uri = format!("http://{host}/v1/device/verify");
    let answer = DeviceAnswer {
        verification_uri_complete: format!("{verification_uri}?user_code={}", started.user_code),
        verification_uri,
        device_code: started.device_code,
        user_code: started.user_code,
        expires_in: DEVICE_CODE_LIFE.whole_seconds(),
        interval: POLL_INTERVAL.whole_seconds(),
    };
    Ok(([(CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

/// `POST /v1/device/token`
pub(crate) async fn device_token(
    State(provider): State<Provider>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let form = parse_form(&headers, &body)?;
    let client_id = authenticated_client(&provider, &headers, &form)?;
    if required(&form, "grant_type")? != DEVICE_CODE {
        let text = "The grant_type must be urn:ietf:params:oauth:grant-type:device_code.";
        return Err(ApiError::broker(
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            text,
        ));
    }
    let device_code = required(&form, "device_code")?;
    let now = provider.now();
    let consent = provider
        .devices()
        .poll(device_code, &client_id, now)
        .map_err(|error| match error {
            // Webex answers 428 where RFC 8628 has a 400.
            PollError::Pending => {
                let text = "The person has not yet answered.";
                ApiError::broker(
                    StatusCode::PRECONDITION_REQUIRED,
                    "authorization_pending",
                    text,
                )
            }
            PollError::TooFast => {
                let text = "The device asks more often than the interval allows.";
                ApiError::broker(StatusCode::BAD_REQUEST, "slow_down", text)
            }
            PollError::Declined => ApiError::broker(
                StatusCode::BAD_REQUEST,
                "access_denied",
                "The person declined.",
            ),
            PollError::Expired => {
                let text = "The device code is expired, used, or unknown.";
                ApiError::broker(StatusCode::BAD_REQUEST, "expired_token", text)
            }
        })?;
    let answer = provider.grants().grant(&consent, &provider.settings(), now);
    count(&provider.counters().code_exchanges);
    Ok(token_response(&answer))
}

fn parse_form(headers: &HeaderMap, body: &[u8]) -> Result<Parameters, ApiError> {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = content_type
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default();
    if !essence
        .trim()
        .eq_ignore_ascii_case("application/x-www-form-urlencoded")
    {
        return Err(ApiError::webex(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "The Content-Type must be application/x-www-form-urlencoded.",
        ));
    }
    Parameters::parse(body).map_err(|RepeatedParameter(name)| {
        let text = format!("Parameter included more than once: {name}.");
        ApiError::broker(StatusCode::BAD_REQUEST, "invalid_request", text)
    })
}

fn authenticated_client(
    provider: &Provider,
    headers: &HeaderMap,
    form: &Parameters,
) -> Result<String, ApiError> {
    client::authenticate(provider.registration().as_deref(), headers, form)
        .map_err(|client::InvalidClient| invalid_client())
}

fn invalid_client() -> ApiError {
    ApiError::webex(
        StatusCode::UNAUTHORIZED,
        "invalid_client: the client_id is unknown or the client_secret is missing or wrong.",
    )
}

fn required<'a>(form: &'a Parameters, name: &str) -> Result<&'a str, ApiError> {
    form.get(name).ok_or_else(|| {
        let text = format!("Missing parameter: {name}.");
        ApiError::broker(StatusCode::BAD_REQUEST, "invalid_request", text)
    })
}

fn token_response(answer: &TokenAnswer) -> Response {
    (
        [(CACHE_CONTROL, "no-store"), (PRAGMA, "no-cache")],
        Json(answer),
    )
        .into_response()
}
