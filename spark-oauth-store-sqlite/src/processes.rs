//! The processes that work on the store.

use async_trait::async_trait;
use spark_oauth_core::keyring::KeyFingerprint;
use spark_oauth_core::ports::{ProcessRecord, ProcessRegistry, StoreError};
use spark_oauth_core::{ProcessId, Timestamp};

use crate::SqliteStore;
use crate::errors::Unreadable;
use crate::statements::statements;
use crate::words::parse;

statements! {
    ANNOUNCE = "INSERT INTO processes (id, place, started_at, seen_at, expires_at, sealing_key) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
        ON CONFLICT DO UPDATE SET place = excluded.place, started_at = excluded.started_at, \
        seen_at = excluded.seen_at, expires_at = excluded.expires_at, \
        sealing_key = excluded.sealing_key";

    PROCESSES = "SELECT id, place, started_at, seen_at, expires_at, sealing_key \
        FROM processes ORDER BY id";

    WITHDRAW = "DELETE FROM processes WHERE id = ?1";

    REMOVE_EXPIRED_PROCESSES = "DELETE FROM processes WHERE expires_at <= ?1";
}

#[async_trait]
impl ProcessRegistry for SqliteStore {
    async fn announce_process(&self, process: &ProcessRecord) -> Result<(), StoreError> {
        let announcement = sqlx::query(ANNOUNCE)
            .bind(process.id.to_string())
            .bind(process.place.clone())
            .bind(process.started_at.as_millis())
            .bind(process.seen_at.as_millis())
            .bind(process.expires_at.as_millis())
            .bind(process.sealing_key.as_bytes().to_vec());
        self.execute(announcement).await?;
        Ok(())
    }

    async fn processes(&self) -> Result<Vec<ProcessRecord>, StoreError> {
        let rows: Vec<ProcessRow> = self.rows(sqlx::query_as(PROCESSES)).await?;
        let records = rows.into_iter().map(ProcessRecord::try_from);
        Ok(records.collect::<Result<_, _>>()?)
    }

    async fn withdraw_process(&self, id: ProcessId) -> Result<bool, StoreError> {
        let removal = sqlx::query(WITHDRAW).bind(id.to_string());
        Ok(self.execute(removal).await? > 0)
    }

    async fn remove_expired_processes(&self, now: Timestamp) -> Result<u64, StoreError> {
        let removal = sqlx::query(REMOVE_EXPIRED_PROCESSES).bind(now.as_millis());
        self.execute(removal).await
    }
}

#[derive(sqlx::FromRow)]
struct ProcessRow {
    id: String,
    place: String,
    started_at: i64,
    seen_at: i64,
    expires_at: i64,
    sealing_key: Vec<u8>,
}

impl TryFrom<ProcessRow> for ProcessRecord {
    type Error = Unreadable;

    fn try_from(row: ProcessRow) -> Result<Self, Unreadable> {
        let sealing_key = row.sealing_key.try_into();
        let sealing_key = sealing_key.map_err(|_| Unreadable("processes.sealing_key"))?;
        Ok(Self {
            id: parse(&row.id, "processes.id")?,
            place: row.place,
            started_at: Timestamp::from_millis(row.started_at),
            seen_at: Timestamp::from_millis(row.seen_at),
            expires_at: Timestamp::from_millis(row.expires_at),
            sealing_key: KeyFingerprint::from_bytes(sealing_key),
        })
    }
}
