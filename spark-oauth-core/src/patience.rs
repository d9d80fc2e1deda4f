//! How long a store that fails is offered the same operation.

use std::time::Duration;

use tokio::time::Instant;

use crate::ports::StoreError;

const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Pauses that double, up to a deadline.
#[derive(Debug)]
pub(crate) struct Patience {
    deadline: Instant,
    pause: Duration,
}

impl Patience {
    /// Lasts for `limit` from now.
    pub(crate) fn lasting(limit: Duration) -> Self {
        Self {
            deadline: Instant::now() + limit,
            pause: FIRST_PAUSE,
        }
    }

    /// Waits before the next try; gives the error back where there is none.
    pub(crate) async fn wait(&mut self, error: StoreError) -> Result<(), StoreError> {
        if Instant::now() + self.pause > self.deadline {
            return Err(error);
        }
        tracing::debug!(%error, "the store is asked again");
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(())
    }
}
