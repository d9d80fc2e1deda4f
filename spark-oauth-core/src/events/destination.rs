//! Where events go, and which of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::event::{Event, EventType};
use crate::ports::{Delivery, EventSink};

/// Where events go that must not be lost.
#[derive(Clone, Debug)]
pub struct Destination {
    pub(super) name: String,
    pub(super) endpoint: String,
    wanted: BTreeSet<EventType>,
    pub(super) delivery: Arc<dyn Delivery>,
}

impl Destination {
    /// A destination that wants every event. The name stands in the store beside
    /// each event that waits for it: keep it, while the address behind it may change.
    pub fn new(name: impl Into<String>, delivery: Arc<dyn Delivery>) -> Self {
        Self {
            name: name.into(),
            endpoint: String::new(),
            wanted: EventType::ALL.into(),
            delivery,
        }
    }

    /// Sets a fingerprint of the endpoint's address and secret. If it changes at the next
    /// start, waiting events are delivered at once and their attempts count anew. The store
    /// keeps the fingerprint, so it must not reveal the secret.
    #[must_use]
    pub fn endpoint(mut self, fingerprint: impl Into<String>) -> Self {
        self.endpoint = fingerprint.into();
        self
    }

    /// Limits the destination to these types.
    #[must_use]
    pub fn only(mut self, wanted: impl IntoIterator<Item = EventType>) -> Self {
        self.wanted = wanted.into_iter().collect();
        self
    }

    fn wants(&self, kind: EventType) -> bool {
        self.wanted.contains(&kind)
    }
}

/// All destinations.
#[derive(Clone, Debug, Default)]
pub(super) struct Routes(Arc<[Destination]>);

impl Routes {
    pub(super) fn new(destinations: Vec<Destination>) -> Self {
        Self(destinations.into())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether anybody wants events of this type.
    pub(super) fn want(&self, kind: EventType) -> bool {
        self.0.iter().any(|destination| destination.wants(kind))
    }

    /// The names of those who want this event.
    pub(super) fn names_for(&self, event: &Event) -> impl Iterator<Item = &str> {
        let kind = event.kind.event_type();
        self.0
            .iter()
            .filter(move |destination| destination.wants(kind))
            .map(|destination| destination.name.as_str())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Destination> {
        self.0.iter()
    }

    /// The destination of this name.
    pub(super) fn find(&self, name: &str) -> Option<&Destination> {
        self.0.iter().find(|destination| destination.name == name)
    }
}

/// Where events go, as the application was put together.
#[derive(Debug, Default)]
pub(crate) struct Outlets {
    /// Those who are told at once.
    pub(crate) sinks: Vec<Arc<dyn EventSink>>,
    /// Those who lose none.
    pub(crate) destinations: Vec<Destination>,
}
