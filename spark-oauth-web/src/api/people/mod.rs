//! Calls about persons: one use case, one file.

pub(super) mod access_token;

use axum::Router;
use axum::routing::get;
use spark_oauth_core::api_keys::KeyScope;

use super::gate::guarded;
use super::state::ApiState;

pub(super) fn router(state: &ApiState) -> Router<ApiState> {
    let fetch = guarded(
        state,
        KeyScope::TokensUse,
        "GET /api/v1/people/{email}/access-token",
        get(access_token::fetch_access_token_of),
    );
    Router::new().route("/api/v1/people/{email}/access-token", fetch)
}
