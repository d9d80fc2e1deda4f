//! Raising events: with the write of the change that they tell of, so that a crash
//! loses neither.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::detached::Detached;
use crate::event::{Event, EventKind, EventToken};
use crate::events::destination::{Outlets, Routes};
use crate::events::health::Healths;
use crate::events::identity;
use crate::integration::ClientId;
use crate::patience::Patience;
use crate::ports::{
    Clock, EventSink, Observer, Outbox, OutboxEntry, StoreError, Stores, TokenStore,
};
use crate::token::Token;

/// How many events may wait in one record. The relay empties it within seconds; a
/// record with more stands in a store whose relay does not run.
pub(super) const MOST_IN_A_RECORD: usize = 16;

/// How long a store that fails is offered an event of the integration, which
/// stands in no record.
const INTEGRATION_LIMIT: Duration = Duration::from_mins(1);

/// Raises events. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Events {
    pub(super) integration: ClientId,
    pub(super) tokens: Arc<dyn TokenStore>,
    pub(super) outbox: Arc<dyn Outbox>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) routes: Routes,
    pub(super) healths: Healths,
    sinks: Arc<[Arc<dyn EventSink>]>,
    detached: Detached,
    /// Wakes the relay.
    pub(super) news: Arc<Notify>,
    /// Wakes the courier.
    pub(super) mail: Arc<Notify>,
}

impl Events {
    pub(crate) fn new(
        integration: ClientId,
        stores: &Stores,
        clock: Arc<dyn Clock>,
        observer: Arc<dyn Observer>,
        detached: Detached,
        outlets: Outlets,
    ) -> Self {
        Self {
            integration,
            tokens: stores.tokens.clone(),
            outbox: stores.outbox.clone(),
            clock,
            observer,
            routes: Routes::new(outlets.destinations),
            healths: Healths::default(),
            sinks: outlets.sinks.into(),
            detached,
            news: Arc::default(),
            mail: Arc::default(),
        }
    }

    /// Makes the event of a change, to be called right before the write that makes
    /// it true, on the record as it will be: where a destination wants the event,
    /// it is put into the record, so that the store takes both or neither.
    ///
    /// A write that is tried again on a record that was read again calls this again:
    /// the event and its identifier are the same.
    pub(crate) fn record(&self, token: &mut Token, kind: EventKind) -> Event {
        let event = self.of_token(token, kind);
        let waiting = &mut token.upkeep.events;
        let stands = waiting.iter().any(|other| other.id == event.id);
        if self.routes.want(event.kind.event_type()) && !stands {
            waiting.push(event.clone());
            let dropped = drop_surplus(waiting);
            if dropped > 0 {
                tracing::warn!(
                    token = %token.id, dropped,
                    "events of a token were dropped, since nothing carries them away"
                );
                self.observer.events_dropped(dropped);
            }
        }
        event
    }

    /// Tells of events whose writes are durable now, and wakes the relay.
    pub(crate) fn published(&self, events: &[Event]) {
        for event in events {
            for sink in &*self.sinks {
                sink.publish(event);
            }
        }
        if !events.is_empty() && !self.routes.is_empty() {
            self.news.notify_one();
            self.mail.notify_one();
        }
    }

    /// Makes the event of a removal, to be called right before the record is
    /// deleted; call [`published`](Self::published) when it is gone. Until then the
    /// event waits in the outbox, together with those that wait in the record, which
    /// would go with it; where the record stays, the event is dropped.
    ///
    /// # Errors
    /// The store's: then the record should not be deleted yet.
    pub(crate) async fn removed(&self, token: &Token) -> Result<Event, StoreError> {
        let event = self.of_token(token, EventKind::Removed);
        if self.routes.is_empty() {
            return Ok(event);
        }
        if let Some(current) = self.tokens.get(token.id).await? {
            for waiting in &current.upkeep.events {
                self.dispatch(waiting).await?;
            }
        }
        for destination in self.routes.names_for(&event) {
            let entry = OutboxEntry {
                awaits_removal_of: Some(token.id),
                ..self.entry(&event, destination)
            };
            if !self.outbox.add_to_outbox(&entry).await? {
                // It stands from an earlier try, and may be about to be dropped.
                self.outbox
                    .remove_from_outbox(event.id, destination)
                    .await?;
                self.outbox.add_to_outbox(&entry).await?;
            }
        }
        Ok(event)
    }

    /// Tells of what happened to the whole integration, now. The outbox is offered
    /// it in the background, since no record can keep it.
    pub(crate) fn integration(&self, kind: EventKind) {
        let at = self.clock.now();
        let event = Event {
            id: identity::of_integration(self.integration.as_str(), &kind, at),
            at,
            integration: self.integration.clone(),
            token: None,
            kind,
        };
        if self.routes.want(event.kind.event_type()) {
            let (events, event) = (self.clone(), event.clone());
            drop(
                self.detached
                    .start(async move { events.keep(&event).await }),
            );
        }
        self.published(&[event]);
    }

    async fn keep(&self, event: &Event) {
        let mut patience = Patience::lasting(INTEGRATION_LIMIT);
        while let Err(error) = self.dispatch(event).await {
            if let Err(error) = patience.wait(error).await {
                tracing::error!(event_id = %event.id, %error, "an event could not be kept");
                return;
            }
        }
        self.mail.notify_one();
    }

    /// Adds an event to the outbox, for everybody who wants it.
    pub(super) async fn dispatch(&self, event: &Event) -> Result<(), StoreError> {
        for destination in self.routes.names_for(event) {
            self.outbox
                .add_to_outbox(&self.entry(event, destination))
                .await?;
        }
        Ok(())
    }

    fn entry(&self, event: &Event, destination: &str) -> OutboxEntry {
        OutboxEntry {
            event: event.clone(),
            destination: destination.to_owned(),
            next_at: self.clock.now(),
            attempts: 0,
            last_error: None,
            endpoint: None,
            awaits_removal_of: None,
        }
    }

    fn of_token(&self, token: &Token, kind: EventKind) -> Event {
        let now = self.clock.now();
        Event {
            id: identity::of_token(token, &kind, now),
            at: now,
            integration: token.integration.clone(),
            token: Some(EventToken {
                id: token.id,
                person: token.person.clone(),
                email: token.held_email().cloned(),
                generation: token.generation,
            }),
            kind,
        }
    }
}

/// Drops the oldest events of refreshes where too many wait, and answers how many.
/// What says that a person's consent came or went is never dropped.
fn drop_surplus(waiting: &mut Vec<Event>) -> usize {
    let before = waiting.len();
    while waiting.len() > MOST_IN_A_RECORD {
        let oldest = waiting.iter().position(|event| {
            matches!(
                event.kind,
                EventKind::Refreshed { .. } | EventKind::RefreshFailed { .. }
            )
        });
        let Some(oldest) = oldest else { break };
        waiting.remove(oldest);
    }
    before - waiting.len()
}
