//! `GET /api/v1/people/{email}/access-token`.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use spark_oauth_core::api_access::ApiAccess;

use crate::api::access_token::{AccessTokenAnswer, answer};
use crate::api::gate::Service;
use crate::api::no_body::NoBody;
use crate::api::openapi::parameters::{MinTtlParameter, PersonParameter, ScopeParameter};
use crate::api::parameters::{min_ttl, scopes};
use crate::api::path::PersonPath;
use crate::api::problem::Problem;
use crate::api::query::Query;

/// Fetch a person's access token.
///
/// The same for a caller that knows the person and not the token: of the active tokens
/// whose scopes hold the asked ones, the one that the person consented to last. Where
/// none is active, the answer says why of the newest. The address belongs to the person
/// for whom Webex confirmed it last. Where that holds for two persons, the answer is 409
/// `ambiguous` with the identifiers of their tokens.
#[utoipa::path(
    get,
    path = "/api/v1/people/{email}/access-token",
    tag = "Access tokens",
    params(PersonParameter, MinTtlParameter, ScopeParameter),
    responses((status = 200, description = "An access token.", body = AccessTokenAnswer, headers(
        ("Content-Location" = String, description = "Where this token is fetched by its identifier."),
    ))),
    security(("bearer" = ["tokens:use"])),
    extensions(("x-problem-codes" = json!([
        "person_not_found", "ambiguous", "token_not_found", "person_not_allowed", "needs_consent", "token_revoked", "token_changed", "integration_unknown",
        "secret_unreadable", "provider_refused", "refresh_in_progress", "backing_off",
        "refreshing_paused", "integration_refused", "provider_unavailable"
    ]))),
)]
pub(in crate::api) async fn fetch_access_token_of(
    State(access): State<ApiAccess>,
    Service(service): Service,
    PersonPath(email): PersonPath,
    mut query: Query,
    _: NoBody,
) -> Result<Response, Problem> {
    let (min_life, scopes) = (min_ttl(&mut query)?, scopes(&mut query)?);
    query.end()?;
    let valid = access
        .check_out_of(&service, &email, &scopes, min_life)
        .await?;
    let place = format!("/api/v1/tokens/{}/access-token", valid.id);
    let mut response = answer(valid);
    if let Ok(place) = HeaderValue::from_str(&place) {
        response
            .headers_mut()
            .insert(header::CONTENT_LOCATION, place);
    }
    Ok(response)
}
