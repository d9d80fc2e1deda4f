//! Every request has an identifier: in the log, in the answer and on error pages.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::HeaderName;
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use spark_oauth_core::AuditId;
use spark_oauth_core::ports::{Clock, Random};
use tracing::Instrument as _;

use crate::state::AppState;

/// The header that carries the identifier to the client.
const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The identifier of one request. It is always ours: one that a client brings
/// could forge lines of the log.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(Arc<str>);

impl RequestId {
    fn generate(clock: &dyn Clock, random: &dyn Random) -> Self {
        Self(AuditId::generate(clock.now(), random).to_string().into())
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names the request, and logs its end. The log shows the route, never the query:
/// a callback's holds a code.
pub(crate) async fn trace_request(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = RequestId::generate(&*state.clock, &*state.random);
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "(none)".to_owned(), |path| path.as_str().to_owned());
    let span = tracing::info_span!("request", request_id = %id, method = %request.method(), route);
    request.extensions_mut().insert(id.clone());
    let changes_nothing = matches!(*request.method(), Method::GET | Method::HEAD);
    async move {
        let begun = Instant::now();
        let mut response = next.run(request).await;
        let elapsed_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let status = response.status();
        if changes_nothing && status.is_success() {
            // Who looks at a page is worth a line only to those who search for one.
            tracing::debug!(status = status.as_u16(), elapsed_ms, "answered");
        } else {
            tracing::info!(status = status.as_u16(), elapsed_ms, "answered");
        }
        if let Ok(value) = HeaderValue::from_str(&id.0) {
            response.headers_mut().insert(HEADER, value);
        }
        response
    }
    .instrument(span)
    .await
}
