//! `GET /livez` and `GET /readyz`: a bare word. What is wrong stands in the log, and
//! on the management listener.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Extension, Router};

use super::readiness::{Check, required};
use crate::http::ForPrograms;
use crate::state::AppState;

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/livez", get(|| async { "alive" }))
        .route("/readyz", get(ready))
}

async fn ready(State(state): State<AppState>) -> impl IntoResponse {
    let (store, keys) = required(&state).await;
    let (status, word) = if store == Check::Ok && keys == Check::Ok {
        (StatusCode::OK, "ready")
    } else {
        tracing::warn!(%store, %keys, "not ready");
        (StatusCode::SERVICE_UNAVAILABLE, "unready")
    };
    (status, Extension(ForPrograms), word)
}
