//! Whether the background worker goes round.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// When the worker of this process last went round. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pulse(Arc<Mutex<Option<Instant>>>);

impl Pulse {
    fn set(&self, beat: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = beat;
    }

    /// For how long the worker has not gone round; `None` where none runs.
    pub(crate) fn age(&self) -> Option<Duration> {
        let beat = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        beat.map(|beat| beat.elapsed())
    }

    /// Begins to beat, until what is answered is dropped: also where the worker
    /// panics.
    pub(super) fn begin(&self) -> Beating {
        self.set(Some(Instant::now()));
        Beating(self.clone())
    }
}

/// A worker that runs.
pub(super) struct Beating(Pulse);

impl Beating {
    pub(super) fn beat(&self) {
        self.0.set(Some(Instant::now()));
    }
}

impl Drop for Beating {
    fn drop(&mut self) {
        self.0.set(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_tells_since_when_the_worker_stands_still() {
        let pulse = Pulse::default();
        assert_eq!(pulse.age(), None);
        let beating = pulse.begin();
        tokio::time::advance(Duration::from_secs(7)).await;
        assert_eq!(pulse.clone().age(), Some(Duration::from_secs(7)));
        beating.beat();
        assert_eq!(pulse.age(), Some(Duration::ZERO));
        drop(beating);
        assert_eq!(pulse.age(), None);
    }
}
