//! What the operator sees, on a listener of its own: metrics, and readiness with
//! its reasons.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use spark_oauth_core::Counted;
use spark_oauth_core::broker::BreakerState;
use spark_oauth_core::ports::Census;

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
    refreshing: Refreshing,
    /// As they were counted last; absent until then.
    tokens: Option<Tokens>,
    /// Answers of the provider that wait for the store; absent without a journal.
    journal_entries: Option<usize>,
}

/// A pause does not make the process unready: consents go on, and tokens that live
/// are handed out.
#[derive(Serialize)]
struct Refreshing {
    paused: bool,
    reason: Option<String>,
    since: Option<String>,
    until: Option<String>,
}

#[derive(Serialize)]
struct Tokens {
    counted_at: String,
    active: u64,
    needs_consent: u64,
    revoked: u64,
    due: u64,
    oldest_due_at: Option<String>,
    overdue: u64,
}

async fn ready(State(state): State<AppState>) -> (StatusCode, Json<Readiness>) {
    let services = &state.services;
    let store = state.vault.ping().await;
    let super_admin = match services.admins.is_set_up().await {
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
        refreshing: services.refreshing().await.into(),
        tokens: services.gauges.last().map(Tokens::from),
        journal_entries: services.journal_length(),
    };
    (status, Json(readiness))
}

impl From<BreakerState> for Refreshing {
    fn from(state: BreakerState) -> Self {
        let pause = match state {
            BreakerState::Closed => None,
            // A pause stands until a try after its end succeeds.
            BreakerState::Open(pause) | BreakerState::HalfOpen(pause) => Some(pause),
        };
        let pause = pause.as_ref();
        Self {
            paused: pause.is_some(),
            reason: pause.map(|pause| pause.reason.to_string()),
            since: pause.map(|pause| pause.since.to_string()),
            until: pause.map(|pause| pause.until.to_string()),
        }
    }
}

impl From<Counted> for Tokens {
    fn from(counted: Counted) -> Self {
        let Census {
            active,
            needs_consent,
            revoked,
            due,
            oldest_due_at,
        } = counted.census;
        Self {
            counted_at: counted.at.to_string(),
            active,
            needs_consent,
            revoked,
            due,
            oldest_due_at: oldest_due_at.map(|at| at.to_string()),
            overdue: counted.overdue,
        }
    }
}
