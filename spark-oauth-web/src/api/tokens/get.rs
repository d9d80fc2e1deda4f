//! `GET /api/v1/tokens/{id}`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use spark_oauth_core::api_access::ApiAccess;

use crate::api::etag::Version;
use crate::api::gate::Service;
use crate::api::no_body::NoBody;
use crate::api::openapi::parameters::{ConditionalHeader, TokenParameter};
use crate::api::path::TokenPath;
use crate::api::problem::Problem;
use crate::api::query::Query;
use crate::api::record::TokenRecord;

/// Look at one token.
///
/// What is stored of it, without its secrets.
#[utoipa::path(
    get,
    path = "/api/v1/tokens/{id}",
    tag = "Tokens",
    params(TokenParameter, ConditionalHeader),
    responses(
        (status = 200, description = "The token.", body = TokenRecord, headers(
            ("ETag" = String, description = "The version of the token, for `If-None-Match`."),
        )),
        (status = 304, description = "The client has the newest version."),
    ),
    security(("bearer" = ["tokens:read"])),
    extensions(("x-problem-codes" = json!(["token_not_found", "person_not_allowed"]))),
)]
pub(in crate::api) async fn get_token(
    State(access): State<ApiAccess>,
    Service(service): Service,
    headers: HeaderMap,
    TokenPath(id): TokenPath,
    query: Query,
    _: NoBody,
) -> Result<Response, Problem> {
    query.end()?;
    let token = access.token(&service, id).await?;
    Ok(Version::of(&token).answer(&headers, &TokenRecord::from(&token)))
}
