//! How far the engine is: an observer that counts refreshes.

use std::time::Duration;

use spark_oauth_core::Timestamp;
use spark_oauth_core::ports::{Census, DeliveryOutcome, Observer, Pause, RefreshOutcome};
use spark_oauth_core::token::RefreshTrigger;
use tokio::sync::watch;

/// Counts the refreshes that ended with new tokens in the store, and all others.
#[derive(Debug, Default)]
pub(crate) struct Progress(watch::Sender<Counts>);

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) refreshed: usize,
    pub(crate) others: usize,
}

impl Progress {
    pub(crate) fn counts(&self) -> Counts {
        *self.0.borrow()
    }

    /// Waits until so many refreshes have ended, whichever way.
    pub(crate) async fn reaches(&self, ended: usize) {
        let mut counts = self.0.subscribe();
        // It fails only where the sender is gone, which `self` holds.
        let _ = counts
            .wait_for(|counts| counts.refreshed + counts.others >= ended)
            .await;
    }
}

impl Observer for Progress {
    fn refresh_ended(&self, _: RefreshTrigger, outcome: RefreshOutcome, _: Duration) {
        self.0.send_modify(|counts| match outcome {
            RefreshOutcome::Refreshed => counts.refreshed += 1,
            RefreshOutcome::AlreadyFresh | RefreshOutcome::LostRace | RefreshOutcome::Failed(_) => {
                counts.others += 1;
            }
        });
    }

    fn lease_waited(&self, _: Duration, _: bool) {}
    fn refresh_interrupted(&self) {}
    fn journal_length(&self, _: usize) {}
    fn provider_called(&self, _: &'static str, _: &str, _: Duration) {}
    fn pause_stands(&self, _: Option<Pause>) {}
    fn tokens_counted(&self, _: &Census, _: u64, _: Timestamp) {}
    fn tokens_parked(&self, _: u64) {}
    fn outbox_length(&self, _: u64) {}
    fn delivery_ended(&self, _: &str, _: DeliveryOutcome, _: Duration) {}
    fn destination_suspended(&self, _: &str, _: bool) {}
    fn events_dropped(&self, _: usize) {}
}
