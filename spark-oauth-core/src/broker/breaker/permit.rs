//! The leave to call the provider once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::broker::breaker::Breaker;
use crate::broker::breaker::cache::LocalPause;
use crate::ports::{Pause, PauseReason};
use crate::timestamp::Timestamp;
use crate::token::RefreshTrigger;

/// Refreshing pauses for the whole integration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("refreshing pauses for the whole integration ({reason}) until {until}")]
pub struct Paused {
    /// Until when, at least.
    pub until: Timestamp,
    /// Why.
    pub reason: PauseReason,
}

impl Paused {
    pub(super) const fn of(standing: &LocalPause) -> Self {
        Self {
            until: standing.until,
            reason: standing.pause.reason,
        }
    }
}

/// The leave to call the provider once.
#[derive(Debug)]
#[must_use = "tell the breaker how the call ended"]
pub struct Permit {
    trigger: RefreshTrigger,
    probe: Option<Probe>,
    breaker: Breaker,
}

/// One of the places for calls of the background worker, given back on drop.
#[derive(Debug)]
#[must_use = "the place is given back when this is dropped"]
pub struct Place(#[expect(dead_code, reason = "its drop is its use")] Option<OwnedSemaphorePermit>);

impl Permit {
    pub(super) const fn new(
        trigger: RefreshTrigger,
        probe: Option<Probe>,
        breaker: Breaker,
    ) -> Self {
        Self {
            trigger,
            probe,
            breaker,
        }
    }

    /// Waits for one of the places that bound how many calls the background worker
    /// makes at once; others need none. Take it right before the call and drop it
    /// when the breaker knows how the call ended: tokens are written outside.
    ///
    /// # Errors
    /// [`Paused`] where a pause has begun meanwhile: do not call then.
    pub async fn take_place(&self) -> Result<Place, Paused> {
        let places = match self.trigger {
            RefreshTrigger::Worker => self.breaker.places(),
            RefreshTrigger::Checkout | RefreshTrigger::Admin | RefreshTrigger::Api => None,
        };
        // It fails only where the semaphore is closed, which nobody does.
        let place = match places {
            Some(places) => Place(places.acquire_owned().await.ok()),
            None => Place(None),
        };
        match self.breaker.begun_meanwhile().await {
            Some(standing) if !self.is_probe() => Err(Paused::of(&standing)),
            _ => Ok(place),
        }
    }

    /// Whether this call tries whether a pause is over.
    pub const fn is_probe(&self) -> bool {
        self.probe.is_some()
    }

    pub(super) fn probed(&self) -> Option<PauseReason> {
        self.probe.as_ref().map(|probe| probe.pause.reason)
    }

    pub(super) fn into_probe(self) -> Option<Probe> {
        self.probe
    }
}

/// The try after a pause; one at a time in this process.
#[derive(Debug)]
pub(super) struct Probe {
    pub(super) pause: Pause,
    probing: Arc<AtomicBool>,
}

impl Probe {
    pub(super) fn begin(probing: &Arc<AtomicBool>, pause: Pause) -> Option<Self> {
        let is_first = !probing.swap(true, Ordering::SeqCst);
        is_first.then(|| Self {
            pause,
            probing: probing.clone(),
        })
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.probing.store(false, Ordering::SeqCst);
    }
}

/// Where the background worker of this process bounds its calls; without one there
/// is no bound.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(Arc<Mutex<Weak<Semaphore>>>);

impl Places {
    pub(super) fn set(&self, places: &Arc<Semaphore>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(places);
    }

    pub(super) fn current(&self) -> Option<Arc<Semaphore>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .upgrade()
    }
}
