//! Tokens in the admin centre: one use case, one file.

mod detail;
mod list;
mod message;
mod refresh;
mod remove;
mod reveal;
mod revoke;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use serde::Deserialize;
use spark_oauth_core::TokenId;
use spark_oauth_core::token::Token;

use crate::http::PageError;
use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/admin/tokens", get(list::show))
        .route("/admin/tokens/{id}", get(detail::show))
        .route("/admin/tokens/{id}/refresh", post(refresh::refresh))
        .route("/admin/tokens/{id}/message", post(message::send))
        .route("/admin/tokens/{id}/revoke", post(revoke::revoke))
        .route("/admin/tokens/{id}/remove", post(remove::remove))
        .route("/admin/tokens/{id}/reveal", post(reveal::reveal))
}

/// The answer of a confirmation page.
#[derive(Debug, Deserialize)]
struct Confirmation {
    confirm: Option<String>,
}

/// A path that names no token is like one that names a token which is gone.
fn token_id(text: &str) -> Result<TokenId, PageError> {
    text.parse().map_err(|_| {
        PageError::new(
            StatusCode::NOT_FOUND,
            "There is no such token",
            "It was removed, or the address is mistyped.",
        )
    })
}

/// The person's address, marked if it now belongs to another person.
pub(super) fn address(token: &Token) -> String {
    match token.held_email() {
        Some(email) => email.to_string(),
        None => format!("formerly {}", token.email),
    }
}

fn path_of(id: TokenId) -> String {
    format!("/admin/tokens/{id}")
}
