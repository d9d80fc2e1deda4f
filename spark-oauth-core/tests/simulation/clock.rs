//! The clock of one replica: virtual time, a little wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use spark_oauth_core::Timestamp;
use spark_oauth_core::ports::Clock;
use tokio::time::Instant;

/// When every schedule begins.
const START: Timestamp = Timestamp::from_millis(1_764_000_000_000);

/// The true time: what the provider's clock shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrueTime(Instant);

impl TrueTime {
    pub(crate) fn begin() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(self) -> Timestamp {
        START + self.0.elapsed()
    }

    pub(crate) fn millis(self) -> u128 {
        self.0.elapsed().as_millis()
    }
}

/// The clock of one machine.
#[derive(Clone, Debug)]
pub(crate) struct SkewedClock {
    pub(crate) truth: TrueTime,
    /// What it shows too much, in milliseconds.
    pub(crate) skew: Arc<AtomicI64>,
}

impl Clock for SkewedClock {
    fn now(&self) -> Timestamp {
        let skew = self.skew.load(Ordering::SeqCst);
        Timestamp::from_millis(self.truth.now().as_millis() + skew)
    }

    fn uptime(&self) -> Duration {
        self.truth.0.elapsed()
    }
}
