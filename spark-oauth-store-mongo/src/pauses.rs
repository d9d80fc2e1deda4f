//! Pauses of integrations.

use async_trait::async_trait;
use mongodb::bson::{DateTime, Document, doc};
use serde::{Deserialize, Serialize};
use spark_oauth_core::ports::{Pause, PauseStore, StoreError, TrackingId, UniqueRule};
use spark_oauth_core::{ClientId, Timestamp};

use crate::MongoStore;
use crate::errors::{NoAnswer, Unreadable};
use crate::values::{count, date, from_word, timestamp, to_word};

/// The collection.
pub(crate) const PAUSES: &str = "pauses";

/// How often the pause may come and go under the eyes of one who prolongs it.
const ATTEMPTS: usize = 16;

#[async_trait]
impl PauseStore for MongoStore {
    async fn pause(&self, integration: &ClientId) -> Result<Option<Pause>, StoreError> {
        let found = self.pauses().find_one(of(integration)).await?;
        Ok(found.map(Pause::try_from).transpose()?)
    }

    async fn prolong_pause(&self, pause: &Pause) -> Result<Pause, StoreError> {
        let document = PauseDocument::new(pause)?;
        for _ in 0..ATTEMPTS {
            let ends_no_later = until(&pause.integration, pause.until);
            match self.pauses().put(ends_no_later, &document).await {
                Ok(()) => return Ok(pause.clone()),
                // One stands that ends later, or somebody added one in this moment.
                Err(StoreError::AlreadyExists(UniqueRule::Id)) => {}
                Err(error) => return Err(error),
            }
            let standing = self.pause(&pause.integration).await?;
            if let Some(later) = standing.filter(|standing| standing.until > pause.until) {
                return Ok(later);
            }
        }
        Err(NoAnswer::Contention.into())
    }

    async fn clear_pause(
        &self,
        integration: &ClientId,
        end: Timestamp,
    ) -> Result<bool, StoreError> {
        self.pauses().remove(until(integration, end)).await
    }
}

fn of(integration: &ClientId) -> Document {
    doc! { "_id": integration.as_str() }
}

/// The pause of an integration, where it ends no later.
fn until(integration: &ClientId, end: Timestamp) -> Document {
    doc! { "_id": integration.as_str(), "until": { "$lte": date(end) } }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct PauseDocument {
    #[serde(rename = "_id")]
    integration: String,
    reason: String,
    since: DateTime,
    until: DateTime,
    counted_from: DateTime,
    trips: i64,
    summary: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tracking_id: Option<String>,
}

impl PauseDocument {
    fn new(pause: &Pause) -> Result<Self, StoreError> {
        let tracking_id = pause.tracking_id.as_ref();
        Ok(Self {
            integration: pause.integration.as_str().to_owned(),
            reason: to_word(&pause.reason)?,
            since: date(pause.since),
            until: date(pause.until),
            counted_from: date(pause.counted_from),
            trips: pause.trips.into(),
            summary: pause.summary.clone(),
            tracking_id: tracking_id.map(|id| id.as_str().to_owned()),
        })
    }
}

impl TryFrom<PauseDocument> for Pause {
    type Error = Unreadable;

    fn try_from(document: PauseDocument) -> Result<Self, Unreadable> {
        let tracking_id = document.tracking_id.as_deref().map(|text| {
            TrackingId::new(text).ok_or_else(|| Unreadable::new(PAUSES, "tracking_id"))
        });
        Ok(Self {
            integration: ClientId::new(document.integration),
            reason: from_word(&document.reason, PAUSES, "reason")?,
            since: timestamp(document.since),
            until: timestamp(document.until),
            counted_from: timestamp(document.counted_from),
            trips: count(document.trips, PAUSES, "trips")?,
            summary: document.summary,
            tracking_id: tracking_id.transpose()?,
        })
    }
}
