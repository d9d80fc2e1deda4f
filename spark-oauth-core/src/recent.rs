//! What was read from the store a moment ago, so that a busy caller does not ask for
//! the same again and again.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Values that are believed for a while after they were read.
///
/// Whoever writes a value calls [`forget`](Self::forget) before and after, so that
/// this process sees its own writes at once; what others write is seen when the time
/// is over.
#[derive(Clone)]
pub(crate) struct Recent<K, V> {
    believed_for: Duration,
    most: usize,
    entries: Arc<Mutex<Entries<K, V>>>,
}

struct Entries<K, V> {
    values: HashMap<K, (V, Instant)>,
    /// How often something was forgotten.
    writes: u64,
}

/// A read that has begun: what comes of it is believed only where nothing was written
/// meanwhile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    at: Instant,
    writes: u64,
}

impl<K: Eq + Hash, V: Clone> Recent<K, V> {
    /// Keeps `most` values at once; one more makes room by forgetting all. A time of
    /// zero keeps none.
    pub(crate) fn new(believed_for: Duration, most: usize) -> Self {
        let entries = Entries {
            values: HashMap::new(),
            writes: 0,
        };
        Self {
            believed_for,
            most,
            entries: Arc::new(Mutex::new(entries)),
        }
    }

    /// The value, where it was read a moment ago.
    pub(crate) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        if self.believed_for.is_zero() {
            return None;
        }
        let entries = self.lock();
        let (value, read_at) = entries.values.get(key)?;
        (read_at.elapsed() < self.believed_for).then(|| value.clone())
    }

    /// To be called before the value is read.
    pub(crate) fn reading(&self) -> Reading {
        Reading {
            at: Instant::now(),
            writes: self.lock().writes,
        }
    }

    /// Keeps what was read.
    pub(crate) fn keep(&self, reading: Reading, key: K, value: V) {
        if self.believed_for.is_zero() {
            return;
        }
        let mut entries = self.lock();
        if entries.writes != reading.writes {
            return;
        }
        if entries.values.len() >= self.most && !entries.values.contains_key(&key) {
            entries.values.clear();
        }
        entries.values.insert(key, (value, reading.at));
    }

    /// The value is being written, or was.
    pub(crate) fn forget<Q: Eq + Hash + ?Sized>(&self, key: &Q)
    where
        K: Borrow<Q>,
    {
        let mut entries = self.lock();
        entries.writes += 1;
        entries.values.remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, Entries<K, V>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, V> fmt::Debug for Recent<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recent")
            .field("believed_for", &self.believed_for)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_value_is_believed_for_its_time_from_when_its_read_began() {
        let recent = Recent::new(SECOND, 10);
        let reading = recent.reading();
        tokio::time::advance(SECOND / 2).await;
        recent.keep(reading, 1, "read");
        assert_eq!(recent.get(&1), Some("read"));
        tokio::time::advance(SECOND / 2).await;
        assert_eq!(recent.get(&1), None);
    }

    #[tokio::test]
    async fn what_is_written_is_forgotten_also_where_a_read_is_under_way() {
        let recent = Recent::new(SECOND, 10);
        recent.keep(recent.reading(), 1, "old");
        let late = recent.reading();
        recent.forget(&1);
        assert_eq!(recent.get(&1), None);
        recent.keep(late, 1, "old");
        assert_eq!(recent.get(&1), None);
        recent.keep(recent.reading(), 1, "new");
        assert_eq!(recent.get(&1), Some("new"));
    }

    #[tokio::test]
    async fn no_more_values_are_kept_than_allowed_and_none_without_time() {
        let recent = Recent::new(SECOND, 2);
        for key in 1..=3 {
            recent.keep(recent.reading(), key, key);
        }
        assert_eq!([1, 2, 3].map(|key| recent.get(&key)), [None, None, Some(3)]);
        let never = Recent::new(Duration::ZERO, 2);
        never.keep(never.reading(), 1, 1);
        assert_eq!(never.get(&1), None);
    }
}
