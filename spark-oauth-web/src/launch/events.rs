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

/// Counts what only the store knows, for those who read the metrics.
pub(super) async fn keep_gauges(services: SparkOauth, stop: CancellationToken) {
    services.gauges.run(stop.cancelled_owned()).await;
}
