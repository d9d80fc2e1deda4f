//! What runs beside the server on behalf of events and metrics.

use spark_oauth_core::SparkOauth;
use tokio_util::sync::CancellationToken;

/// Carries events to their destinations until `stop`, and lets deliveries under way
/// end, unless `abort` cuts them off: they come again at the next start then.
pub(super) async fn carry_events(
    services: SparkOauth,
    stop: CancellationToken,
    abort: CancellationToken,
) {
    tokio::select! {
        () = services.events.run(stop.cancelled_owned()) => {}
        () = abort.cancelled_owned() => {}
    }
}

/// Counts what only the store knows: again and again where metrics are read, else once,
/// since the log warns of parked tokens.
pub(super) async fn keep_gauges(
    services: SparkOauth,
    metrics_are_read: bool,
    stop: CancellationToken,
) {
    if metrics_are_read {
        services.gauges.run(stop.cancelled_owned()).await;
    } else if let Err(error) = services.gauges.count().await {
        tracing::warn!(%error, "cannot count parked tokens: store unavailable");
    }
}
