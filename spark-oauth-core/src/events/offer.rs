//! One try to deliver one event, and what it leaves in the outbox.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::events::back_off;
use crate::events::health::Ending;
use crate::events::raise::Events;
use crate::patience::Patience;
use crate::ports::{Delivery, DeliveryError, DeliveryOutcome, OutboxEntry, Random, StoreError};

/// The longest time for one try, whatever limit the delivery has of its own.
const TRY_LIMIT: Duration = Duration::from_secs(30);

/// How long a store that fails is told of the ending. Where it never hears of it,
/// the event is offered again.
const NOTE_LIMIT: Duration = Duration::from_secs(30);

/// An entry that is ours for a while.
#[derive(Debug)]
pub(super) struct Offer {
    pub(super) events: Events,
    pub(super) random: Arc<dyn Random>,
    pub(super) delivery: Arc<dyn Delivery>,
    pub(super) entry: OutboxEntry,
}

impl Offer {
    /// Offers the event, and writes down how that ended.
    pub(super) async fn carry(self) -> Ending {
        let begun = Instant::now();
        let Self { entry, .. } = &self;
        let answer = timeout(
            TRY_LIMIT,
            self.delivery.deliver(&entry.destination, &entry.event),
        )
        .await
        .unwrap_or_else(|_| Err(too_slow()));
        let (ending, outcome) = match &answer {
            Ok(()) => (Ending::Taken, DeliveryOutcome::Delivered),
            Err(error) => (
                match error {
                    DeliveryError::Failed { .. } => Ending::Failed,
                    DeliveryError::Gone { .. } => Ending::Gone,
                },
                match back_off::pause(entry.attempts) {
                    Some(_) => DeliveryOutcome::Failed,
                    None => DeliveryOutcome::GivenUp,
                },
            ),
        };
        let observer = &self.events.observer;
        observer.delivery_ended(&entry.destination, outcome, begun.elapsed());
        let mut patience = Patience::lasting(NOTE_LIMIT);
        while let Err(error) = self.write_down(answer.as_ref().err()).await {
            if let Err(error) = patience.wait(error).await {
                tracing::warn!(
                    event_id = %entry.event.id, destination = entry.destination, %error,
                    "how a delivery ended could not be noted; the event is offered again"
                );
                break;
            }
        }
        ending
    }

    async fn write_down(&self, error: Option<&DeliveryError>) -> Result<(), StoreError> {
        let Self { entry, .. } = self;
        let Some(error) = error else {
            self.remove().await?;
            tracing::debug!(
                event_id = %entry.event.id, destination = entry.destination, "an event was delivered"
            );
            return Ok(());
        };
        let Some(pause) = self.pause_after(error) else {
            self.remove().await?;
            tracing::error!(
                event = entry.event.kind.name(), event_id = %entry.event.id,
                destination = entry.destination, attempts = entry.attempts, %error,
                "an event was given up: its destination never took it"
            );
            return Ok(());
        };
        let next = OutboxEntry {
            next_at: self.events.clock.now() + pause,
            last_error: Some(error.to_string()),
            ..entry.clone()
        };
        let outbox = &self.events.outbox;
        outbox.reschedule_in_outbox(&next, entry.next_at).await?;
        tracing::warn!(
            event = entry.event.kind.name(), event_id = %entry.event.id,
            destination = entry.destination, attempts = entry.attempts, ?pause, %error,
            "an event was not taken; it is offered again"
        );
        Ok(())
    }

    async fn remove(&self) -> Result<(), StoreError> {
        let Self { entry, .. } = self;
        let outbox = &self.events.outbox;
        outbox
            .remove_from_outbox(entry.event.id, &entry.destination)
            .await?;
        Ok(())
    }

    /// How long the event waits now; `None` where it was offered often enough.
    fn pause_after(&self, error: &DeliveryError) -> Option<Duration> {
        let pause = back_off::pause(self.entry.attempts)?;
        let at_least = match error {
            DeliveryError::Failed { retry_after, .. } => retry_after.unwrap_or_default(),
            // The destination is suspended as a whole, in this process alone.
            DeliveryError::Gone { .. } => Duration::ZERO,
        };
        let pause = pause.max(at_least.min(back_off::LONGEST));
        Some(back_off::jittered(pause, &*self.random))
    }
}

fn too_slow() -> DeliveryError {
    DeliveryError::Failed {
        summary: "the delivery took too long".to_owned(),
        retry_after: None,
    }
}
