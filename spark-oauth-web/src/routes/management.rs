//! What the operator sees, on a listener of its own: metrics, and readiness with
//! its reasons.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::http::recorder;
use crate::state::AppState;

/// The router of the management listener.
pub(crate) fn router(state: AppState) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/readyz", get(ready))
        .with_state(state)
}

async fn metrics() -> Response {
    recorder().map_or_else(
        || (StatusCode::NOT_FOUND, "this process keeps no metrics\n").into_response(),
        |recorder| {
            let kind = [(
                header::CONTENT_TYPE,
                "text/plain; version=0.0.4; charset=utf-8",
            )];
            (kind, recorder.render()).into_response()
        },
    )
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    version: &'static str,
    store: String,
    super_admin: &'static str,
}

async fn ready(State(state): State<AppState>) -> (StatusCode, Json<Readiness>) {
    let store = state.vault.ping().await;
    let super_admin = match state.services.admins.is_set_up().await {
        Ok(true) => "set up",
        Ok(false) => "not set up",
        Err(_) => "unknown",
    };
    let status = if store.is_ok() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let readiness = Readiness {
        ready: store.is_ok(),
        version: env!("CARGO_PKG_VERSION"),
        store: store.map_or_else(|error| error.to_string(), |()| "ok".to_owned()),
        super_admin,
    };
    (status, Json(readiness))
}
