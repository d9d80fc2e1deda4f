//! `DELETE /api/v1/tokens/{id}`.

use axum::extract::State;
use axum::http::StatusCode;
use spark_oauth_core::api_access::ApiAccess;

use crate::api::gate::Service;
use crate::api::no_body::NoBody;
use crate::api::openapi::parameters::{RemoveParameters, TokenParameter};
use crate::api::path::TokenPath;
use crate::api::problem::Problem;
use crate::api::query::Query;

/// Remove a token.
///
/// The record and its tokens are deleted here. Webex is told only with `revoke`: then
/// it ends every authorization of the person for the integration, and nothing is
/// removed where it does not. What was revoked before is only removed, so that a call
/// which was cut off can be made again.
#[utoipa::path(
    delete,
    path = "/api/v1/tokens/{id}",
    tag = "Tokens",
    params(TokenParameter, RemoveParameters),
    responses((status = 204, description = "The token is removed.")),
    security(("bearer" = ["tokens:write"])),
    extensions(("x-problem-codes" = json!([
        "token_not_found", "person_not_allowed", "revocation_not_permitted", "revocation_not_confirmed", "token_changed",
        "secret_unreadable", "provider_refused", "refresh_in_progress", "backing_off",
        "refreshing_paused", "integration_refused", "provider_unavailable",
    ]))),
)]
pub(in crate::api) async fn remove_token(
    State(access): State<ApiAccess>,
    Service(service): Service,
    TokenPath(id): TokenPath,
    mut query: Query,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    let revoke = query.one("revoke", |text| match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("true or false"),
    })?;
    query.end()?;
    access.remove(&service, id, revoke.unwrap_or(false)).await?;
    Ok(StatusCode::NO_CONTENT)
}
