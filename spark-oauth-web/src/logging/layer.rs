//! Turns events into lines.

use std::fmt;
use std::sync::Arc;

use spark_oauth_core::SPAN_TARGET;
use spark_oauth_core::ports::Clock;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::entry::{Entry, Fields};
use super::sink::Sinks;

/// Collects the fields of an event and of the spans around it.
pub(super) struct LogLayer {
    clock: Arc<dyn Clock>,
    sinks: Arc<Sinks>,
}

impl LogLayer {
    pub(super) fn new(clock: Arc<dyn Clock>, sinks: Arc<Sinks>) -> Self {
        Self { clock, sinks }
    }
}

impl<S> Layer<S> for LogLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().target() == SPAN_TARGET {
            // Its fields are for those who read traces.
            return;
        }
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            record.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let of_log_crate = event.normalized_metadata();
        let metadata = of_log_crate.as_ref().unwrap_or_else(|| event.metadata());
        let mut entry = Entry::new(self.clock.now(), *metadata.level(), metadata.target());
        event.record(entry.fields_mut());
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(fields) = span.extensions().get::<Fields>() {
                entry.inherit(fields);
            }
        }
        self.sinks.write(&entry);
    }
}

impl fmt::Debug for LogLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogLayer").finish_non_exhaustive()
    }
}
