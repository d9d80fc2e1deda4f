//! The time, as a port.

use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use crate::timestamp::Timestamp;

/// Tells the time. Rules take `now` from here, so that tests set it.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The time now. It may step backward or forward when the system's clock is set.
    fn now(&self) -> Timestamp;

    /// The time since some moment in the past that stays the same while the process
    /// runs.
    ///
    /// MUST never go back, whatever happens to [`now`](Self::now), and SHOULD count the
    /// time in which the machine is suspended: a change of the difference between the two
    /// reveals a step of the system's clock.
    fn uptime(&self) -> Duration;
}

/// The clock of the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the system's clock"
    )]
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        Timestamp::EPOCH + since_epoch
    }

    /// `CLOCK_BOOTTIME`, since `CLOCK_MONOTONIC` stops while the machine is suspended.
    #[cfg(target_os = "linux")]
    fn uptime(&self) -> Duration {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        let nanos = u32::try_from(time.tv_nsec).unwrap_or(0);
        Duration::new(seconds, nanos)
    }

    #[cfg(not(target_os = "linux"))]
    fn uptime(&self) -> Duration {
        use std::sync::LazyLock;
        use std::time::Instant;

        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        START.elapsed()
    }
}

/// A clock that stands still until a test moves it.
#[cfg(any(test, feature = "testing"))]
#[derive(Debug)]
pub struct ManualClock {
    now: std::sync::atomic::AtomicI64,
    uptime: std::sync::atomic::AtomicI64,
}

#[cfg(any(test, feature = "testing"))]
impl ManualClock {
    /// A clock that stands at `now`.
    pub const fn at(now: Timestamp) -> Self {
        Self {
            now: std::sync::atomic::AtomicI64::new(now.as_millis()),
            uptime: std::sync::atomic::AtomicI64::new(0),
        }
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.uptime
            .fetch_add(by, std::sync::atomic::Ordering::SeqCst);
        self.now.fetch_add(by, std::sync::atomic::Ordering::SeqCst);
    }

    /// Sets the clock backward or forward, as an operator does: no time passes.
    pub fn set(&self, now: Timestamp) {
        self.now
            .store(now.as_millis(), std::sync::atomic::Ordering::SeqCst);
    }
}

#[cfg(any(test, feature = "testing"))]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(std::sync::atomic::Ordering::SeqCst))
    }

    fn uptime(&self) -> Duration {
        let millis = self.uptime.load(std::sync::atomic::Ordering::SeqCst);
        Duration::from_millis(millis.cast_unsigned())
    }
}
