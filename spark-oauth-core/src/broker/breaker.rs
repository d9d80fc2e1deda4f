//! The circuit breaker of the integration: it pauses all refreshing where the
//! provider asks for it, fails again and again, or refuses the integration.
//!
//! The pause stands in the store, so that every process keeps it. It is over when a
//! try after its end succeeds. It never stops a consent, which does not ask here.

mod cache;
mod permit;
mod trip;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

pub use permit::{Paused, Permit, Place};
use tokio::sync::Semaphore;

use crate::broker::breaker::cache::Cache;
use crate::broker::breaker::permit::{Places, Probe};
use crate::broker::breaker::trip::Verdict;
use crate::events::Events;
use crate::integration::ClientId;
use crate::ports::{Clock, Observer, Pause, PauseReason, PauseStore, Random, SparkError};
use crate::timestamp::Timestamp;
use crate::token::RefreshTrigger;

/// So many failures in a row, without one success, are an outage.
const OUTAGE: u32 = 10;

/// When to ask again while another call of this process tries.
const PROBE_WAIT: Duration = Duration::from_secs(1);

/// Pauses the refreshing of one integration. Cheap to clone: the clones share
/// everything.
#[derive(Clone, Debug)]
pub struct Breaker(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    cache: Cache,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    started_at: Timestamp,
    /// A pause for a fault of the integration lets one call through at the start of
    /// a process: the operator may just have mended it.
    first_try: AtomicBool,
    probing: Arc<AtomicBool>,
    failures: AtomicU32,
    places: Places,
}

/// How the breaker stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Refreshing goes on.
    Closed,
    /// Refreshing pauses.
    Open(Pause),
    /// The time of the pause is over; one call at a time tries whether it goes on.
    HalfOpen(Pause),
}

impl Breaker {
    pub(crate) fn new(
        integration: ClientId,
        store: Arc<dyn PauseStore>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        events: Events,
        observer: Arc<dyn Observer>,
    ) -> Self {
        Self(Arc::new(Inner {
            cache: Cache::new(integration, store, events, observer),
            started_at: clock.now(),
            clock,
            random,
            first_try: AtomicBool::new(true),
            probing: Arc::default(),
            failures: AtomicU32::new(0),
            places: Places::default(),
        }))
    }

    /// Whether the provider may be asked to refresh a token now. Ask right before
    /// the write-ahead marker is set, and tell the permit how the call ended:
    /// [`succeeded`](Self::succeeded) or [`failed`](Self::failed). A permit that is
    /// dropped tells nothing.
    ///
    /// A store that fails stops no refresh: what was last known counts.
    ///
    /// # Errors
    /// [`Paused`] says until when, and why.
    pub async fn permit(&self, trigger: RefreshTrigger, now: Timestamp) -> Result<Permit, Paused> {
        let inner = &*self.0;
        let Some(pause) = inner.cache.pause(now).await else {
            return Ok(Permit::new(trigger, None, self.clone()));
        };
        if !pause.until.has_passed(now) && !self.may_try_early(&pause, trigger) {
            return Err(Paused::of(&pause));
        }
        match Probe::begin(&inner.probing, pause.clone()) {
            Some(probe) => {
                if pause.reason == PauseReason::IntegrationRefused {
                    inner.first_try.store(false, Ordering::SeqCst);
                }
                Ok(Permit::new(trigger, Some(probe), self.clone()))
            }
            None => Err(Paused {
                until: pause.until.max(now + PROBE_WAIT),
                reason: pause.reason,
            }),
        }
    }

    /// Whether this call may try before the pause ends. Nobody may where the
    /// provider asked to be left alone.
    fn may_try_early(&self, pause: &Pause, trigger: RefreshTrigger) -> bool {
        let first_try = self.0.first_try.load(Ordering::SeqCst) && pause.since < self.0.started_at;
        match pause.reason {
            PauseReason::RateLimited => false,
            PauseReason::Outage => trigger == RefreshTrigger::Admin,
            PauseReason::IntegrationRefused => trigger == RefreshTrigger::Admin || first_try,
        }
    }

    /// The provider refreshed the token. Where that was the try after a pause, the
    /// pause is over.
    pub async fn succeeded(&self, permit: Permit) {
        self.0.failures.store(0, Ordering::SeqCst);
        if let Some(probe) = permit.into_probe() {
            self.0.cache.clear(&probe.pause, self.0.clock.now()).await;
        }
    }

    /// The provider did not refresh the token. Where the failure is not the token's
    /// alone, all refreshing pauses.
    pub async fn failed(&self, permit: Permit, error: &SparkError) {
        match Verdict::of(error) {
            // The provider works, and knows the integration.
            Verdict::Works => self.succeeded(permit).await,
            Verdict::Unclear => self.unclear(permit, error).await,
            Verdict::Failing => {
                let failures = self.0.failures.fetch_add(1, Ordering::SeqCst) + 1;
                if permit.is_probe() || failures >= OUTAGE {
                    self.trip(permit, PauseReason::Outage, error).await;
                }
            }
            Verdict::Trips(reason) => self.trip(permit, reason, error).await,
        }
    }

    /// The provider gave an answer that nobody documented. It works again, but
    /// whether it takes the integration again is not known.
    async fn unclear(&self, permit: Permit, error: &SparkError) {
        match permit.probed() {
            Some(PauseReason::IntegrationRefused) => {
                self.trip(permit, PauseReason::IntegrationRefused, error)
                    .await;
            }
            Some(_) => self.succeeded(permit).await,
            None => {}
        }
    }

    async fn trip(&self, permit: Permit, reason: PauseReason, error: &SparkError) {
        let now = self.0.clock.now();
        let random = &*self.0.random;
        let plan = |standing: Option<&Pause>, integration: &ClientId| {
            trip::pause(standing, integration, reason, error, now, random)
        };
        let probe = permit.into_probe();
        self.0.cache.prolong(probe.is_some(), now, plan).await;
        drop(probe);
    }

    /// Lets the calls of the background worker take these places, for as long as
    /// the worker keeps them.
    pub(super) fn bound(&self, places: &Arc<Semaphore>) {
        self.0.places.set(places);
    }

    fn places(&self) -> Option<Arc<Semaphore>> {
        self.0.places.current()
    }

    /// The pause that has begun since a permit was given, as far as is known here.
    async fn begun_meanwhile(&self) -> Option<Pause> {
        let pause = self.0.cache.known().await?;
        (!pause.until.has_passed(self.0.clock.now())).then_some(pause)
    }

    /// How the breaker stands.
    pub async fn state(&self, now: Timestamp) -> BreakerState {
        match self.0.cache.pause(now).await {
            None => BreakerState::Closed,
            Some(pause) if pause.until.has_passed(now) => BreakerState::HalfOpen(pause),
            Some(pause) => BreakerState::Open(pause),
        }
    }
}

#[cfg(test)]
mod tests;
