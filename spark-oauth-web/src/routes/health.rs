//! `GET /livez` and `GET /readyz`: a bare word.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use spark_oauth_core::ports::VaultStore;

use crate::state::AppState;

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/livez", get(|| async { "alive" }))
        .route("/readyz", get(ready))
}

async fn ready(State(vault): State<Arc<dyn VaultStore>>) -> (StatusCode, &'static str) {
    match vault.ping().await {
        Ok(()) => (StatusCode::OK, "ready"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "unready")
        }
    }
}
