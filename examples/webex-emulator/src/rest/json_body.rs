//! JSON bodies, whose mistakes are answered in the provider's shape.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

use crate::errors::ApiError;
use crate::provider::Provider;
use crate::strict_json;

/// A JSON body. Unknown fields are rejected: if they were ignored, a test could pass that
/// fails at the provider.
#[derive(Debug)]
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Provider> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, provider: &Provider) -> Result<Self, Self::Rejection> {
        let content_type = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let essence = content_type
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default();
        if !essence.trim().eq_ignore_ascii_case("application/json") {
            return Err(ApiError::webex(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The Content-Type must be application/json.",
            ));
        }
        let body = Bytes::from_request(request, provider)
            .await
            .map_err(|rejection| ApiError::webex(rejection.status(), rejection.body_text()))?;
        strict_json::parse(&body).map(Self).map_err(|error| {
            ApiError::bad_request(format!("The request body is invalid: {error}."))
        })
    }
}
