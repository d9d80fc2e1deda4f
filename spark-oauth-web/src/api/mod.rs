//! The HTTP API, from which services fetch a token that is valid now.
//!
//! Each call is a file of its own below [`tokens`] or [`people`]. It stands behind a
//! [`gate`], which wants an API key with the scope of the call, and reads its
//! [`query`] and its body strictly. What goes wrong becomes a [`problem`] with a
//! [`code`] of a documented list, in [`errors`] for what the rules say and in
//! [`frame`] for what the framework says.
//!
//! It has layers of its own: no session, no cookie, no page.

mod access_token;
mod code;
mod consent_links;
mod documents;
mod errors;
mod etag;
mod exposed_key;
mod frame;
mod gate;
mod json_body;
mod no_body;
mod openapi;
mod parameters;
mod path;
mod people;
mod problem;
mod query;
mod rate_limit;
mod record;
mod state;
#[cfg(test)]
mod testing;
mod tokens;

use std::any::Any;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use self::code::Code;
use self::frame::frame;
use self::problem::Problem;
use self::state::ApiState;
use crate::http::{count_requests, trace_request};
use crate::state::AppState;

/// The largest body, in bytes.
const LARGEST_BODY: usize = 32 * 1024;

/// How long a call may take. It outlives several calls to the provider.
const LONGEST_CALL: Duration = Duration::from_mins(2);

/// Every code that a refusal can have.
pub(crate) fn codes() -> impl Iterator<Item = &'static str> {
    Code::ALL.iter().map(|code| code.as_str())
}

/// Everything under `/api`.
pub(crate) fn router(app: &AppState) -> Router {
    let state = ApiState::of(app);
    let calls = Router::new()
        .merge(tokens::router(&state))
        .merge(people::router(&state))
        .merge(consent_links::router(&state))
        .merge(documents::router(&state));
    let nowhere = || async { Problem::of(Code::NoSuchPath) };
    Router::new()
        .merge(calls)
        .route("/api", any(nowhere))
        .route("/api/", any(nowhere))
        .route("/api/{*path}", any(nowhere))
        .layer(
            ServiceBuilder::new()
                .layer(from_fn_with_state(app.clone(), trace_request))
                .layer(from_fn(count_requests))
                .layer(from_fn_with_state(state.clone(), frame))
                .layer(caught())
                .layer(TimeoutLayer::with_status_code(
                    StatusCode::GATEWAY_TIMEOUT,
                    LONGEST_CALL,
                ))
                .layer(DefaultBodyLimit::max(LARGEST_BODY)),
        )
        .with_state(state)
}

/// How a panic is answered.
type Answering = fn(Box<dyn Any + Send>) -> Response;

/// Turns a panic into an answer. It is logged by the hook; its text may hold anything.
fn caught() -> CatchPanicLayer<Answering> {
    CatchPanicLayer::custom(|_| Problem::of(Code::Internal).into_response())
}
