//! `GET /api/v1/consent-links/{id}`.

use axum::Json;
use axum::extract::State;

use super::LinkParameter;
use super::record::LinkRecord;
use crate::api::gate::Service;
use crate::api::no_body::NoBody;
use crate::api::path::LinkPath;
use crate::api::problem::Problem;
use crate::api::query::Query;
use crate::api::state::ApiState;

/// Read a consent link.
///
/// What became of it, and the token that the consent ended in. A link can be read until
/// 90 days after its end.
#[utoipa::path(
    get,
    path = "/api/v1/consent-links/{id}",
    tag = "Consent links",
    params(LinkParameter),
    responses((status = 200, description = "The link.", body = LinkRecord)),
    security(("bearer" = ["consents:request"])),
    extensions(("x-problem-codes" = json!(["link_not_found", "person_not_allowed"]))),
)]
pub(in crate::api) async fn get_consent_link(
    State(state): State<ApiState>,
    Service(service): Service,
    LinkPath(id): LinkPath,
    query: Query,
    _: NoBody,
) -> Result<Json<LinkRecord>, Problem> {
    query.end()?;
    let (link, token) = state.access().link(&service, id).await?;
    Ok(Json(LinkRecord::new(&state, &link, token.as_ref())))
}
