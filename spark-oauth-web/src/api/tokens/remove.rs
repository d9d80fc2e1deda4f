//! `DELETE /api/v1/tokens/{id}`.

use axum::extract::State;
use axum::http::StatusCode;
use spark_oauth_core::api_access::ApiAccess;

use crate::api::gate::Service;
use crate::api::no_body::NoBody;
use crate::api::path::TokenPath;
use crate::api::problem::Problem;
use crate::api::query::Query;

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
