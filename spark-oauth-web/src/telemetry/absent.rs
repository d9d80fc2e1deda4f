//! A build without the feature `otel` exports nothing. The configuration refuses
//! section `telemetry` then.

use std::convert::Infallible;

use axum::extract::Request;
use axum::http::StatusCode;
use spark_oauth_core::http_client::Proxies;
use tracing::Span;

use super::SpanLayer;
use crate::config::TelemetryConfig;
use crate::http::{RequestId, TraceContext, TraceId};

/// Why traces cannot be exported: never, since none are.
pub type TelemetryError = Infallible;

/// The export of traces, which this build does not have.
#[derive(Debug)]
pub struct Telemetry;

impl Telemetry {
    /// Begins nothing.
    ///
    /// # Errors
    /// None.
    pub const fn start(_: Option<&TelemetryConfig>, _: &Proxies) -> Result<Self, TelemetryError> {
        Ok(Self)
    }

    /// Nobody takes spans.
    pub const fn layer(&self) -> Option<SpanLayer> {
        None
    }

    /// There is nothing to send.
    #[expect(clippy::unused_async, reason = "a build that exports waits here")]
    pub async fn shut_down(self) {}
}

pub(crate) const fn server_span(
    _: &Request,
    _: &str,
    _: &RequestId,
    _: Option<&TraceContext>,
) -> Span {
    Span::none()
}

pub(crate) const fn trace_id(_: &Span) -> Option<TraceId> {
    None
}

pub(crate) const fn answered(_: &Span, _: StatusCode) {}
