//! A session that the store did not take.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::http::PageError;

/// Says that the store does not answer where a session could not be saved.
///
/// `tower-sessions` saves it once the answer is made, and then gives a bare 500 in
/// the place of that answer. Every 500 of ours says more.
pub(crate) async fn explain_unsaved(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let is_told = response.extensions().get::<PageError>().is_some()
        || response.headers().contains_key(CONTENT_TYPE);
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR && !is_told {
        return PageError::store_unavailable().into_response();
    }
    response
}
