//! What the operator sees, on a listener of its own: metrics, and readiness with
//! its reasons, as JSON or, for who accepts a text, in words.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use spark_oauth_core::Counted;
use spark_oauth_core::broker::BreakerState;
use spark_oauth_core::events::DestinationStatus;
use spark_oauth_core::ports::Census;
use tokio::time::timeout;

use super::readiness::{Checks, LIMIT};
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
    checks: Checks,
    super_admin: &'static str,
    /// Absent where the store does not tell.
    refreshing: Option<Refreshing>,
    /// As they were counted last; absent until then.
    tokens: Option<Tokens>,
    /// Answers of the provider that wait for the store; absent without a journal.
    journal_entries: Option<usize>,
    /// Absent if none is configured, or if the store is unavailable.
    webhooks: Option<Webhooks>,
}

/// A suspended receiver does not make the process unready: its events wait, and a restart
/// would not help.
#[derive(Serialize)]
struct Webhooks {
    waiting: u64,
    suspended: bool,
    since: Option<String>,
    next_attempt_at: Option<String>,
    reason: Option<String>,
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
    /// Parked tokens by the client ID that obtained them.
    parked: BTreeMap<String, u64>,
}

async fn ready(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let services = &state.services;
    let breaker = timeout(LIMIT, services.refreshing()).await.ok();
    let deliveries = match timeout(LIMIT, services.events.destinations()).await {
        Ok(Ok(deliveries)) => Some(deliveries),
        Ok(Err(_)) | Err(_) => None,
    };
    let checks = Checks::of(&state, breaker.as_ref(), deliveries.as_deref()).await;
    let status = if checks.is_ready() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    if prefers_words(&headers) {
        return (status, in_words(&checks)).into_response();
    }
    let super_admin = match timeout(LIMIT, services.admins.is_set_up()).await {
        Ok(Ok(true)) => "set up",
        Ok(Ok(false)) => "not set up",
        Ok(Err(_)) | Err(_) => "unknown",
    };
    let readiness = Readiness {
        ready: checks.is_ready(),
        version: env!("CARGO_PKG_VERSION"),
        checks,
        super_admin,
        refreshing: breaker.map(Refreshing::from),
        tokens: services.gauges.last().map(Tokens::from),
        journal_entries: services.journal_length(),
        webhooks: deliveries
            .and_then(|deliveries| deliveries.into_iter().next())
            .map(Webhooks::from),
    };
    (status, Json(readiness)).into_response()
}

/// Whether the client names a kind of text, as a browser does. Programs that name
/// nothing get JSON.
fn prefers_words(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter();
    let kinds: Vec<_> = accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|kind| kind.split(';').next())
        .map(|kind| kind.trim().to_ascii_lowercase())
        .collect();
    let names = |name: &str| kinds.iter().any(|kind| kind == name);
    !names("application/json") && (names("text/plain") || names("text/html") || names("text/*"))
}

/// One line for each part.
fn in_words(checks: &Checks) -> String {
    let mut text = if checks.is_ready() {
        "ready\n"
    } else {
        "unready\n"
    }
    .to_owned();
    for (name, check) in checks.named() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name}: {check}");
    }
    text
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

impl From<DestinationStatus> for Webhooks {
    fn from(status: DestinationStatus) -> Self {
        let trouble = status.trouble.as_ref();
        Self {
            waiting: status.waiting,
            suspended: trouble.is_some_and(|trouble| trouble.suspended),
            since: trouble.map(|trouble| trouble.since.to_string()),
            next_attempt_at: trouble.map(|trouble| trouble.next_attempt_at.to_string()),
            reason: trouble.map(|trouble| trouble.reason.clone()),
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
            parked: counted
                .parked
                .into_iter()
                .map(|(integration, tokens)| (integration.to_string(), tokens))
                .collect(),
        }
    }
}
