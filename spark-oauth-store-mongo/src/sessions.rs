//! Sessions of browsers.

use async_trait::async_trait;
use mongodb::bson::{Binary, DateTime, Document, doc};
use serde::{Deserialize, Serialize};
use spark_oauth_core::Timestamp;
use spark_oauth_core::ports::{SessionKey, SessionRecord, SessionStore, StoreError};

use crate::MongoStore;
use crate::purge::purge_at;
use crate::values::{binary, date, timestamp};

/// The collection.
pub(crate) const SESSIONS: &str = "sessions";

#[async_trait]
impl SessionStore for MongoStore {
    async fn create(&self, session: &SessionRecord) -> Result<(), StoreError> {
        self.sessions().insert(&SessionDocument::new(session)).await
    }

    async fn load(
        &self,
        key: SessionKey,
        now: Timestamp,
    ) -> Result<Option<SessionRecord>, StoreError> {
        let found = self.sessions().find_one(by_key(key)).await?;
        Ok(found
            .map(|found| SessionRecord {
                key,
                data: found.data.bytes,
                expires_at: timestamp(found.expires_at),
            })
            .filter(|session| !session.expires_at.has_passed(now)))
    }

    async fn replace(&self, previous: &[u8], session: &SessionRecord) -> Result<bool, StoreError> {
        let mut unchanged = by_key(session.key);
        unchanged.insert("data", binary(previous));
        let document = SessionDocument::new(session);
        self.sessions().replace(unchanged, &document).await
    }

    async fn remove(&self, key: SessionKey) -> Result<bool, StoreError> {
        self.sessions().remove(by_key(key)).await
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.sessions().remove_all(expired(now)).await
    }
}

fn by_key(key: SessionKey) -> Document {
    doc! { "_id": binary(key.0) }
}

/// What had expired at `now`.
pub(crate) fn expired(now: Timestamp) -> Document {
    doc! { "expires_at": { "$lte": date(now) } }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct SessionDocument {
    #[serde(rename = "_id")]
    key: Binary,
    data: Binary,
    expires_at: DateTime,
    purge_at: DateTime,
}

impl SessionDocument {
    fn new(session: &SessionRecord) -> Self {
        Self {
            key: binary(session.key.0),
            data: binary(session.data.as_slice()),
            expires_at: date(session.expires_at),
            purge_at: purge_at(session.expires_at),
        }
    }
}
