//! When the store last failed, as far as this process has seen.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::ports::{Clock, StoreError};

/// Remembers when the store last failed. While it did, another process may have
/// waited with an answer of the provider that it could not write.
#[derive(Clone, Debug)]
pub(crate) struct StoreHealth {
    /// The uptime then, in milliseconds: the clocks of other processes play no part.
    last_failure: Arc<AtomicU64>,
    clock: Arc<dyn Clock>,
}

impl StoreHealth {
    /// Of the time before its start a process knows nothing: that counts as a
    /// failure.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            last_failure: Arc::new(AtomicU64::new(millis(clock.uptime()))),
            clock,
        }
    }

    /// How long ago the store last failed.
    pub(crate) fn healthy_for(&self) -> Duration {
        let last = Duration::from_millis(self.last_failure.load(Ordering::SeqCst));
        self.clock.uptime().saturating_sub(last)
    }

    /// Takes note of how an operation ended.
    pub(crate) fn note<T>(&self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(StoreError::Unavailable { .. }) = &outcome {
            let now = millis(self.clock.uptime());
            self.last_failure.store(now, Ordering::SeqCst);
        }
        outcome
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;
    use std::time::Duration;

    use super::*;
    use crate::corrected_clock::CorrectedClock;
    use crate::ports::{ManualClock, SeededRandom};
    use crate::recent::Recent;
    use crate::testing::scene::{MINUTE, NOW};
    use crate::testing::{MemoryStores, StoreCall, StoreFault};
    use crate::watched_tokens::watched;

    #[tokio::test]
    async fn only_a_store_that_is_away_counts() {
        let clock = Arc::new(ManualClock::at(NOW));
        let health = StoreHealth::new(clock.clone());
        let stores = MemoryStores::new();
        let recent = Recent::new(Duration::ZERO, 1);
        let reckoning = CorrectedClock::new(clock.clone(), Arc::new(SeededRandom::new(1)));
        let tokens = watched(stores.stores().tokens, health.clone(), recent, reckoning);
        assert_eq!(health.healthy_for(), Duration::ZERO);
        clock.advance(MINUTE);
        stores.fail(StoreCall::TokenListWithEvents, StoreFault::Conflict, 1);
        let limit = NonZeroU16::MIN;
        tokens.list_with_events(limit).await.unwrap_err();
        tokens.list_with_events(limit).await.unwrap();
        // Whatever the clock shows.
        clock.set(NOW);
        assert_eq!(health.healthy_for(), MINUTE);
        stores.fail(StoreCall::TokenListWithEvents, StoreFault::Away, 1);
        tokens.list_with_events(limit).await.unwrap_err();
        assert_eq!(health.healthy_for(), Duration::ZERO);
    }
}
