//! Events on their way out.

use std::num::NonZeroU16;

use async_trait::async_trait;
use mongodb::bson::{DateTime, Document, doc};
use serde::{Deserialize, Serialize};
use spark_oauth_core::ports::{Outbox, OutboxEntry, StoreError};
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
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        let found = self.outbox().select(due(now, limit)).await?;
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
pub(crate) fn due(now: Timestamp, limit: NonZeroU16) -> Selection {
    Selection {
        filter: doc! { "next_at": { "$lte": date(now) } },
        sort: doc! { "next_at": 1 },
        fields: Document::new(),
        limit: limit.get().into(),
    }
}

fn rescheduled(entry: &OutboxEntry) -> Document {
    let mut set = doc! {
        "next_at": date(entry.next_at),
        "attempts": i64::from(entry.attempts),
    };
    if let Some(error) = &entry.last_error {
        set.insert("last_error", error);
        doc! { "$set": set }
    } else {
        doc! { "$set": set, "$unset": { "last_error": "" } }
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
            awaits_removal_of: awaited.transpose()?,
        })
    }
}
