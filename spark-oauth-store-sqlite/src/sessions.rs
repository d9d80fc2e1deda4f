//! Sessions of browsers.

use async_trait::async_trait;
use spark_oauth_core::Timestamp;
use spark_oauth_core::ports::{SessionKey, SessionRecord, SessionStore, StoreError};

use crate::statements::statements;
use crate::{Query, SqliteStore};

statements! {
    CREATE = "INSERT INTO sessions (key, data, expires_at) VALUES (?1, ?2, ?3)";

    LOAD = "SELECT data, expires_at FROM sessions WHERE key = ?1 AND expires_at > ?2";

    REPLACE = "UPDATE sessions SET data = ?2, expires_at = ?3 WHERE key = ?1 AND data = ?4";

    REMOVE = "DELETE FROM sessions WHERE key = ?1";

    REMOVE_EXPIRED = "DELETE FROM sessions WHERE expires_at <= ?1";
}

#[async_trait]
impl SessionStore for SqliteStore {
    async fn create(&self, session: &SessionRecord) -> Result<(), StoreError> {
        self.execute(bind(CREATE, session)).await?;
        Ok(())
    }

    async fn load(
        &self,
        key: SessionKey,
        now: Timestamp,
    ) -> Result<Option<SessionRecord>, StoreError> {
        let row = sqlx::query_as(LOAD)
            .bind(key.0.to_vec())
            .bind(now.as_millis());
        let row: Option<(Vec<u8>, i64)> = self.row(row).await?;
        Ok(row.map(|(data, expires_at)| SessionRecord {
            key,
            data,
            expires_at: Timestamp::from_millis(expires_at),
        }))
    }

    async fn replace(&self, previous: &[u8], session: &SessionRecord) -> Result<bool, StoreError> {
        let replacing = bind(REPLACE, session).bind(previous.to_vec());
        Ok(self.execute(replacing).await? > 0)
    }

    async fn remove(&self, key: SessionKey) -> Result<bool, StoreError> {
        let removal = sqlx::query(REMOVE).bind(key.0.to_vec());
        Ok(self.execute(removal).await? > 0)
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        let removal = sqlx::query(REMOVE_EXPIRED).bind(now.as_millis());
        self.execute(removal).await
    }
}

/// Binds the parameters 1 to 3.
fn bind(statement: &'static str, session: &SessionRecord) -> Query<'static> {
    sqlx::query(statement)
        .bind(session.key.0.to_vec())
        .bind(session.data.clone())
        .bind(session.expires_at.as_millis())
}
