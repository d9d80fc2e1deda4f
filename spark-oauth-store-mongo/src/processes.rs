//! The processes that work on the store.

use async_trait::async_trait;
use mongodb::bson::{Binary, DateTime, Document, doc};
use serde::{Deserialize, Serialize};
use spark_oauth_core::keyring::KeyFingerprint;
use spark_oauth_core::ports::{ProcessRecord, ProcessRegistry, StoreError};
use spark_oauth_core::{ProcessId, Timestamp};

use crate::MongoStore;
use crate::errors::Unreadable;
use crate::purge::purge_at;
use crate::sessions::expired;
use crate::values::{binary, date, fixed, parse, timestamp};

/// The collection.
pub(crate) const PROCESSES: &str = "processes";

#[async_trait]
impl ProcessRegistry for MongoStore {
    async fn announce_process(&self, process: &ProcessRecord) -> Result<(), StoreError> {
        let document = ProcessDocument::new(process);
        let put = || Self::processes(self).put(by_id(process.id), &document);
        match put().await {
            // Of two that add it at once, one does; the other finds it.
            Err(StoreError::AlreadyExists(_)) => put().await,
            answer => answer,
        }
    }

    async fn processes(&self) -> Result<Vec<ProcessRecord>, StoreError> {
        let found = Self::processes(self).find(Document::new()).await?;
        let processes = found.into_iter().map(ProcessRecord::try_from);
        let mut processes = processes.collect::<Result<Vec<_>, _>>()?;
        processes.sort_unstable_by_key(|process| process.id);
        Ok(processes)
    }

    async fn withdraw_process(&self, id: ProcessId) -> Result<bool, StoreError> {
        Self::processes(self).remove(by_id(id)).await
    }

    async fn remove_expired_processes(&self, now: Timestamp) -> Result<u64, StoreError> {
        Self::processes(self).remove_all(expired(now)).await
    }
}

fn by_id(id: ProcessId) -> Document {
    doc! { "_id": id.to_string() }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct ProcessDocument {
    #[serde(rename = "_id")]
    id: String,
    place: String,
    started_at: DateTime,
    seen_at: DateTime,
    expires_at: DateTime,
    sealing_key: Binary,
    purge_at: DateTime,
}

impl ProcessDocument {
    fn new(process: &ProcessRecord) -> Self {
        Self {
            id: process.id.to_string(),
            place: process.place.clone(),
            started_at: date(process.started_at),
            seen_at: date(process.seen_at),
            expires_at: date(process.expires_at),
            sealing_key: binary(*process.sealing_key.as_bytes()),
            purge_at: purge_at(process.expires_at),
        }
    }
}

impl TryFrom<ProcessDocument> for ProcessRecord {
    type Error = Unreadable;

    fn try_from(document: ProcessDocument) -> Result<Self, Unreadable> {
        Ok(Self {
            id: parse(&document.id, PROCESSES, "_id")?,
            place: document.place,
            started_at: timestamp(document.started_at),
            seen_at: timestamp(document.seen_at),
            expires_at: timestamp(document.expires_at),
            sealing_key: KeyFingerprint::from_bytes(fixed(
                document.sealing_key,
                PROCESSES,
                "sealing_key",
            )?),
        })
    }
}
