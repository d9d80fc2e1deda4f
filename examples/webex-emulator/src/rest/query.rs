//! Query parameters. Errors have the provider's format.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::errors::ApiError;
use crate::provider::Provider;

/// The parameters of a call. `T` denies unknown ones: ignoring a filter would return more
/// than the caller requested.
#[derive(Debug)]
pub(crate) struct StrictQuery<T>(pub(crate) T);

/// A call without parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoParameters {}

impl<T: DeserializeOwned> FromRequestParts<Provider> for StrictQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        provider: &Provider,
    ) -> Result<Self, Self::Rejection> {
        let query = Query::<T>::from_request_parts(parts, provider).await;
        query.map(|Query(query)| Self(query)).map_err(|rejection| {
            let text = rejection.body_text();
            ApiError::bad_request(format!("The query is invalid: {text}."))
        })
    }
}
