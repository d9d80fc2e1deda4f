//! Calls about consent links: one use case, one file.

pub(super) mod create;
pub(super) mod get;
mod record;
pub(super) mod send;

use axum::Router;
use axum::routing::{get, post};
use spark_oauth_core::api_keys::KeyScope::ConsentsRequest;
use utoipa::IntoParams;

use super::gate::guarded;
use super::state::ApiState;

/// Which link.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "its fields are documentation")]
struct LinkParameter {
    /// The identifier of a consent link, as its making answered it.
    #[param(example = "01JAZ0Q9M4R2V6X8C1B3D5F7H9")]
    id: String,
}

pub(super) fn router(state: &ApiState) -> Router<ApiState> {
    let create = guarded(
        state,
        ConsentsRequest,
        "POST /api/v1/consent-links",
        post(create::create_consent_link),
    );
    let show = guarded(
        state,
        ConsentsRequest,
        "GET /api/v1/consent-links/{id}",
        get(get::get_consent_link),
    );
    let send = guarded(
        state,
        ConsentsRequest,
        "POST /api/v1/consent-links/{id}/message",
        post(send::send_consent_link),
    );
    Router::new()
        .route("/api/v1/consent-links", create)
        .route("/api/v1/consent-links/{id}", show)
        .route("/api/v1/consent-links/{id}/message", send)
}
