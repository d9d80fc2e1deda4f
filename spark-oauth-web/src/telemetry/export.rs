//! Gives spans to a thread of its own, which sends them in batches.

use std::error::Error;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use spark_oauth_core::SPAN_TARGET;
use spark_oauth_core::http_client::Proxies;
use tokio::runtime::Handle;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, filter_fn};

use super::SpanLayer;
use super::collector::Collector;
use crate::config::TelemetryConfig;

/// How long the last spans may take at the end. A collector that is away costs no
/// more.
const FLUSH_LIMIT: Duration = Duration::from_secs(5);

/// Why traces cannot be exported.
#[derive(Debug, thiserror::Error)]
#[error("traces cannot be exported (section `telemetry`, variables `OTEL_…`)")]
pub struct TelemetryError(#[source] Box<dyn Error + Send + Sync>);

/// The export of traces, if it is configured.
#[derive(Debug)]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Begins to export, where a collector is named; nothing is sent yet, and the
    /// collector need not be there. The requests run on the runtime of the caller.
    ///
    /// # Errors
    /// [`TelemetryError`] where a variable of OpenTelemetry is wrong, or TLS cannot
    /// be set up.
    pub fn start(
        config: Option<&TelemetryConfig>,
        proxies: &Proxies,
    ) -> Result<Self, TelemetryError> {
        let provider = config.map(|config| provider(config, proxies)).transpose()?;
        Ok(Self { provider })
    }

    /// What takes the spans that measure; `None` where nothing is exported.
    pub fn layer(&self) -> Option<SpanLayer> {
        let tracer = self.provider.as_ref()?.tracer(env!("CARGO_PKG_NAME"));
        let measured = filter_fn(|metadata| metadata.is_span() && metadata.target() == SPAN_TARGET);
        let layer = tracing_opentelemetry::layer()
            .with_tracer(tracer)
            // Parents are found by `tracing` alone: nothing else makes spans here.
            .with_context_activation(false)
            .with_location(false)
            .with_target(false)
            .with_threads(false)
            .with_tracked_inactivity(false);
        let filter = measured.with_max_level_hint(LevelFilter::INFO);
        Some(layer.with_filter(filter).boxed())
    }

    /// Sends what waits, within a limit. What ends later is not exported.
    pub async fn shut_down(self) {
        let Some(provider) = self.provider else {
            return;
        };
        // It waits for the exporting thread, which needs this runtime.
        let flushed = tokio::task::spawn_blocking(move || {
            let flushed = provider.shutdown_with_timeout(FLUSH_LIMIT);
            flushed.map_err(|error| error.to_string())
        });
        if let Ok(Err(error)) = flushed.await {
            tracing::warn!(error, "the last spans were not exported");
        }
    }
}

fn provider(
    config: &TelemetryConfig,
    proxies: &Proxies,
) -> Result<SdkTracerProvider, TelemetryError> {
    let collector = Collector::new(config, proxies, Handle::current()).map_err(TelemetryError)?;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(collector)
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(config.traces_url())
        .with_timeout(Collector::LIMIT)
        .build()
        .map_err(|error| TelemetryError(error.into()))?;
    let resource = Resource::builder()
        .with_service_name(config.service_name.clone())
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let sampler = Sampler::TraceIdRatioBased(config.sample_ratio);
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::ParentBased(Box::new(sampler)))
        .with_resource(resource)
        .build())
}
