//! The provider's two shapes of error, and the header that every answer has.
//!
//! A handler answers an [`ApiError`] without knowing the tracking ID of its
//! request; the outermost layer writes the body, so that header and body agree.

use std::borrow::Cow;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, DATE, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::clock::http_date;
use crate::provider::Provider;
use crate::random;

/// The header by which the vendor's support finds a request.
const TRACKING_ID: HeaderName = HeaderName::from_static("trackingid");

const JSON: HeaderValue = HeaderValue::from_static("application/json;charset=UTF-8");

#[derive(Clone, Debug)]
enum Shape {
    /// `{"message":…,"errors":[{"description":…}],"trackingId":…}`
    Webex { message: Cow<'static, str> },
    /// `{"error":…,"error_description":…,"trackingID":…}`
    Broker {
        error: &'static str,
        description: Cow<'static, str>,
    },
}

/// An error answer of the provider.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    shape: Shape,
}

impl ApiError {
    /// An error of the REST API.
    pub(crate) fn webex(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            shape: Shape::Webex {
                message: message.into(),
            },
        }
    }

    /// An error of the identity broker behind the token endpoint.
    pub(crate) fn broker(
        status: StatusCode,
        error: &'static str,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            shape: Shape::Broker {
                error,
                description: description.into(),
            },
        }
    }

    pub(crate) fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::webex(StatusCode::BAD_REQUEST, message)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::webex(
            StatusCode::UNAUTHORIZED,
            "The request requires a valid access token set in the Authorization request header.",
        )
    }

    pub(crate) fn missing_scope() -> Self {
        Self::webex(
            StatusCode::FORBIDDEN,
            "The server understood the request, but refused to fulfill it because the access \
             token is missing required scopes or the user is missing required roles or licenses.",
        )
    }

    pub(crate) fn no_such_room() -> Self {
        Self::webex(
            StatusCode::NOT_FOUND,
            "Could not find a room with provided ID.",
        )
    }

    /// The standard text of a status, for faults that bring no body.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let message = match status {
            StatusCode::UNAUTHORIZED => return Self::unauthorized(),
            StatusCode::FORBIDDEN => return Self::missing_scope(),
            StatusCode::TOO_MANY_REQUESTS => {
                "Too many requests have been sent in a given amount of time and the request has \
                 been rate limited."
            }
            StatusCode::LOCKED => {
                "The requested resource is temporarily unavailable. A Retry-After header may say \
                 when it is available again."
            }
            StatusCode::INTERNAL_SERVER_ERROR => "Something went wrong on the server.",
            StatusCode::BAD_GATEWAY => {
                "The server received an invalid response from an upstream server while processing \
                 the request."
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                "Server is overloaded with requests. Try again later."
            }
            StatusCode::GATEWAY_TIMEOUT => "An upstream server failed to respond on time.",
            _ => status.canonical_reason().unwrap_or("Unknown status"),
        };
        Self::webex(status, message)
    }

    fn body(&self, tracking_id: &str) -> Vec<u8> {
        let body = match &self.shape {
            Shape::Webex { message } => json!({
                "message": message,
                "errors": [{ "description": message }],
                "trackingId": tracking_id,
            }),
            Shape::Broker { error, description } => json!({
                "error": error,
                "error_description": description,
                "trackingID": tracking_id,
            }),
        };
        body.to_string().into_bytes()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The outermost layer: `TrackingID` and `Date` on every answer, and the bodies of errors.
pub(crate) async fn stamp(
    State(provider): State<Provider>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    let tracking_id = format!("EMULATOR_{}", random::uuid());
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        *response.body_mut() = Body::from(error.body(&tracking_id));
        let headers = response.headers_mut();
        headers.entry(CONTENT_TYPE).or_insert(JSON);
        if error.status == StatusCode::UNAUTHORIZED {
            headers
                .entry(WWW_AUTHENTICATE)
                .or_insert(HeaderValue::from_static("Bearer"));
        }
    }
    // What a fault set stays: a test may want a wrong clock.
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::try_from(tracking_id) {
        headers.entry(TRACKING_ID).or_insert(value);
    }
    if let Ok(value) = HeaderValue::try_from(http_date(provider.now())) {
        headers.entry(DATE).or_insert(value);
    }
    response
}
