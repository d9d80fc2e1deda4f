//! All routes.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, patch, post};

use crate::control;
use crate::errors::{ApiError, stamp};
use crate::faults::layer::spoil;
use crate::oauth::{authorize_page, device_page, token_endpoint};
use crate::page;
use crate::provider::Provider;
use crate::rest::{authorizations, memberships, messages, people, rooms};

/// The largest body of the control API: a fault may answer ten megabytes.
const MAX_CONTROL_BODY: usize = 16 * 1024 * 1024;

/// The whole emulator, below `/v1` and `/_emulator`, to serve in a process of one's own.
pub fn router(provider: Provider) -> Router {
    v1(&provider)
        .merge(control_routes())
        .route(page::STYLESHEET, get(page::stylesheet))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(provider.clone(), stamp))
        .with_state(provider)
}

fn v1(provider: &Provider) -> Router<Provider> {
    Router::new()
        .route(
            "/v1/authorize",
            get(authorize_page::show).post(authorize_page::decide),
        )
        .route("/v1/access_token", post(token_endpoint::access_token))
        .route(
            "/v1/device/authorize",
            post(token_endpoint::device_authorize),
        )
        .route("/v1/device/token", post(token_endpoint::device_token))
        .route(
            "/v1/device/verify",
            get(device_page::show).post(device_page::decide),
        )
        .route("/v1/people", get(people::list))
        .route("/v1/people/me", get(people::me))
        .route("/v1/rooms", get(rooms::list).post(rooms::create))
        .route(
            "/v1/rooms/{id}",
            get(rooms::read).put(rooms::update).delete(rooms::delete),
        )
        .route(
            "/v1/memberships",
            get(memberships::list).post(memberships::create),
        )
        .route(
            "/v1/memberships/{id}",
            get(memberships::read).delete(memberships::delete),
        )
        .route("/v1/messages", get(messages::list).post(messages::create))
        .route(
            "/v1/messages/{id}",
            get(messages::read).delete(messages::delete),
        )
        .route(
            "/v1/authorizations",
            get(authorizations::list).delete(authorizations::delete_client),
        )
        .route(
            "/v1/authorizations/{id}",
            delete(authorizations::delete_one),
        )
        .route(
            "/v1/authorizations/tokenExpiry",
            get(authorizations::token_expiry),
        )
        .route_layer(from_fn_with_state(provider.clone(), spoil))
}

fn control_routes() -> Router<Provider> {
    Router::new()
        .route("/_emulator/stats", get(control::stats))
        .route(
            "/_emulator/settings",
            get(control::settings).patch(control::change_settings),
        )
        .route(
            "/_emulator/faults",
            get(control::faults)
                .post(control::add_fault)
                .delete(control::clear_faults),
        )
        .route("/_emulator/people", patch(control::rename_person))
        .route("/_emulator/revoke", post(control::revoke))
        .route("/_emulator/rooms", get(control::rooms))
        .layer(DefaultBodyLimit::max(MAX_CONTROL_BODY))
}

async fn not_found() -> ApiError {
    ApiError::webex(
        StatusCode::NOT_FOUND,
        "The requested resource could not be found.",
    )
}

async fn method_not_allowed() -> ApiError {
    ApiError::webex(
        StatusCode::METHOD_NOT_ALLOWED,
        "The request was made to a resource using an HTTP request method that is not supported.",
    )
}
