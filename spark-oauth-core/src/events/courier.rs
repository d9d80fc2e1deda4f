//! Takes events out of the outbox and offers them to their destinations.

use std::collections::HashMap;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{self, JoinError, JoinSet};

use crate::events::health::{Admission, Ending};
use crate::events::offer::Offer;
use crate::events::raise::Events;
use crate::ports::{DeliveryOutcome, OutboxEntry, Random, StoreError};
use crate::timestamp::Timestamp;

/// How many entries are looked at in one sweep. Those of a destination that is busy
/// stay where they are, so it is many times what runs at once: a destination with a
/// long queue does not hide the others.
const AT_ONCE: NonZeroU16 = NonZeroU16::new(256).unwrap();

/// How many offers run at once in this process.
const MOST_UNDER_WAY: usize = 32;

/// How long an entry that somebody took is left to them. Longer than an offer can
/// take: a crash in the middle delays the event by this.
const TAKEN_FOR: Duration = Duration::from_mins(1);

/// How long the event of a removal waits for the record to go, and how often it
/// looks. Deleting is tried for a minute at most.
const REMOVAL_LIMIT: Duration = Duration::from_mins(5);
const REMOVAL_PAUSE: Duration = Duration::from_secs(2);

/// Events for a destination that nobody here knows, or that wants none any more, are
/// kept this long after they happened.
const KEPT_UNWANTED: Duration = Duration::from_hours(72);
const UNKNOWN_PAUSE: Duration = Duration::from_hours(1);

/// Carries events of the outbox away.
#[derive(Debug)]
pub(super) struct Courier {
    events: Events,
    random: Arc<dyn Random>,
    /// Whether the events of changed endpoints were made due.
    resumed: bool,
    under_way: JoinSet<Ending>,
    destinations: HashMap<task::Id, String>,
}

impl Courier {
    pub(super) fn new(events: Events, random: Arc<dyn Random>) -> Self {
        Self {
            events,
            random,
            resumed: false,
            under_way: JoinSet::new(),
            destinations: HashMap::new(),
        }
    }

    /// Offers what is due, as far as there is room, and answers whether more may be
    /// due at once.
    pub(super) async fn sweep(&mut self) -> Result<bool, StoreError> {
        let now = self.events.clock.now();
        self.resume_changed(now).await?;
        let suspended = self.suspended(now);
        if !suspended.is_empty() && suspended.len() == self.events.routes.iter().count() {
            return Ok(false);
        }
        let outbox = &self.events.outbox;
        let due = outbox.due_in_outbox(now, AT_ONCE, &suspended).await?;
        let full = due.len() == usize::from(AT_ONCE.get());
        let mut progress = false;
        for entry in due {
            if self.under_way.len() >= MOST_UNDER_WAY {
                return Ok(false);
            }
            progress |= self.attend_to(entry, now).await?;
        }
        Ok(full && progress)
    }

    /// Makes events due at once that were never tried at the configured endpoint, because
    /// the configuration changed or the last process suspended it. Runs once per process.
    async fn resume_changed(&mut self, now: Timestamp) -> Result<(), StoreError> {
        if self.resumed {
            return Ok(());
        }
        for destination in self.events.routes.iter() {
            let (name, endpoint) = (&destination.name, destination.endpoint.clone());
            let outbox = &self.events.outbox;
            let events = outbox.resume_outbox(name, Some(endpoint), now).await?;
            if events > 0 {
                tracing::info!(
                    destination = name,
                    events,
                    "waiting events become due: endpoint not tried before"
                );
            }
        }
        self.resumed = true;
        Ok(())
    }

    fn suspended(&self, now: Timestamp) -> Vec<String> {
        let names = self.events.routes.iter().map(|it| it.name.clone());
        names
            .filter(|name| self.events.healths.admission(name, now) == Admission::Suspended)
            .collect()
    }

    /// The next offer that ends; for ever where none is under way.
    pub(super) async fn next_ending(&mut self) {
        match self.under_way.join_next_with_id().await {
            Some(ended) => self.note(ended),
            None => std::future::pending().await,
        }
    }

    /// Waits for what is under way.
    pub(super) async fn finish(&mut self) {
        while let Some(ended) = self.under_way.join_next_with_id().await {
            self.note(ended);
        }
    }

    fn note(&mut self, ended: Result<(task::Id, Ending), JoinError>) {
        let (id, ending) = match ended {
            Ok(ended) => ended,
            // A panic was shown by its hook. The entry comes back by itself.
            Err(error) => (error.id(), Ending::Failed),
        };
        let Some(destination) = self.destinations.remove(&id) else {
            return;
        };
        let now = self.events.clock.now();
        if let Some(suspension) = self.events.healths.end(&destination, ending, now) {
            tracing::error!(
                destination,
                gone = suspension.gone,
                until = %suspension.until,
                "event destination suspended: it accepts no events"
            );
        }
        let suspended = self.events.healths.suspension(&destination).is_some();
        let observer = &self.events.observer;
        observer.destination_suspended(&destination, suspended);
    }

    /// Answers whether the entry was changed in the store.
    async fn attend_to(&mut self, entry: OutboxEntry, now: Timestamp) -> Result<bool, StoreError> {
        let age = now.since(entry.event.at);
        let known = self.events.routes.find(&entry.destination).is_some();
        if !known {
            return if age > KEPT_UNWANTED {
                self.give_up(&entry, "no such destination is configured")
                    .await
            } else {
                self.postpone(entry, now + UNKNOWN_PAUSE).await
            };
        }
        if let Some(record) = entry.awaits_removal_of
            && self.events.tokens.get(record).await?.is_some()
        {
            return if age > REMOVAL_LIMIT {
                tracing::debug!(token = %record, "a removal did not take place");
                self.drop_entry(&entry).await
            } else {
                self.postpone(entry, now + REMOVAL_PAUSE).await
            };
        }
        let suspension = self.events.healths.suspension(&entry.destination);
        if age > KEPT_UNWANTED && suspension.is_some_and(|suspension| suspension.gone) {
            return self
                .give_up(&entry, "the destination wants no event any more")
                .await;
        }
        match self.events.healths.admission(&entry.destination, now) {
            Admission::Open => self.take(entry, now).await,
            Admission::Busy | Admission::Suspended => Ok(false),
        }
    }

    /// Makes the entry ours, and offers it. A try counts when it begins, so that an
    /// event that ends our process is given up some day.
    async fn take(&mut self, mut entry: OutboxEntry, now: Timestamp) -> Result<bool, StoreError> {
        let seen = entry.next_at;
        entry.next_at = now + TAKEN_FOR;
        entry.attempts = entry.attempts.saturating_add(1);
        let route = self.events.routes.find(&entry.destination);
        entry.endpoint = route.map(|route| route.endpoint.clone());
        let taken = self
            .events
            .outbox
            .reschedule_in_outbox(&entry, seen)
            .await?;
        if let (true, Some(route)) = (taken, route) {
            let destination = entry.destination.clone();
            let offer = Offer {
                events: self.events.clone(),
                random: self.random.clone(),
                delivery: route.delivery.clone(),
                entry,
            };
            self.events.healths.begin(&destination);
            let task = self.under_way.spawn(offer.carry());
            self.destinations.insert(task.id(), destination);
        }
        Ok(taken)
    }

    async fn postpone(&self, mut entry: OutboxEntry, until: Timestamp) -> Result<bool, StoreError> {
        let seen = entry.next_at;
        entry.next_at = until;
        self.events.outbox.reschedule_in_outbox(&entry, seen).await
    }

    async fn give_up(&self, entry: &OutboxEntry, why: &str) -> Result<bool, StoreError> {
        let removed = self.drop_entry(entry).await?;
        if removed {
            tracing::error!(
                event = entry.event.kind.name(),
                event_id = %entry.event.id,
                destination = entry.destination,
                why,
                "an event was given up"
            );
            let outcome = DeliveryOutcome::GivenUp;
            let observer = &self.events.observer;
            observer.delivery_ended(&entry.destination, outcome, Duration::ZERO);
        }
        Ok(removed)
    }

    async fn drop_entry(&self, entry: &OutboxEntry) -> Result<bool, StoreError> {
        let outbox = &self.events.outbox;
        outbox
            .remove_from_outbox(entry.event.id, &entry.destination)
            .await
    }
}
