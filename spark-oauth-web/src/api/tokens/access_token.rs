//! `GET /api/v1/tokens/{id}/access-token`.

use axum::extract::State;
use axum::response::Response;
use spark_oauth_core::api_access::ApiAccess;

use crate::api::access_token::{AccessTokenAnswer, answer};
use crate::api::gate::Service;
use crate::api::no_body::NoBody;
use crate::api::openapi::parameters::{MinTtlParameter, TokenParameter};
use crate::api::parameters::min_ttl;
use crate::api::path::TokenPath;
use crate::api::problem::Problem;
use crate::api::query::Query;

/// Fetch an access token.
///
/// One that is valid now, and for `min_ttl` seconds more. Where the stored one ends
/// earlier, it is refreshed first: once, however many ask. Where that fails for a
/// reason that passes while the stored one still lives, the stored one is answered,
/// with a `warning`. Keep it in memory until shortly before it ends, and fetch it
/// again; the audit log counts each fetch, with the name of the key.
#[utoipa::path(
    get,
    path = "/api/v1/tokens/{id}/access-token",
    tag = "Access tokens",
    params(TokenParameter, MinTtlParameter),
    responses((status = 200, description = "An access token.", body = AccessTokenAnswer)),
    security(("bearer" = ["tokens:use"])),
    extensions(("x-problem-codes" = json!([
        "token_not_found", "person_not_allowed", "needs_consent", "token_revoked", "token_changed", "integration_unknown",
        "secret_unreadable", "provider_refused", "refresh_in_progress", "backing_off",
        "refreshing_paused", "integration_refused", "provider_unavailable"
    ]))),
)]
pub(in crate::api) async fn fetch_access_token(
    State(access): State<ApiAccess>,
    Service(service): Service,
    TokenPath(id): TokenPath,
    mut query: Query,
    _: NoBody,
) -> Result<Response, Problem> {
    let min_life = min_ttl(&mut query)?;
    query.end()?;
    let valid = access.check_out(&service, id, min_life).await?;
    Ok(answer(valid))
}
