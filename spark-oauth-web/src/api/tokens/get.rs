//! `GET /api/v1/tokens/{id}`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use spark_oauth_core::api_access::ApiAccess;

use crate::api::etag::Version;
use crate::api::gate::Service;
use crate::api::no_body::NoBody;
use crate::api::path::TokenPath;
use crate::api::problem::Problem;
use crate::api::query::Query;
use crate::api::record::TokenRecord;

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
