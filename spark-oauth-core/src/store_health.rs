//! When the store last failed, as far as this process has seen.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::ports::{Clock, StoreError};
use crate::timestamp::Timestamp;

/// Remembers when the store last failed. While it did, another process may have
/// waited with an answer of the provider that it could not write.
#[derive(Clone, Debug)]
pub(crate) struct StoreHealth {
    last_failure: Arc<AtomicI64>,
    clock: Arc<dyn Clock>,
}

impl StoreHealth {
    /// Of the time before its start a process knows nothing: that counts as a
    /// failure.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            last_failure: Arc::new(AtomicI64::new(clock.now().as_millis())),
            clock,
        }
    }

    pub(crate) fn last_failure(&self) -> Timestamp {
        Timestamp::from_millis(self.last_failure.load(Ordering::SeqCst))
    }

    /// Takes note of how an operation ended.
    pub(crate) fn note<T>(&self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(StoreError::Unavailable { .. }) = &outcome {
            let now = self.clock.now().as_millis();
            self.last_failure.store(now, Ordering::SeqCst);
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;
    use std::time::Duration;

    use super::*;
    use crate::ports::ManualClock;
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
        let tokens = watched(stores.stores().tokens, health.clone(), recent);
        assert_eq!(health.last_failure(), NOW);
        clock.advance(MINUTE);
        stores.fail(StoreCall::TokenListWithEvents, StoreFault::Conflict, 1);
        let limit = NonZeroU16::MIN;
        tokens.list_with_events(limit).await.unwrap_err();
        tokens.list_with_events(limit).await.unwrap();
        assert_eq!(health.last_failure(), NOW);
        stores.fail(StoreCall::TokenListWithEvents, StoreFault::Away, 1);
        tokens.list_with_events(limit).await.unwrap_err();
        assert_eq!(health.last_failure(), NOW + MINUTE);
    }
}
