//! What is done now and then: what has expired is removed.

use std::time::Duration;

use spark_oauth_core::ports::{StoreError, Stores};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::http::recorder;
use crate::state::AppState;

/// How often.
const EVERY: Duration = Duration::from_mins(5);

/// Tidies up until it is told to stop. A store that fails is asked again at the
/// next turn.
pub(super) async fn keep_house(state: AppState, stores: Stores, stop: CancellationToken) {
    let mut turns = interval(EVERY);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = turns.tick() => {}
        }
        report("consents", state.services.consents.remove_expired().await);
        report("links", state.services.links.remove_expired().await);
        let now = state.clock.now();
        report("sessions", stores.sessions.remove_expired(now).await);
        let processes = stores.processes.remove_expired_processes(now).await;
        report("processes", processes);
        // A log that grew for years takes a while; to stop does not wait for it.
        tokio::select! {
            () = stop.cancelled() => return,
            removed = state.services.audit.remove_expired() => report("audit", removed),
        }
        if let Some(recorder) = recorder() {
            recorder.run_upkeep();
        }
    }
}

fn report(what: &'static str, removed: Result<u64, StoreError>) {
    match removed {
        Ok(0) => {}
        Ok(count) => tracing::debug!(what, count, "what had expired was removed"),
        Err(error) => tracing::warn!(what, %error, "what has expired could not be removed"),
    }
}
