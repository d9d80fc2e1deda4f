//! Our session port behind the interface of `tower-sessions`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use spark_oauth_core::Timestamp;
use spark_oauth_core::ports::{Clock, SessionKey, SessionRecord, SessionStore, StoreError};
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store;

use crate::session::visit::{LONGEST_SESSION, begun_at};

/// How long a session lasts without being used.
const IDLE: Duration = Duration::from_mins(30);

/// How often a new identifier is drawn where one stands already.
const DRAWS: usize = 4;

/// Keeps the sessions of `tower-sessions` in our store, under a hash of their
/// identifier. When a session ends is for our clock to say.
#[derive(Clone, Debug)]
pub(crate) struct SessionAdapter {
    store: Arc<dyn SessionStore>,
    clock: Arc<dyn Clock>,
}

impl SessionAdapter {
    pub(crate) fn new(store: Arc<dyn SessionStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    fn encode(&self, record: &Record) -> session_store::Result<SessionRecord> {
        let data = serde_json::to_vec(&record.data)
            .map_err(|error| session_store::Error::Encode(error.to_string()))?;
        let now = self.clock.now();
        let begun = begun_at(&record.data).unwrap_or(now);
        let expires_at = (now + IDLE).min(begun + LONGEST_SESSION);
        Ok(SessionRecord {
            key: key_of(record.id),
            data,
            expires_at,
        })
    }
}

fn key_of(id: Id) -> SessionKey {
    SessionKey(Sha256::digest(id.to_string()).into())
}

/// The store's error, whose text holds no value of the session.
fn failed(error: &StoreError) -> session_store::Error {
    session_store::Error::Backend(error.to_string())
}

#[async_trait]
impl session_store::SessionStore for SessionAdapter {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        for _ in 0..DRAWS {
            match self.store.create(&self.encode(record)?).await {
                Ok(()) => return Ok(()),
                Err(StoreError::AlreadyExists(_)) => record.id = Id::default(),
                Err(error) => return Err(failed(&error)),
            }
        }
        Err(session_store::Error::Backend(
            "no free session identifier".to_owned(),
        ))
    }

    /// A session that was ended meanwhile stays ended.
    async fn save(&self, record: &Record) -> session_store::Result<()> {
        let saved = self
            .store
            .save(&self.encode(record)?)
            .await
            .map_err(|e| failed(&e))?;
        if !saved {
            tracing::debug!("a session ended before it was saved");
        }
        Ok(())
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let now = self.clock.now();
        let Some(stored) = self
            .store
            .load(key_of(*id), now)
            .await
            .map_err(|e| failed(&e))?
        else {
            return Ok(None);
        };
        let data = serde_json::from_slice(&stored.data)
            .map_err(|error| session_store::Error::Decode(error.to_string()))?;
        Ok(Some(Record {
            id: *id,
            data,
            expiry_date: in_its_words(stored.expires_at),
        }))
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        self.store
            .remove(key_of(*id))
            .await
            .map(drop)
            .map_err(|e| failed(&e))
    }
}

fn in_its_words(at: Timestamp) -> time::OffsetDateTime {
    time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.as_millis()) * 1_000_000)
        .unwrap_or(time::OffsetDateTime::UNIX_EPOCH)
}
