//! A destination that answers as a test wants.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Semaphore, watch};

use crate::event::Event;
use crate::ports::{Delivery, DeliveryError};

#[derive(Clone, Debug, Default)]
pub(super) struct Mailbox(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    answers: Mutex<VecDeque<DeliveryError>>,
    always: Mutex<Option<DeliveryError>>,
    gate: Mutex<Option<Arc<Semaphore>>>,
    offered: watch::Sender<Vec<Event>>,
    taken: watch::Sender<Vec<Event>>,
}

pub(super) fn failed() -> DeliveryError {
    failed_for(None)
}

pub(super) fn failed_for(retry_after: Option<Duration>) -> DeliveryError {
    DeliveryError::Failed {
        summary: "the box is full".to_owned(),
        retry_after,
    }
}

pub(super) fn gone() -> DeliveryError {
    DeliveryError::Gone {
        summary: "the box is gone".to_owned(),
    }
}

impl Mailbox {
    /// Answers the next offers like this, one after the other.
    pub(super) fn refuse(&self, errors: impl IntoIterator<Item = DeliveryError>) {
        self.0.answers.lock().unwrap().extend(errors);
    }

    /// Answers every offer like this from now on.
    pub(super) fn refuse_all(&self, error: Option<DeliveryError>) {
        *self.0.always.lock().unwrap() = error;
    }

    /// Holds every offer until the gate has a permit.
    pub(super) fn hold(&self) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        *self.0.gate.lock().unwrap() = Some(gate.clone());
        gate
    }

    /// Every offer, the refused ones too.
    pub(super) fn offered(&self) -> Vec<Event> {
        self.0.offered.borrow().clone()
    }

    pub(super) fn taken(&self) -> Vec<Event> {
        self.0.taken.borrow().clone()
    }

    pub(super) async fn wait_for_offers(&self, count: usize) {
        let mut offered = self.0.offered.subscribe();
        let come = offered.wait_for(|events| events.len() >= count).await;
        drop(come.unwrap());
    }

    pub(super) async fn wait_for_taken(&self, count: usize) {
        let mut taken = self.0.taken.subscribe();
        drop(
            taken
                .wait_for(|events| events.len() >= count)
                .await
                .unwrap(),
        );
    }
}

#[async_trait]
impl Delivery for Mailbox {
    async fn deliver(&self, destination: &str, event: &Event) -> Result<(), DeliveryError> {
        assert_eq!(destination, "box");
        let inner = &self.0;
        inner
            .offered
            .send_modify(|events| events.push(event.clone()));
        let gate = inner.gate.lock().unwrap().clone();
        if let Some(gate) = gate {
            gate.acquire().await.unwrap().forget();
        }
        let next = inner.answers.lock().unwrap().pop_front();
        let always = inner.always.lock().unwrap().clone();
        if let Some(error) = next.or(always) {
            return Err(error);
        }
        inner.taken.send_modify(|events| events.push(event.clone()));
        Ok(())
    }
}
