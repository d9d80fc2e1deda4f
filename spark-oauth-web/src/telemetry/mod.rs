//! Traces, exported by OTLP to a collector of OpenTelemetry: the feature `otel` and
//! section `telemetry` of the configuration. `README.md` beside this file says what
//! a trace holds, and what it never does.
//!
//! Spans that measure have the target [`SPAN_TARGET`](spark_oauth_core::SPAN_TARGET);
//! only they are exported, and the log shows none of their fields. Without an
//! exporter nobody asks for them, and they cost next to nothing.

#[cfg(not(feature = "otel"))]
mod absent;
#[cfg(feature = "otel")]
mod collector;
#[cfg(feature = "otel")]
mod export;
#[cfg(feature = "otel")]
mod request;

use tracing_subscriber::{Layer, Registry};

#[cfg(not(feature = "otel"))]
pub use absent::{Telemetry, TelemetryError};
#[cfg(feature = "otel")]
pub use export::{Telemetry, TelemetryError};

#[cfg(not(feature = "otel"))]
pub(crate) use absent::{answered, server_span, trace_id};
#[cfg(feature = "otel")]
pub(crate) use request::{answered, server_span, trace_id};

/// Takes the spans that measure.
pub type SpanLayer = Box<dyn Layer<Registry> + Send + Sync>;
