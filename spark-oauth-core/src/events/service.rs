//! Relay and courier, as long as the process lives.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::audit::{AuditAction, Caller, Outcome};
use crate::auditor::{Auditor, Subject};
use crate::events::courier::Courier;
use crate::events::health::Suspension;
use crate::events::raise::Events;
use crate::ports::{Backlog, Random, StoreError};
use crate::timestamp::Timestamp;

/// How often records are looked at without news: for events whose process ended
/// before it moved them.
const RELAY_EVERY: Duration = Duration::from_secs(15);

/// How often the outbox is looked at for what has come due.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// The same, where no destination is configured: only what others left is tidied up.
const TIDY_EVERY: Duration = Duration::from_mins(5);

/// How long a store that fails is left alone.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Carries events to their destinations. Cheap to clone, but one is enough to run
/// for each process.
#[derive(Clone, Debug)]
pub struct EventService {
    pub(super) events: Events,
    pub(super) random: Arc<dyn Random>,
    auditor: Auditor,
}

/// The state of a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationStatus {
    /// Its name.
    pub destination: String,
    /// How many events wait for it.
    pub waiting: u64,
    /// Why waiting events are delayed; `None` if no event waits or none is delayed.
    pub trouble: Option<DeliveryTrouble>,
}

/// Why deliveries to a destination are delayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryTrouble {
    /// Whether this process has suspended the destination.
    pub suspended: bool,
    /// The start of the suspension, or the time of the event whose delivery failed.
    pub since: Timestamp,
    /// When the next delivery is attempted.
    pub next_attempt_at: Timestamp,
    /// Why the last attempt failed, in words; contains no secret.
    pub reason: String,
}

impl EventService {
    pub(crate) const fn new(events: Events, random: Arc<dyn Random>, auditor: Auditor) -> Self {
        Self {
            events,
            random,
            auditor,
        }
    }

    /// The state of each destination. The number of waiting events is the same in every
    /// process; a suspension is that of this process.
    ///
    /// # Errors
    /// The store's.
    pub async fn destinations(&self) -> Result<Vec<DestinationStatus>, StoreError> {
        let mut statuses = Vec::new();
        for destination in self.events.routes.iter() {
            let name = &destination.name;
            let backlog = self.events.outbox.backlog_in_outbox(name).await?;
            statuses.push(DestinationStatus {
                destination: name.clone(),
                waiting: backlog.waiting,
                trouble: trouble(self.events.healths.suspension(name), backlog),
            });
        }
        Ok(statuses)
    }

    /// Ends the suspension of a destination and makes its waiting events due, at the request
    /// of an admin. Returns how many events were not due yet.
    ///
    /// # Errors
    /// The store's. Nothing has changed then.
    pub async fn resume(&self, destination: &str, caller: &Caller) -> Result<u64, StoreError> {
        let now = self.events.clock.now();
        let outbox = &self.events.outbox;
        let resumed = outbox.resume_outbox(destination, None, now).await?;
        self.events.healths.resume(destination);
        self.events
            .observer
            .destination_suspended(destination, false);
        self.events.mail.notify_one();
        let subject = Subject::named(destination);
        self.auditor
            .record(caller, AuditAction::DeliveryResumed, subject, Outcome::Done)
            .await;
        Ok(resumed)
    }

    /// Moves events out of the records of tokens and offers them to their
    /// destinations, until `stop` is ready; then waits for the deliveries under way,
    /// half a minute at most, and as long again where the store fails.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        let (ending, has_ended) = watch::channel(false);
        tokio::join!(
            async {
                stop.await;
                ending.send_replace(true);
            },
            self.relay(has_ended.clone()),
            self.carry(has_ended),
        );
    }

    fn unless_nobody_listens(&self, pause: Duration) -> Duration {
        if self.events.routes.is_empty() {
            TIDY_EVERY
        } else {
            pause
        }
    }

    async fn relay(&self, mut stop: watch::Receiver<bool>) {
        let idle = self.unless_nobody_listens(RELAY_EVERY);
        let mut failures = Failures::of("events of tokens could not be moved");
        loop {
            let moved = self.events.relay().await;
            if moved.as_ref().is_ok_and(|moved| *moved > 0) {
                self.events.mail.notify_one();
            }
            let pause = failures.note(moved.err()).unwrap_or(idle);
            tokio::select! {
                biased;
                _ = stop.wait_for(|ended| *ended) => return,
                // A store that fails is not asked at every change.
                () = sleep(pause) => {}
                () = self.events.news.notified(), if !failures.last => {}
            }
        }
    }

    async fn carry(&self, mut stop: watch::Receiver<bool>) {
        let idle = self.unless_nobody_listens(SWEEP_EVERY);
        let mut failures = Failures::of("the outbox could not be read or written");
        let mut courier = Courier::new(self.events.clone(), self.random.clone());
        loop {
            let swept = courier.sweep().await;
            let pause = match &swept {
                Ok(true) => Duration::ZERO,
                _ => idle,
            };
            let pause = failures.note(swept.err()).unwrap_or(pause);
            tokio::select! {
                biased;
                _ = stop.wait_for(|ended| *ended) => break,
                () = courier.next_ending() => {}
                () = self.events.mail.notified(), if !failures.last => {}
                () = sleep(pause) => {}
            }
        }
        courier.finish().await;
    }
}

fn trouble(suspension: Option<Suspension>, backlog: Backlog) -> Option<DeliveryTrouble> {
    let next_at = backlog.next_at?;
    let failed = backlog.failed;
    if suspension.is_none() && failed.is_none() {
        return None;
    }
    let since = suspension.map(|suspension| suspension.since);
    let since = since.or_else(|| failed.as_ref().map(|failed| failed.event.at));
    let next_attempt_at = match (suspension, &failed) {
        (Some(suspension), _) => suspension.until.max(next_at),
        (None, Some(failed)) => failed.next_at,
        (None, None) => next_at,
    };
    Some(DeliveryTrouble {
        suspended: suspension.is_some(),
        since: since.unwrap_or(next_at),
        next_attempt_at,
        reason: failed
            .and_then(|failed| failed.last_error)
            .unwrap_or_else(|| "the destination accepts no events".to_owned()),
    })
}

/// Tells the log of a store that fails, once for each time.
struct Failures {
    what: &'static str,
    last: bool,
}

impl Failures {
    const fn of(what: &'static str) -> Self {
        Self { what, last: false }
    }

    /// Answers how long to wait where it failed.
    fn note(&mut self, error: Option<StoreError>) -> Option<Duration> {
        let failed = error.is_some();
        if let Some(error) = error
            && !self.last
        {
            tracing::warn!(%error, "{}; they wait for the store", self.what);
        }
        self.last = failed;
        failed.then_some(AFTER_FAILURE)
    }
}
