//! Sessions of browsers.

use async_trait::async_trait;
use spark_oauth_core::Timestamp;
use spark_oauth_core::ports::{SessionKey, SessionRecord, SessionStore, StoreError};

use crate::SqliteStore;
use crate::errors::store_error;
use crate::statements::statements;

statements! {
    CREATE = "INSERT INTO sessions (key, data, expires_at) VALUES (?1, ?2, ?3)";

    LOAD = "SELECT data, expires_at FROM sessions WHERE key = ?1 AND expires_at > ?2";

    SAVE = "UPDATE sessions SET data = ?2, expires_at = ?3 WHERE key = ?1";

    REMOVE = "DELETE FROM sessions WHERE key = ?1";

    REMOVE_EXPIRED = "DELETE FROM sessions WHERE expires_at <= ?1";
}

#[async_trait]
impl SessionStore for SqliteStore {
    async fn create(&self, session: &SessionRecord) -> Result<(), StoreError> {
        let session = session.clone();
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(CREATE)
                    .bind(session.key.0.to_vec())
                    .bind(session.data)
                    .bind(session.expires_at.as_millis())
                    .execute(connection)
                    .await
                    .map_err(store_error)?;
                Ok(())
            })
        })
        .await
    }

    async fn load(
        &self,
        key: SessionKey,
        now: Timestamp,
    ) -> Result<Option<SessionRecord>, StoreError> {
        let row: Option<(Vec<u8>, i64)> = sqlx::query_as(LOAD)
            .bind(key.0.to_vec())
            .bind(now.as_millis())
            .fetch_optional(self.readers())
            .await
            .map_err(store_error)?;
        Ok(row.map(|(data, expires_at)| SessionRecord {
            key,
            data,
            expires_at: Timestamp::from_millis(expires_at),
        }))
    }

    async fn save(&self, session: &SessionRecord) -> Result<bool, StoreError> {
        let session = session.clone();
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(SAVE)
                    .bind(session.key.0.to_vec())
                    .bind(session.data)
                    .bind(session.expires_at.as_millis())
                    .execute(connection)
                    .await
                    .map(|done| done.rows_affected() > 0)
                    .map_err(store_error)
            })
        })
        .await
    }

    async fn remove(&self, key: SessionKey) -> Result<bool, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(REMOVE)
                    .bind(key.0.to_vec())
                    .execute(connection)
                    .await
                    .map(|done| done.rows_affected() > 0)
                    .map_err(store_error)
            })
        })
        .await
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(REMOVE_EXPIRED)
                    .bind(now.as_millis())
                    .execute(connection)
                    .await
                    .map(|done| done.rows_affected())
                    .map_err(store_error)
            })
        })
        .await
    }
}
