//! `GET /api/v1/people/{email}/access-token`.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use spark_oauth_core::api_access::ApiAccess;

use crate::api::access_token::answer;
use crate::api::gate::Service;
use crate::api::no_body::NoBody;
use crate::api::parameters::{min_ttl, scopes};
use crate::api::path::PersonPath;
use crate::api::problem::Problem;
use crate::api::query::Query;

/// The answer says in `Content-Location` which token it is of.
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
