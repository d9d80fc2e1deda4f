//! API keys in the admin centre: one use case, one file. Every admin may manage them,
//! as every admin manages the tokens that they are good for.

mod create;
mod detail;
mod form;
mod list;
mod revoke;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use spark_oauth_core::ApiKeyId;
use spark_oauth_core::api_keys::ApiKeyError;

use crate::http::PageError;
use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/admin/keys", get(list::show).post(create::create))
        .route("/admin/keys/new", get(create::show))
        .route("/admin/keys/{id}", get(detail::show))
        .route("/admin/keys/{id}/revoke", post(revoke::revoke))
}

/// A path that names no key is like one that names a key which is gone.
fn key_id(text: &str) -> Result<ApiKeyId, PageError> {
    text.parse().map_err(|_| no_such_key())
}

fn path_of(id: ApiKeyId) -> String {
    format!("/admin/keys/{id}")
}

fn no_such_key() -> PageError {
    PageError::new(
        StatusCode::NOT_FOUND,
        "There is no such API key",
        "The address is mistyped, or the key is of another service.",
    )
    .with_step("Show all API keys", "/admin/keys")
}

impl From<ApiKeyError> for PageError {
    fn from(error: ApiKeyError) -> Self {
        match error {
            ApiKeyError::NotFound => no_such_key(),
            ApiKeyError::Input(_) => Self::of(StatusCode::UNPROCESSABLE_ENTITY),
            ApiKeyError::Store(error) => error.into(),
        }
    }
}
