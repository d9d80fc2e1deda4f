//! `GET /api/v1/tokens/{id}/access-token`.

use axum::extract::State;
use axum::response::Response;
use spark_oauth_core::api_access::ApiAccess;

use crate::api::access_token::answer;
use crate::api::gate::Service;
use crate::api::no_body::NoBody;
use crate::api::parameters::min_ttl;
use crate::api::path::TokenPath;
use crate::api::problem::Problem;
use crate::api::query::Query;

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
