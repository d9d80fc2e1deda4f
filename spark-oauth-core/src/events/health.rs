//! How a destination fares in the eyes of this process: one that fails again and
//! again is left alone for a while, so that its events do not keep back others'.

use std::collections::HashMap;
use std::time::Duration;

use crate::timestamp::Timestamp;

/// How many deliveries to one destination run at once.
const AT_ONCE: usize = 4;

/// So many failures in a row, and the destination is left alone.
const FAILURES: u32 = 5;

/// How long at first; then twice as long each time.
const FIRST_REST: Duration = Duration::from_secs(30);
const LONGEST_REST: Duration = Duration::from_mins(15);

/// How long a destination is left alone that wants no event any more.
pub(super) const GONE_REST: Duration = Duration::from_hours(12);

/// Whether an event may be offered to a destination now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It may.
    Open,
    /// As many as may run do so; try soon.
    Busy,
    /// The destination is left alone until then.
    Resting {
        until: Timestamp,
        /// It said that it wants no event any more.
        gone: bool,
    },
}

/// How an offer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Taken,
    Failed,
    Gone,
}

#[derive(Debug, Default)]
struct Health {
    running: usize,
    failures: u32,
    rest: Option<(Timestamp, bool)>,
}

/// All destinations that this process has seen.
#[derive(Debug, Default)]
pub(super) struct Healths(HashMap<String, Health>);

impl Healths {
    /// Whether an event may be offered now. After a rest, one is: the others wait
    /// for how it ends.
    pub(super) fn admission(&self, destination: &str, now: Timestamp) -> Admission {
        let Some(health) = self.0.get(destination) else {
            return Admission::Open;
        };
        match health.rest {
            Some((until, gone)) if !until.has_passed(now) => {
                return Admission::Resting { until, gone };
            }
            Some(_) if health.running > 0 => return Admission::Busy,
            _ => {}
        }
        if health.running < AT_ONCE {
            Admission::Open
        } else {
            Admission::Busy
        }
    }

    pub(super) fn begin(&mut self, destination: &str) {
        self.0.entry(destination.to_owned()).or_default().running += 1;
    }

    /// Takes note of an ending; answers whether the destination rests from now on,
    /// and did not before.
    pub(super) fn end(&mut self, destination: &str, ending: Ending, now: Timestamp) -> bool {
        let health = self.0.entry(destination.to_owned()).or_default();
        health.running = health.running.saturating_sub(1);
        let rested = health.rest.is_some();
        match ending {
            Ending::Taken => {
                health.failures = 0;
                health.rest = None;
            }
            Ending::Failed => {
                health.failures = health.failures.saturating_add(1);
                if let Some(surplus) = health.failures.checked_sub(FAILURES) {
                    let rest = FIRST_REST.saturating_mul(2_u32.saturating_pow(surplus));
                    health.rest = Some((now + rest.min(LONGEST_REST), false));
                }
            }
            Ending::Gone => health.rest = Some((now + GONE_REST, true)),
        }
        health.rest.is_some() && !rested
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn offer(healths: &mut Healths, ending: Ending, now: Timestamp) -> bool {
        assert_eq!(healths.admission("hook", now), Admission::Open);
        healths.begin("hook");
        healths.end("hook", ending, now)
    }

    #[test]
    fn a_destination_that_fails_again_and_again_rests_longer_each_time() {
        let mut healths = Healths::default();
        for _ in 1..FAILURES {
            assert!(!offer(&mut healths, Ending::Failed, NOW));
        }
        assert!(offer(&mut healths, Ending::Failed, NOW));
        let until = NOW + FIRST_REST;
        let gone = false;
        let resting = Admission::Resting { until, gone };
        assert_eq!(healths.admission("hook", NOW), resting);
        assert_eq!(healths.admission("other", NOW), Admission::Open);

        assert!(
            !offer(&mut healths, Ending::Failed, until),
            "it rested already"
        );
        let until = until + 2 * FIRST_REST;
        assert_eq!(
            healths.admission("hook", until - Duration::from_millis(1)),
            Admission::Resting { until, gone }
        );
        offer(&mut healths, Ending::Taken, until);
        assert!(
            !offer(&mut healths, Ending::Failed, until),
            "all is forgotten"
        );
    }

    #[test]
    fn after_a_rest_one_is_offered_and_the_others_wait() {
        let mut healths = Healths::default();
        offer(&mut healths, Ending::Gone, NOW);
        let later = NOW + GONE_REST;
        assert_eq!(healths.admission("hook", later), Admission::Open);
        healths.begin("hook");
        assert_eq!(healths.admission("hook", later), Admission::Busy);
        healths.end("hook", Ending::Taken, later);
        assert_eq!(healths.admission("hook", later), Admission::Open);
    }

    #[test]
    fn so_many_run_at_once() {
        let mut healths = Healths::default();
        for _ in 0..AT_ONCE {
            assert_eq!(healths.admission("hook", NOW), Admission::Open);
            healths.begin("hook");
        }
        assert_eq!(healths.admission("hook", NOW), Admission::Busy);
        healths.end("hook", Ending::Taken, NOW);
        assert_eq!(healths.admission("hook", NOW), Admission::Open);
    }

    #[test]
    fn no_rest_grows_without_end() {
        let mut healths = Healths::default();
        let mut now = NOW;
        for _ in 0..100 {
            offer(&mut healths, Ending::Failed, now);
            now = now + LONGEST_REST;
        }
    }
}
