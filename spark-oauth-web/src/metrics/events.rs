//! Counts events.

use spark_oauth_core::event::Event;
use spark_oauth_core::ports::EventSink;

pub(super) const EVENTS: &str = "spark_oauth_events_total";

/// Counts the events of this process by type.
#[derive(Debug)]
pub(crate) struct EventCounter;

impl EventSink for EventCounter {
    fn publish(&self, event: &Event) {
        metrics::counter!(EVENTS, "type" => event.kind.name()).increment(1);
    }
}
