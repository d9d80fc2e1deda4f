//! Events on their way out.

use std::num::NonZeroU16;

use async_trait::async_trait;
use mongodb::bson::{DateTime, Document, doc};
use serde::{Deserialize, Serialize};
use spark_oauth_core::ports::{Backlog, Outbox, OutboxEntry, StoreError};
use spark_oauth_core::{EventId, Timestamp};

use crate::MongoStore;
use crate::collection::Selection;
use crate::errors::Unreadable;
use crate::event_document::EventDocument;
use crate::values::{count, date, parse, timestamp};
use crate::vault::stands;

/// The collection.
pub(crate) const OUTBOX: &str = "outbox";

#[async_trait]
impl Outbox for MongoStore {
    async fn add_to_outbox(&self, entry: &OutboxEntry) -> Result<bool, StoreError> {
        stands(self.outbox().insert(&OutboxDocument::new(entry)).await)
    }

    async fn due_in_outbox(
        &self,
        now: Timestamp,
        limit: NonZeroU16,
        except: &[String],
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        let found = self.outbox().select(due(now, limit, except)).await?;
        let entries = found.into_iter().map(OutboxEntry::try_from);
        Ok(entries.collect::<Result<_, _>>()?)
    }

    async fn reschedule_in_outbox(
        &self,
        entry: &OutboxEntry,
        seen: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut filter = of(entry.event.id, &entry.destination);
        filter.insert("next_at", date(seen));
        self.outbox().update(filter, rescheduled(entry)).await
    }

    async fn remove_from_outbox(
        &self,
        event: EventId,
        destination: &str,
    ) -> Result<bool, StoreError> {
        self.outbox().remove(of(event, destination)).await
    }

    async fn resume_outbox(
        &self,
        destination: &str,
        unless_tried_at: Option<String>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut filter = doc! { "next_at": { "$gt": date(now) }, "destination": destination };
        if let Some(endpoint) = unless_tried_at {
            filter.insert("endpoint", doc! { "$ne": endpoint });
        }
        let due_now = doc! { "$set": { "next_at": date(now), "attempts": 0_i64 } };
        self.outbox().update_all(filter, due_now).await
    }

    async fn backlog_in_outbox(&self, destination: &str) -> Result<Backlog, StoreError> {
        let waiting = self
            .outbox()
            .count(doc! { "destination": destination })
            .await?;
        let mut first = self.outbox().select(first_of(destination)).await?;
        let mut failed = self.outbox().select(first_failed_of(destination)).await?;
        Ok(Backlog {
            waiting,
            next_at: first.pop().map(|entry| timestamp(entry.next_at)),
            failed: failed.pop().map(OutboxEntry::try_from).transpose()?,
        })
    }

    async fn count_outbox(&self) -> Result<u64, StoreError> {
        self.outbox().count(Document::new()).await
    }
}

/// What an entry is known by, as one text: an identifier of an event has a fixed
/// length.
fn key(event: EventId, destination: &str) -> String {
    format!("{event} {destination}")
}

fn of(event: EventId, destination: &str) -> Document {
    doc! { "_id": key(event, destination) }
}

/// The query for those whose time has come.
pub(crate) fn due(now: Timestamp, limit: NonZeroU16, except: &[String]) -> Selection {
    let mut filter = doc! { "next_at": { "$lte": date(now) } };
    if !except.is_empty() {
        filter.insert("destination", doc! { "$nin": except });
    }
    Selection {
        filter,
        sort: doc! { "next_at": 1 },
        fields: Document::new(),
        limit: limit.get().into(),
    }
}

fn first_of(destination: &str) -> Selection {
    Selection {
        filter: doc! { "destination": destination },
        sort: doc! { "next_at": 1 },
        fields: Document::new(),
        limit: 1,
    }
}

/// The query for the entry that is tried next, of those whose last try failed.
pub(crate) fn first_failed_of(destination: &str) -> Selection {
    Selection {
        filter: doc! { "destination": destination, "last_error": { "$exists": true } },
        ..first_of(destination)
    }
}

fn rescheduled(entry: &OutboxEntry) -> Document {
    let mut set = doc! {
        "next_at": date(entry.next_at),
        "attempts": i64::from(entry.attempts),
    };
    let mut unset = Document::new();
    for (name, value) in [
        ("last_error", &entry.last_error),
        ("endpoint", &entry.endpoint),
    ] {
        match value {
            Some(value) => set.insert(name, value),
            None => unset.insert(name, ""),
        };
    }
    if unset.is_empty() {
        doc! { "$set": set }
    } else {
        doc! { "$set": set, "$unset": unset }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct OutboxDocument {
    #[serde(rename = "_id")]
    key: String,
    destination: String,
    next_at: DateTime,
    attempts: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    awaits_removal_of: Option<String>,
    event: EventDocument,
}

impl OutboxDocument {
    fn new(entry: &OutboxEntry) -> Self {
        Self {
            key: key(entry.event.id, &entry.destination),
            destination: entry.destination.clone(),
            next_at: date(entry.next_at),
            attempts: entry.attempts.into(),
            last_error: entry.last_error.clone(),
            endpoint: entry.endpoint.clone(),
            awaits_removal_of: entry.awaits_removal_of.map(|token| token.to_string()),
            event: EventDocument::new(&entry.event),
        }
    }
}

impl TryFrom<OutboxDocument> for OutboxEntry {
    type Error = Unreadable;

    fn try_from(document: OutboxDocument) -> Result<Self, Unreadable> {
        let awaited = document.awaits_removal_of.as_deref();
        let awaited = awaited.map(|text| parse(text, OUTBOX, "awaits_removal_of"));
        Ok(Self {
            event: document.event.read(OUTBOX, "event")?,
            destination: document.destination,
            next_at: timestamp(document.next_at),
            attempts: count(document.attempts, OUTBOX, "attempts")?,
            last_error: document.last_error,
            endpoint: document.endpoint,
            awaits_removal_of: awaited.transpose()?,
        })
    }
}
