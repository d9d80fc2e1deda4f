//! What one line of the log says, before it is written in some format.

use std::error::Error;
use std::fmt;

use serde_json::{Number, Value};
use spark_oauth_core::Timestamp;
use tracing::Level;
use tracing::field::{Field, Visit};

use super::capped::Capped;

/// The fields of an event or a span, in the order in which they were recorded.
#[derive(Debug, Default)]
pub(super) struct Fields {
    message: Option<String>,
    named: Vec<(&'static str, Value)>,
}

/// One event.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    time: Timestamp,
    level: Level,
    target: &'a str,
    fields: Fields,
}

impl<'a> Entry<'a> {
    pub(super) fn new(time: Timestamp, level: Level, target: &'a str) -> Self {
        Self {
            time,
            level,
            target,
            fields: Fields::default(),
        }
    }

    /// The time in UTC.
    pub(super) fn time(&self) -> String {
        self.time.to_string()
    }

    pub(super) fn level(&self) -> Level {
        self.level
    }

    pub(super) fn target(&self) -> &str {
        self.target
    }

    pub(super) fn message(&self) -> &str {
        self.fields.message.as_deref().unwrap_or_default()
    }

    /// The fields other than the message.
    pub(super) fn named(&self) -> &[(&'static str, Value)] {
        &self.fields.named
    }

    pub(super) fn set_message(&mut self, text: &str) {
        self.fields.message = Some(Capped::of(text));
    }

    pub(super) fn fields_mut(&mut self) -> &mut Fields {
        &mut self.fields
    }

    /// Takes over the fields of a span around the event; its own go first.
    pub(super) fn inherit(&mut self, span: &Fields) {
        for (name, value) in &span.named {
            if self.fields.named.iter().all(|(own, _)| own != name) {
                self.fields.named.push((name, value.clone()));
            }
        }
    }
}

impl Fields {
    fn set(&mut self, field: &Field, value: Value) {
        let name = field.name();
        if name == "message" {
            self.message = Some(match value {
                Value::String(text) => text,
                other => other.to_string(),
            });
        } else if name.starts_with("log.") {
            // Where a record of the `log` crate comes from; its target is shown.
        } else if let Some((_, old)) = self.named.iter_mut().find(|(own, _)| *own == name) {
            *old = value;
        } else {
            self.named.push((name, value));
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, Capped::of(value).into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        let number = Number::from_f64(value).map(Value::Number);
        self.set(field, number.unwrap_or_else(|| value.to_string().into()));
    }

    /// The error and what caused it.
    fn record_error(&mut self, field: &Field, error: &(dyn Error + 'static)) {
        let mut text = Capped::of(error);
        let mut cause = error.source();
        while let Some(error) = cause {
            text = Capped::of(format_args!("{text}: {error}"));
            cause = error.source();
        }
        self.set(field, text.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, Capped::of(format_args!("{value:?}")).into());
    }
}
