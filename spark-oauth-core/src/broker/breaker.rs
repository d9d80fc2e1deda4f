//! The circuit breaker of the integration: it pauses all refreshing where the
//! provider asks for it, fails again and again, or refuses the integration.
//!
//! The pause stands in the store, so that every process keeps it. It is over when a
//! try after its end succeeds. A consent, or a refresh that an admin or a service
//! requests, also ends the pause for an outage. A pause never stops a consent.

mod cache;
mod permit;
mod trip;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

pub use permit::{Paused, Permit, Place};
use tokio::sync::Semaphore;

use crate::broker::breaker::cache::{Cache, LocalPause};
use crate::broker::breaker::permit::{Places, Probe};
use crate::broker::breaker::trip::Verdict;
use crate::broker::schedule::Cause;
use crate::events::Events;
use crate::integration::ClientId;
use crate::ports::{Clock, Observer, Pause, PauseReason, PauseStore, Random, SparkError};
use crate::timestamp::Timestamp;
use crate::token::RefreshTrigger;

/// So many failures in a row, without one success, are an outage.
const OUTAGE: u32 = 10;

/// After this many consecutive failures, the cause is not one token.
const TROUBLE: u32 = 2;

/// How long after a success the provider counts as available.
const LATELY: Duration = Duration::from_mins(1);

/// When to ask again while another call of this process tries.
const PROBE_WAIT: Duration = Duration::from_secs(1);

/// No uptime in milliseconds.
const NEVER: u64 = u64::MAX;

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
    /// When the provider last worked, by the uptime in milliseconds; zero for never.
    worked_at: AtomicU64,
    /// When an outage, or a pause, last ended, by the uptime in milliseconds.
    recovered_at: AtomicU64,
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

impl Inner {
    fn uptime(&self) -> u64 {
        u64::try_from(self.clock.uptime().as_millis()).unwrap_or(NEVER)
    }
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
            cache: Cache::new(integration, store, events, observer, clock.clone()),
            started_at: clock.now(),
            clock,
            random,
            first_try: AtomicBool::new(true),
            probing: Arc::default(),
            failures: AtomicU32::new(0),
            worked_at: AtomicU64::new(0),
            recovered_at: AtomicU64::new(NEVER),
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
        let Some(standing) = self.pause(now).await else {
            return Ok(Permit::new(trigger, None, self.clone()));
        };
        if standing.is_open(now) && !self.may_try_early(&standing.pause, trigger) {
            return Err(Paused::of(&standing));
        }
        let LocalPause { pause, until } = standing;
        match Probe::begin(&inner.probing, pause.clone()) {
            Some(probe) => {
                if pause.reason == PauseReason::IntegrationRefused {
                    inner.first_try.store(false, Ordering::SeqCst);
                }
                Ok(Permit::new(trigger, Some(probe), self.clone()))
            }
            None => Err(Paused {
                until: until.max(now + PROBE_WAIT),
                reason: pause.reason,
            }),
        }
    }

    /// Whether this call may try before the pause ends. Nobody may where the
    /// provider asked to be left alone.
    fn may_try_early(&self, pause: &Pause, trigger: RefreshTrigger) -> bool {
        let first_try = self.0.first_try.load(Ordering::SeqCst) && pause.since < self.0.started_at;
        let is_asked_for = matches!(trigger, RefreshTrigger::Admin | RefreshTrigger::Api);
        match pause.reason {
            PauseReason::RateLimited => false,
            PauseReason::Outage => is_asked_for,
            PauseReason::IntegrationRefused => is_asked_for || first_try,
        }
    }

    /// The provider refreshed the token. Where that was the try after a pause, or the
    /// pause was for an outage, the pause is over.
    pub async fn succeeded(&self, permit: Permit) {
        if let Some(probe) = permit.into_probe() {
            self.note_success();
            self.note_recovery();
            self.0.cache.clear(&probe.pause, self.0.clock.now()).await;
        } else {
            // The call may have been sent before the provider began to reject the integration.
            let pause = self.0.cache.known().await.map(|standing| standing.pause);
            self.end(pause.filter(|pause| pause.reason == PauseReason::Outage))
                .await;
        }
    }

    /// The provider exchanged a code. That ends an outage for all tokens, and shows that it
    /// accepts the integration's credentials.
    pub async fn provider_works(&self) {
        let standing = self.pause(self.0.clock.now()).await;
        let pause = standing.map(|standing| standing.pause);
        // A provider that limits the rate may still answer one call.
        self.end(pause.filter(|pause| pause.reason != PauseReason::RateLimited))
            .await;
    }

    /// Ends this pause, since the provider works.
    async fn end(&self, pause: Option<Pause>) {
        self.note_success();
        if let Some(pause) = pause {
            self.note_recovery();
            self.0.cache.clear(&pause, self.0.clock.now()).await;
        }
    }

    fn note_success(&self) {
        let inner = &*self.0;
        inner.worked_at.store(inner.uptime(), Ordering::SeqCst);
        if inner.failures.swap(0, Ordering::SeqCst) >= TROUBLE {
            self.note_recovery();
        }
    }

    fn note_recovery(&self) {
        let now = self.0.uptime();
        self.0.recovered_at.store(now, Ordering::SeqCst);
    }

    /// Whether an outage, or a pause, has ended since `failed_at`: then a token that
    /// failed before need not wait any longer.
    pub fn has_recovered_since(&self, failed_at: Timestamp) -> bool {
        let inner = &*self.0;
        let recovered_at = inner.recovered_at.load(Ordering::SeqCst);
        if recovered_at == NEVER {
            return false;
        }
        // How long ago both were, since the clock may have been set back since then. The
        // two clocks do not count the same milliseconds.
        let since_recovery = inner.uptime().saturating_sub(recovered_at);
        let since_failure = inner.clock.now().as_millis() - failed_at.as_millis();
        u64::try_from(since_failure + 1).is_ok_and(|age| age >= since_recovery)
    }

    /// The likely cause of a failure that was just passed to [`failed`](Self::failed).
    /// Unless the provider recently worked for other tokens, the cause may be an outage,
    /// so that retries stay frequent.
    pub(super) fn cause_of(&self, error: &SparkError) -> Cause {
        let trips = matches!(Verdict::of(error), Verdict::Trips(_));
        if trips || !self.works_for_others() {
            Cause::Provider
        } else {
            Cause::Token
        }
    }

    fn works_for_others(&self) -> bool {
        let inner = &*self.0;
        let worked_at = Duration::from_millis(inner.worked_at.load(Ordering::SeqCst));
        !worked_at.is_zero()
            && inner.clock.uptime().saturating_sub(worked_at) < LATELY
            && inner.failures.load(Ordering::SeqCst) < TROUBLE
    }

    /// The pause as this process knows it. If it disappeared, another process ended it.
    async fn pause(&self, now: Timestamp) -> Option<LocalPause> {
        let before = self.0.cache.known().await;
        let pause = self.0.cache.pause(now).await;
        if before.is_some() && pause.is_none() {
            self.note_recovery();
        }
        pause
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
    async fn begun_meanwhile(&self) -> Option<LocalPause> {
        let known = self.0.cache.known().await;
        known.filter(|standing| standing.is_open(self.0.clock.now()))
    }

    /// How the breaker stands.
    pub async fn state(&self, now: Timestamp) -> BreakerState {
        match self.pause(now).await {
            None => BreakerState::Closed,
            Some(standing) if standing.is_open(now) => BreakerState::Open(standing.pause),
            Some(standing) => BreakerState::HalfOpen(standing.pause),
        }
    }
}

#[cfg(test)]
mod tests;
