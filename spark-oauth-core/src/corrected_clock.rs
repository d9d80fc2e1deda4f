//! A clock that the provider's own time corrects.
//!
//! A machine whose clock is wrong would take dead tokens for live ones, and the
//! leases of others for ended. The answers of the token endpoint tell the
//! provider's time (`Date`, RFC 9110 section 6.6.1), in whole seconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::ports::Clock;
use crate::timestamp::Timestamp;

/// A difference up to this, in milliseconds, is left alone: the provider's clocks
/// differ too.
const TOLERANCE: i64 = 5_000;

/// `Date` says nothing of the milliseconds.
const WHOLE_SECOND: i64 = 999;

/// A provider that says it is earlier than this, 2025-01-01, is not believed.
const EARLIEST: Timestamp = Timestamp::from_millis(1_735_689_600_000);

/// A [`Clock`] that corrects another one. Clones share what they have learned.
#[derive(Clone, Debug)]
pub(crate) struct CorrectedClock {
    local: Arc<dyn Clock>,
    /// What to add to the local time, in milliseconds.
    offset: Arc<AtomicI64>,
}

impl CorrectedClock {
    /// Corrects nothing until the provider has told its time.
    pub(crate) fn new(local: Arc<dyn Clock>) -> Self {
        Self {
            local,
            offset: Arc::default(),
        }
    }

    /// The local time, uncorrected: of use only for
    /// [`corrected`](Self::corrected), when more may be known.
    pub(crate) fn local(&self) -> Timestamp {
        self.local.now()
    }

    /// A local time, corrected by what is known now.
    pub(crate) fn corrected(&self, local: Timestamp) -> Timestamp {
        let offset = self.offset.load(Ordering::SeqCst);
        Timestamp::from_millis(local.as_millis().saturating_add(offset))
    }

    /// Learns from an answer, which the provider gave at some time between the two
    /// local times that it was `sent` for and received.
    pub(crate) fn learn(&self, provider: Timestamp, sent: Timestamp) {
        if provider < EARLIEST {
            tracing::debug!(%provider, "the provider's time is not believed");
            return;
        }
        let received = self.local();
        let (first, last) = (sent.min(received), sent.max(received));
        // Between these the offset lies, if the provider's clock is right.
        let lowest = provider.as_millis().saturating_sub(last.as_millis());
        let highest = provider
            .as_millis()
            .saturating_sub(first.as_millis())
            .saturating_add(WHOLE_SECOND);
        let fits = |offset: i64| {
            offset >= lowest.saturating_sub(TOLERANCE)
                && offset <= highest.saturating_add(TOLERANCE)
        };
        let known = self.offset.load(Ordering::SeqCst);
        if fits(known) {
            return;
        }
        let offset = if fits(0) { 0 } else { lowest / 2 + highest / 2 };
        self.offset.store(offset, Ordering::SeqCst);
        if offset == 0 {
            tracing::info!("the local clock is right again");
        } else {
            tracing::warn!(
                seconds = -(offset / 1_000),
                "the local clock is wrong by so much; the provider's time is used instead"
            );
        }
    }
}

impl Clock for CorrectedClock {
    fn now(&self) -> Timestamp {
        self.corrected(self.local())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ports::ManualClock;
    use crate::testing::scene::{HOUR, MINUTE, NOW};

    const SECOND: Duration = Duration::from_secs(1);

    fn clocks() -> (Arc<ManualClock>, CorrectedClock) {
        let local = Arc::new(ManualClock::at(NOW));
        (local.clone(), CorrectedClock::new(local))
    }

    #[test]
    fn small_differences_and_whole_seconds_are_left_alone() {
        let (_, clock) = clocks();
        for provider in [NOW, NOW + 5 * SECOND, NOW - 5 * SECOND] {
            clock.learn(provider, NOW);
            assert_eq!(clock.now(), NOW, "{provider}");
        }
    }

    #[test]
    fn a_wrong_clock_is_corrected_both_ways_and_back() {
        for slow in [true, false] {
            let (local, clock) = clocks();
            let provider = if slow { NOW + HOUR } else { NOW - HOUR };
            clock.learn(provider, NOW);
            let off = clock.now().since(provider).max(provider.since(clock.now()));
            assert!(off <= SECOND, "{off:?}");
            // Somebody sets the local clock right.
            local.set(provider);
            clock.learn(provider, provider);
            assert_eq!(clock.now(), provider);
        }
    }

    #[test]
    fn a_slow_answer_proves_only_what_it_can() {
        let (local, clock) = clocks();
        local.advance(MINUTE);
        // Said at some time during the minute: the clock may be right.
        for provider in [NOW, NOW + MINUTE / 2, NOW + MINUTE] {
            clock.learn(provider, NOW);
            assert_eq!(clock.now(), NOW + MINUTE);
        }
        clock.learn(NOW + MINUTE + 10 * SECOND, NOW);
        assert!(clock.now() > NOW + MINUTE);
    }

    #[test]
    fn nonsense_is_not_believed() {
        let (_, clock) = clocks();
        clock.learn(Timestamp::EPOCH, NOW);
        assert_eq!(clock.now(), NOW);
    }

    #[test]
    fn a_local_time_that_was_taken_before_is_corrected_by_what_is_known_after() {
        let (_, clock) = clocks();
        let before = clock.local();
        clock.learn(NOW + HOUR, NOW);
        assert!(clock.corrected(before) >= NOW + HOUR);
    }
}
