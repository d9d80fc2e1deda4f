//! `POST /api/v1/tokens/{id}/refresh`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use spark_oauth_core::api_access::ApiAccess;
use utoipa::ToSchema;

use crate::api::gate::Service;
use crate::api::no_body::NoBody;
use crate::api::openapi::parameters::TokenParameter;
use crate::api::path::TokenPath;
use crate::api::problem::Problem;
use crate::api::query::Query;
use crate::api::record::TokenRecord;

/// What a refresh ended in.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct RefreshResult {
    /// Whether Webex was asked; false where the token was refreshed less than 30
    /// seconds ago.
    refreshed: bool,
    /// The token as it stands now.
    token: TokenRecord,
}

/// Refresh a token now.
///
/// Nobody needs to: fetching refreshes where it must. Webex is not asked again where
/// the token was refreshed less than 30 seconds ago, or where that failed a moment ago.
#[utoipa::path(
    post,
    path = "/api/v1/tokens/{id}/refresh",
    tag = "Tokens",
    params(TokenParameter),
    responses((status = 200, description = "The token as it stands now.", body = RefreshResult)),
    security(("bearer" = ["tokens:write"])),
    extensions(("x-problem-codes" = json!([
        "token_not_found", "person_not_allowed", "needs_consent", "token_revoked", "token_changed", "integration_unknown",
        "secret_unreadable", "provider_refused", "refresh_in_progress", "backing_off",
        "refreshing_paused", "integration_refused", "provider_unavailable"
    ]))),
)]
pub(in crate::api) async fn refresh_token(
    State(access): State<ApiAccess>,
    Service(service): Service,
    TokenPath(id): TokenPath,
    query: Query,
    _: NoBody,
) -> Result<Json<RefreshResult>, Problem> {
    query.end()?;
    let refreshed = access.refresh(&service, id).await?;
    Ok(Json(RefreshResult {
        refreshed: refreshed.called,
        token: (&refreshed.token).into(),
    }))
}
