//! The background worker: it refreshes what comes due, before anybody asks.
//!
//! Any number of processes run one on the same store, without a leader. Each looks
//! at its own time, takes some of the due tokens by chance and claims them one by
//! one, as every refresh does. A record whose visit led to nothing gets a later
//! time, so that broken tokens never stand before the others for long.

mod pulse;
mod queue;
mod sweep;
mod visit;

use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::application::Parts;
use crate::broker::breaker::{Breaker, BreakerState};
use crate::broker::chance::up_to;
use crate::broker::schedule::Schedule;
use crate::broker::service::Broker;
use crate::broker::worker::pulse::Pulse;
use crate::broker::worker::queue::Queue;
use crate::broker::worker::sweep::Sweep;
use crate::broker::worker::visit::{Visited, visit};
use crate::corrected_clock::CorrectedClock;
use crate::ids::TokenId;
use crate::integration::ClientId;
use crate::ports::{Clock as _, Random, TokenStore};

/// A pause may be ended early, by another process or an admin.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long a store that is away is left alone at first, and at last: it is to be
/// noticed within seconds that it is back.
const AFTER_FAILURE: Duration = Duration::from_millis(500);
const LONGEST_AFTER_FAILURE: Duration = Duration::from_secs(4);

/// How the background worker works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerSettings {
    /// How many calls to the provider it makes at once.
    pub concurrency: NonZeroUsize,
    /// How often it looks for what has come due, about.
    pub poll: Duration,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self {
            concurrency: const { NonZeroUsize::new(16).unwrap() },
            poll: Duration::from_secs(1),
        }
    }
}

/// The background worker. Cheap to clone, but one is enough to run for each process.
#[derive(Clone, Debug)]
pub struct Worker {
    broker: Broker,
    tokens: Arc<dyn TokenStore>,
    integration: ClientId,
    schedule: Schedule,
    breaker: Breaker,
    clock: CorrectedClock,
    random: Arc<dyn Random>,
    pulse: Pulse,
    settings: WorkerSettings,
}

/// What the worker has at hand while it runs.
struct Shift {
    queue: Queue,
    visits: JoinSet<(TokenId, Visited)>,
    next_look: Instant,
    sweep: Sweep,
    /// How often in a row the store failed.
    failures: u32,
}

impl Worker {
    pub(crate) fn new(broker: Broker, parts: &Parts, settings: WorkerSettings) -> Self {
        Self {
            broker,
            tokens: parts.stores.tokens.clone(),
            integration: parts.integration.client_id.clone(),
            schedule: parts.schedule.clone(),
            breaker: parts.breaker.clone(),
            clock: parts.corrected.clone(),
            random: parts.random.clone(),
            pulse: Pulse::default(),
            settings,
        }
    }

    pub(crate) const fn with(mut self, settings: WorkerSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Refreshes what comes due until `stop` is ready; then waits for the refreshes
    /// under way. Nothing is lost where it is dropped instead.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        let concurrency = self.settings.concurrency.get();
        let places = Arc::new(Semaphore::new(concurrency));
        self.breaker.bound(&places);
        // While some wait for the store, others have the places.
        let most = concurrency.saturating_mul(2);
        let mut shift = Shift {
            queue: Queue::default(),
            visits: JoinSet::new(),
            next_look: Instant::now() + up_to(&*self.random, self.settings.poll),
            sweep: Sweep::new(&self),
            failures: 0,
        };
        let mut stop = pin!(stop);
        let beating = self.pulse.begin();
        loop {
            beating.beat();
            let turn = async {
                let wait = self.turn(&mut shift, most).await;
                tokio::select! {
                    biased;
                    Some(ended) = shift.visits.join_next() => Some(ended),
                    () = tokio::time::sleep(wait) => None,
                }
            };
            let ended = tokio::select! {
                biased;
                () = &mut stop => break,
                ended = turn => ended,
            };
            if let Some(Ok((id, visited))) = ended {
                self.note(&mut shift, id, visited);
            }
        }
        while shift.visits.join_next().await.is_some() {}
    }

    /// For how long it has not gone round; `None` where it does not run.
    pub(crate) fn silence(&self) -> Option<Duration> {
        self.pulse.age()
    }

    /// Begins as many visits as may be under way, and answers how long nothing else
    /// is to do unless one ends.
    async fn turn(&self, shift: &mut Shift, most: usize) -> Duration {
        shift.sweep.begin_where_needed(self);
        if shift.queue.is_stale() {
            shift.queue.clear();
            shift.next_look = Instant::now();
        }
        let is_time = shift.next_look <= Instant::now();
        if is_time && shift.queue.len() < most {
            self.look(shift, most).await;
        }
        let room = self.room(shift, most).await;
        while shift.visits.len() < room
            && let Some(id) = shift.queue.take()
        {
            let worker = self.clone();
            shift.visits.spawn(async move {
                // A store that panics must not leave the token under way for ever.
                let visit = tokio::spawn(async move { visit(&worker, id).await });
                (id, visit.await.unwrap_or(Visited::Later(Duration::ZERO)))
            });
        }
        let until_look = shift.next_look.saturating_duration_since(Instant::now());
        if until_look.is_zero() {
            // It is time to look, and enough is at hand: a visit that ends is next.
            return self.settings.poll;
        }
        until_look
    }

    /// How many visits may be under way.
    async fn room(&self, shift: &mut Shift, most: usize) -> usize {
        if shift.queue.is_empty() {
            return 0;
        }
        let now = self.clock.now();
        match self.breaker.state(now).await {
            BreakerState::Closed => most,
            // One tries whether it goes on.
            BreakerState::HalfOpen(_) => 1,
            BreakerState::Open(pause) => {
                self.sit_out(shift, pause.until.since(now));
                0
            }
        }
    }

    /// Asks the store for what is due. Where there is more than can be taken now,
    /// it is asked again as soon as that is done.
    async fn look(&self, shift: &mut Shift, most: usize) {
        let limit = Queue::limit(most);
        let now = self.clock.now();
        match self.tokens.list_due(&self.integration, now, limit).await {
            Ok(due) => {
                if due.is_empty() {
                    shift.failures = 0;
                }
                let is_full = due.len() >= usize::from(limit.get());
                let has_more = shift.queue.fill(due, most, &*self.random) || is_full;
                let at_once = has_more && !shift.queue.is_empty();
                shift.next_look = if at_once {
                    Instant::now()
                } else {
                    Instant::now() + self.settings.poll * 3 / 4 + self.jitter()
                };
            }
            Err(error) => {
                if shift.failures == 0 {
                    tracing::warn!(%error, "what is due could not be read; it waits for the store");
                }
                self.leave_alone(shift);
            }
        }
    }

    fn note(&self, shift: &mut Shift, id: TokenId, visited: Visited) {
        let rest = match visited {
            Visited::Done => {
                shift.failures = 0;
                None
            }
            Visited::Later(rest) => Some(rest.max(self.settings.poll)),
            Visited::Paused(left) => {
                self.sit_out(shift, left);
                None
            }
            Visited::StoreAway => {
                // The visits that were under way together tell of one failure.
                let is_news = shift.failures == 0 || shift.next_look <= Instant::now();
                if is_news {
                    self.leave_alone(shift);
                }
                Some(self.settings.poll)
            }
        };
        shift.queue.ended(id, rest);
    }

    /// Leaves the provider alone until the pause is over, or may have been ended.
    fn sit_out(&self, shift: &mut Shift, left: Duration) {
        shift.queue.clear();
        shift.next_look = Instant::now() + left.min(LONGEST_PAUSE) + self.jitter();
    }

    /// Leaves a store that fails alone, longer each time.
    fn leave_alone(&self, shift: &mut Shift) {
        let grown = AFTER_FAILURE.saturating_mul(1 << shift.failures.min(8));
        let wait = grown.min(LONGEST_AFTER_FAILURE);
        shift.failures = shift.failures.saturating_add(1);
        shift.queue.clear();
        shift.next_look = Instant::now() + wait / 2 + up_to(&*self.random, wait / 2);
    }

    /// Up to half of the time between two looks: processes that were started
    /// together do not look together.
    fn jitter(&self) -> Duration {
        up_to(&*self.random, self.settings.poll / 2)
    }
}

#[cfg(test)]
mod tests;
