//! The span around a request, and the line at its end.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use tracing::field::{Empty, display};
use tracing::{Instrument as _, Level, Span, info_span};

use super::access::{self, KeySlot, Refusal, is_api};
use super::address::client_address;
use super::request_id::{REQUEST_ID, RequestId};
use super::trace_context::TraceContext;
use crate::state::AppState;
use crate::telemetry;

/// Names the request, and logs its end. The log shows the route, never the path or
/// the query: a callback's holds a code.
pub(crate) async fn trace_request(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = RequestId::generate(&*state.clock, &*state.random);
    let span = span_of(&request, &id);
    request.extensions_mut().insert(id.clone());
    let ending = Ending::of(&state, &mut request);
    async move {
        let begun = Instant::now();
        let mut response = next.run(request).await;
        telemetry::answered(&Span::current(), response.status());
        ending.log(&response, begun.elapsed());
        if let Some(value) = id.header() {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        response
    }
    .instrument(span)
    .await
}

/// The span of the log, or within it the span of the trace, where there is one.
fn span_of(request: &Request, id: &RequestId) -> Span {
    let method = request.method();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("(none)", MatchedPath::as_str);
    let parent = TraceContext::of(request.headers());
    let span = info_span!("request", request_id = %id, %method, route, trace_id = Empty);
    let measured = span.in_scope(|| telemetry::server_span(request, route, id, parent.as_ref()));
    let ours = telemetry::trace_id(&measured);
    if let Some(trace_id) = ours.or(parent.map(|parent| parent.trace_id)) {
        span.record("trace_id", display(trace_id));
    }
    if measured.is_disabled() {
        span
    } else {
        measured
    }
}

/// What the line at the end of a request tells.
enum Ending {
    /// Of a request of the API, which always is worth a line.
    Api {
        address: Option<IpAddr>,
        key: KeySlot,
    },
    /// Of another one.
    Page { changes_nothing: bool },
}

impl Ending {
    fn of(state: &AppState, request: &mut Request) -> Self {
        if is_api(request.uri().path()) {
            let key = KeySlot::default();
            request.extensions_mut().insert(key.clone());
            let address = client_address(request.extensions(), request.headers(), &state.site);
            return Self::Api { address, key };
        }
        let changes_nothing = matches!(*request.method(), Method::GET | Method::HEAD);
        Self::Page { changes_nothing }
    }

    fn log(&self, response: &Response, elapsed: Duration) {
        let status = response.status();
        match self {
            Self::Api { address, key } => {
                let refusal = response.extensions().get::<Refusal>();
                log_access(status, elapsed, *address, key, refusal);
            }
            // Who looks at a page is worth a line only to those who search for one.
            Self::Page { changes_nothing } if *changes_nothing && status.is_success() => {
                tracing::debug!(
                    status = status.as_u16(),
                    elapsed_ms = millis(elapsed),
                    "answered"
                );
            }
            Self::Page { .. } => {
                tracing::info!(
                    status = status.as_u16(),
                    elapsed_ms = millis(elapsed),
                    "answered"
                );
            }
        }
    }
}

fn log_access(
    status: StatusCode,
    elapsed: Duration,
    address: Option<IpAddr>,
    key: &KeySlot,
    refusal: Option<&Refusal>,
) {
    // The fields are made only where the line is wanted.
    tracing::event!(
        target: access::TARGET,
        Level::INFO,
        status = status.as_u16(),
        elapsed_ms = millis(elapsed),
        address = address.map(display),
        key = key.get().map(|key| key.name.as_str()),
        key_id = key.get().map(|key| display(key.id)),
        code = refusal.map(|refusal| refusal.0),
        "answered"
    );
}

fn millis(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}
