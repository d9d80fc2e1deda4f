//! The span of a request, by the semantic conventions of OpenTelemetry for HTTP
//! servers. It holds the route as a template: the path may hold an e-mail address,
//! the query a code, so that `url.path` and `url.query` are left out.

use axum::extract::Request;
use axum::http::{Method, StatusCode};
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId as OtelTraceId, TraceState,
};
use spark_oauth_core::SPAN_TARGET;
use tracing::field::Empty;
use tracing::{Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::http::{RequestId, TraceContext, TraceId, trace_state};

/// The span of a request, within the trace of its caller where there is one. It is
/// disabled where nothing is exported.
pub(crate) fn server_span(
    request: &Request,
    route: &str,
    id: &RequestId,
    parent: Option<&TraceContext>,
) -> Span {
    let span = info_span!(
        target: SPAN_TARGET,
        "request",
        otel.name = Empty,
        otel.kind = "server",
        http.request.method = known(request.method()),
        http.route = Empty,
        http.response.status_code = Empty,
        spark_oauth.request_id = %id,
        error.type = Empty,
        otel.status_code = Empty,
    );
    if span.is_disabled() {
        return span;
    }
    let method = match known(request.method()) {
        "_OTHER" => "HTTP",
        method => method,
    };
    if route == "(none)" {
        span.record("otel.name", method);
    } else {
        span.record("otel.name", format!("{method} {route}"));
        span.record("http.route", route);
    }
    if let Some(parent) = parent {
        let state = trace_state(request.headers());
        let parent = remote(parent, state.as_deref());
        // It fails only where the span has begun, and where nothing is exported.
        let _ = span.set_parent(opentelemetry::Context::new().with_remote_span_context(parent));
    }
    span
}

/// A client may make up methods; the names stay few.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "_OTHER",
    }
}

fn remote(parent: &TraceContext, state: Option<&str>) -> SpanContext {
    let flags = if parent.is_sampled {
        TraceFlags::SAMPLED
    } else {
        TraceFlags::default()
    };
    // A state that cannot be read does not spoil the rest (section 3.3).
    let state = state.and_then(|state| state.parse::<TraceState>().ok());
    SpanContext::new(
        OtelTraceId::from(parent.trace_id.0),
        SpanId::from(parent.parent_id),
        flags,
        true,
        state.unwrap_or_default(),
    )
}

/// The trace that a span is part of.
pub(crate) fn trace_id(span: &Span) -> Option<TraceId> {
    if span.is_disabled() {
        return None;
    }
    let context = span.context();
    let context = context.span().span_context().clone();
    context
        .is_valid()
        .then(|| TraceId(u128::from_be_bytes(context.trace_id().to_bytes())))
}

/// Notes how a request was answered. Only what went wrong here is an error: a
/// refusal is the client's.
pub(crate) fn answered(span: &Span, status: StatusCode) {
    // The conventions want an integer, which is signed here.
    span.record("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.record("error.type", status.as_str());
        span.record("otel.status_code", "error");
    }
}
