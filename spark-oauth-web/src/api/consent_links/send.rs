//! `POST /api/v1/consent-links/{id}/message`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::LinkParameter;
use crate::api::gate::Service;
use crate::api::no_body::NoBody;
use crate::api::path::LinkPath;
use crate::api::problem::Problem;
use crate::api::query::Query;
use crate::api::state::ApiState;

/// A message that was sent.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct SentMessage {
    /// Webex's identifier of the message.
    message_id: String,
}

/// Send a consent link to the person.
///
/// As a direct message on Webex to `expected_email`, in the name of the integration's
/// contact: with an active token of theirs that may write messages. Each call sends it
/// once more.
#[utoipa::path(
    post,
    path = "/api/v1/consent-links/{id}/message",
    tag = "Consent links",
    params(LinkParameter),
    responses((status = 200, description = "The message was sent.", body = SentMessage)),
    security(("bearer" = ["consents:request"])),
    extensions(("x-problem-codes" = json!([
        "link_not_found", "person_not_allowed", "link_closed", "link_unaddressed", "no_sender",
        "token_changed", "secret_unreadable", "provider_refused", "refresh_in_progress",
        "backing_off", "refreshing_paused", "integration_refused", "provider_unavailable"
    ]))),
)]
pub(in crate::api) async fn send_consent_link(
    State(state): State<ApiState>,
    Service(service): Service,
    LinkPath(id): LinkPath,
    query: Query,
    _: NoBody,
) -> Result<Json<SentMessage>, Problem> {
    query.end()?;
    let url = |link: &_| state.site().consent_url(&state.links().text(link));
    let message = state.access().send_link(&service, id, url).await?;
    Ok(Json(SentMessage {
        message_id: message.as_str().to_owned(),
    }))
}
