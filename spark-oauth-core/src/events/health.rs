//! Suspends a destination that fails repeatedly, so that its events do not delay those of
//! other destinations.
//!
//! A suspension is per process and not stored: a restart ends it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::timestamp::Timestamp;

/// How many deliveries to one destination run at once.
const AT_ONCE: usize = 4;

/// The number of consecutive failures that suspends a destination.
const FAILURES: u32 = 5;

/// How long at first; then twice as long each time.
const FIRST_REST: Duration = Duration::from_secs(30);
const LONGEST_REST: Duration = Duration::from_mins(15);

/// How long a destination is suspended after 410 Gone.
const GONE_REST: Duration = Duration::from_hours(12);

/// Whether an event may be offered to a destination now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It may.
    Open,
    /// As many as may run do so; try soon.
    Busy,
    /// The destination is suspended.
    Suspended,
}

/// A pause of all deliveries from this process to a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Suspension {
    /// When the first suspension since the last successful delivery began.
    pub since: Timestamp,
    /// When one event is tried again.
    pub until: Timestamp,
    /// Whether the destination answered 410 Gone; otherwise it failed repeatedly.
    pub gone: bool,
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
    suspension: Option<Suspension>,
}

impl Health {
    fn suspend(&mut self, now: Timestamp, rest: Duration, gone: bool) {
        self.suspension = Some(Suspension {
            since: self.suspension.map_or(now, |earlier| earlier.since),
            until: now + rest,
            gone,
        });
    }
}

/// All destinations that this process has seen. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Healths(Arc<Mutex<HashMap<String, Health>>>);

impl Healths {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Health>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The suspension of a destination; after its time, until a delivery succeeds.
    pub(super) fn suspension(&self, destination: &str) -> Option<Suspension> {
        self.lock().get(destination)?.suspension
    }

    /// Ends a suspension, and forgets the failures that led to it.
    pub(super) fn resume(&self, destination: &str) {
        if let Some(health) = self.lock().get_mut(destination) {
            health.failures = 0;
            health.suspension = None;
        }
    }

    /// Whether an event may be offered now. After a rest, one is: the others wait
    /// for how it ends.
    pub(super) fn admission(&self, destination: &str, now: Timestamp) -> Admission {
        let healths = self.lock();
        let Some(health) = healths.get(destination) else {
            return Admission::Open;
        };
        match health.suspension {
            Some(suspension) if !suspension.until.has_passed(now) => {
                return Admission::Suspended;
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

    pub(super) fn begin(&self, destination: &str) {
        self.lock()
            .entry(destination.to_owned())
            .or_default()
            .running += 1;
    }

    /// Records the result of a delivery. Returns the suspension that begins with it.
    pub(super) fn end(
        &self,
        destination: &str,
        ending: Ending,
        now: Timestamp,
    ) -> Option<Suspension> {
        let mut healths = self.lock();
        let health = healths.entry(destination.to_owned()).or_default();
        health.running = health.running.saturating_sub(1);
        let was_suspended = health.suspension.is_some();
        match ending {
            Ending::Taken => {
                health.failures = 0;
                health.suspension = None;
            }
            Ending::Failed => {
                health.failures = health.failures.saturating_add(1);
                if let Some(surplus) = health.failures.checked_sub(FAILURES) {
                    let rest = FIRST_REST.saturating_mul(2_u32.saturating_pow(surplus));
                    health.suspend(now, rest.min(LONGEST_REST), false);
                }
            }
            Ending::Gone => health.suspend(now, GONE_REST, true),
        }
        health.suspension.filter(|_| !was_suspended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn offer(healths: &Healths, ending: Ending, now: Timestamp) -> Option<Suspension> {
        assert_eq!(healths.admission("hook", now), Admission::Open);
        healths.begin("hook");
        healths.end("hook", ending, now)
    }

    #[test]
    fn a_destination_that_fails_again_and_again_is_suspended_longer_each_time() {
        let healths = Healths::default();
        for _ in 1..FAILURES {
            assert_eq!(offer(&healths, Ending::Failed, NOW), None);
        }
        let suspension = |until| Suspension {
            since: NOW,
            until,
            gone: false,
        };
        let until = NOW + FIRST_REST;
        let begun = offer(&healths, Ending::Failed, NOW);
        assert_eq!(begun, Some(suspension(until)));
        assert_eq!(healths.admission("hook", NOW), Admission::Suspended);
        assert_eq!(healths.admission("other", NOW), Admission::Open);

        let again = offer(&healths, Ending::Failed, until);
        assert_eq!(again, None, "it was suspended already");
        let until = until + 2 * FIRST_REST;
        let last_moment = until - Duration::from_millis(1);
        assert_eq!(healths.admission("hook", last_moment), Admission::Suspended);
        assert_eq!(healths.suspension("hook"), Some(suspension(until)));
        offer(&healths, Ending::Taken, until);
        assert_eq!(healths.suspension("hook"), None);
        assert_eq!(offer(&healths, Ending::Failed, until), None);
    }

    #[test]
    fn after_a_suspension_one_is_offered_and_the_others_wait() {
        let healths = Healths::default();
        offer(&healths, Ending::Gone, NOW);
        let later = NOW + GONE_REST;
        assert_eq!(healths.admission("hook", later), Admission::Open);
        healths.begin("hook");
        assert_eq!(healths.admission("hook", later), Admission::Busy);
        healths.end("hook", Ending::Taken, later);
        assert_eq!(healths.admission("hook", later), Admission::Open);
    }

    #[test]
    fn a_suspension_that_is_ended_leaves_nothing() {
        let healths = Healths::default();
        for _ in 0..FAILURES {
            offer(&healths, Ending::Failed, NOW);
        }
        healths.resume("hook");
        assert_eq!(healths.suspension("hook"), None);
        assert_eq!(offer(&healths, Ending::Failed, NOW), None);
    }

    #[test]
    fn so_many_run_at_once() {
        let healths = Healths::default();
        for _ in 0..AT_ONCE {
            assert_eq!(healths.admission("hook", NOW), Admission::Open);
            healths.begin("hook");
        }
        assert_eq!(healths.admission("hook", NOW), Admission::Busy);
        healths.end("hook", Ending::Taken, NOW);
        assert_eq!(healths.admission("hook", NOW), Admission::Open);
    }

    #[test]
    fn no_suspension_grows_without_end() {
        let healths = Healths::default();
        let mut now = NOW;
        for _ in 0..100 {
            offer(&healths, Ending::Failed, now);
            now = now + LONGEST_REST;
        }
    }
}
