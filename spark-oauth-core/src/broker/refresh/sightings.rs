//! Measures for how long this process has seen a lease, or a marker, unchanged.
//!
//! The clocks of two processes may be hours apart, so the times in a lease or a marker of
//! another process are unreliable. This process therefore measures the time since it first
//! saw the value.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::ids::TokenId;

/// The maximum number of sightings. After an eviction, the wait starts again.
const MOST: usize = 10_000;

/// Sightings that were not used for this long are evicted first.
const STALE: Duration = Duration::from_mins(10);

/// When this process first saw the current value of each record. Clones share it.
#[derive(Clone, Debug)]
pub(in crate::broker) struct Sightings<T>(Arc<Mutex<HashMap<TokenId, Sighting<T>>>>);

#[derive(Clone, Copy, Debug)]
struct Sighting<T> {
    seen: T,
    first: Duration,
    last: Duration,
}

impl<T> Default for Sightings<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Copy + PartialEq> Sightings<T> {
    /// For how long this process has seen the value `seen` in the record; zero if the value
    /// is new. `uptime` is that of the [`Clock`](crate::ports::Clock).
    pub(in crate::broker) fn age(&self, id: TokenId, seen: T, uptime: Duration) -> Duration {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST && !all.contains_key(&id) {
            all.retain(|_, sighting| uptime.saturating_sub(sighting.last) < STALE);
            if all.len() >= MOST {
                all.clear();
            }
        }
        let new = Sighting {
            seen,
            first: uptime,
            last: uptime,
        };
        let sighting = all.entry(id).or_insert(new);
        if sighting.seen == seen {
            sighting.last = uptime;
        } else {
            *sighting = new;
        }
        uptime.saturating_sub(sighting.first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SystemRandom;
    use crate::timestamp::Timestamp;

    const SECOND: Duration = Duration::from_secs(1);

    fn id() -> TokenId {
        TokenId::generate(Timestamp::EPOCH, &SystemRandom)
    }

    #[test]
    fn the_age_counts_from_the_first_look_and_anew_with_each_change() {
        let (sightings, id) = (Sightings::default(), id());
        assert_eq!(sightings.age(id, 'a', 5 * SECOND), Duration::ZERO);
        assert_eq!(sightings.age(id, 'a', 9 * SECOND), 4 * SECOND);
        assert_eq!(sightings.age(id, 'b', 10 * SECOND), Duration::ZERO);
        assert_eq!(sightings.age(id, 'a', 11 * SECOND), Duration::ZERO);
        assert_eq!(sightings.clone().age(id, 'a', 12 * SECOND), SECOND);
    }

    #[test]
    fn no_more_are_remembered_than_allowed() {
        let sightings = Sightings::default();
        for _ in 0..=MOST {
            sightings.age(id(), 'a', SECOND);
        }
        assert!(sightings.0.lock().unwrap().len() <= MOST);
    }
}
