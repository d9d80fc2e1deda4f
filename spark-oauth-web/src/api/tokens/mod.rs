//! Calls about tokens: one use case, one file.

pub(super) mod access_token;
pub(super) mod get;
pub(super) mod list;
pub(super) mod refresh;
pub(super) mod remove;

use axum::Router;
use axum::routing::{delete, get, post};
use spark_oauth_core::api_keys::KeyScope::{TokensRead, TokensUse, TokensWrite};

use super::gate::guarded;
use super::state::ApiState;

pub(super) fn router(state: &ApiState) -> Router<ApiState> {
    let list = guarded(
        state,
        TokensRead,
        "GET /api/v1/tokens",
        get(list::list_tokens),
    );
    let show = guarded(
        state,
        TokensRead,
        "GET /api/v1/tokens/{id}",
        get(get::get_token),
    );
    let remove = guarded(
        state,
        TokensWrite,
        "DELETE /api/v1/tokens/{id}",
        delete(remove::remove_token),
    );
    let fetch = guarded(
        state,
        TokensUse,
        "GET /api/v1/tokens/{id}/access-token",
        get(access_token::fetch_access_token),
    );
    let refresh = guarded(
        state,
        TokensWrite,
        "POST /api/v1/tokens/{id}/refresh",
        post(refresh::refresh_token),
    );
    Router::new()
        .route("/api/v1/tokens", list)
        .route("/api/v1/tokens/{id}", show.merge(remove))
        .route("/api/v1/tokens/{id}/access-token", fetch)
        .route("/api/v1/tokens/{id}/refresh", refresh)
}
