//! `GET /livez` and `GET /readyz`: a bare word.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Extension, Router};
use spark_oauth_core::ports::VaultStore;

use crate::http::ForPrograms;
use crate::state::AppState;

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/livez", get(|| async { "alive" }))
        .route("/readyz", get(ready))
}

async fn ready(State(vault): State<Arc<dyn VaultStore>>) -> impl IntoResponse {
    let (status, word) = match vault.ping().await {
        Ok(()) => (StatusCode::OK, "ready"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "unready")
        }
    };
    (status, Extension(ForPrograms), word)
}
