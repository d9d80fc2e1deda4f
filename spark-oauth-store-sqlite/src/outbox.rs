//! Events on their way out.

use std::num::NonZeroU16;

use async_trait::async_trait;
use spark_oauth_core::ports::{Outbox, OutboxEntry, StoreError};
use spark_oauth_core::{EventId, Timestamp};

use crate::SqliteStore;
use crate::errors::{Unreadable, corrupt};
use crate::statements::statements;
use crate::words::parse;

statements! {
    ADD = "INSERT INTO outbox (event, destination, next_at, attempts, last_error, \
        awaits_removal_of, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";

    DUE = "SELECT destination, next_at, attempts, last_error, awaits_removal_of, body \
        FROM outbox WHERE next_at <= ?1 ORDER BY next_at, seq LIMIT ?2";

    RESCHEDULE = "UPDATE outbox SET next_at = ?3, attempts = ?4, last_error = ?5 \
        WHERE event = ?1 AND destination = ?2 AND next_at = ?6";

    REMOVE = "DELETE FROM outbox WHERE event = ?1 AND destination = ?2";

    COUNT_OUTBOX = "SELECT count(*) FROM outbox";
}

#[async_trait]
impl Outbox for SqliteStore {
    async fn add_to_outbox(&self, entry: &OutboxEntry) -> Result<bool, StoreError> {
        let insertion = sqlx::query(ADD)
            .bind(entry.event.id.to_string())
            .bind(entry.destination.clone())
            .bind(entry.next_at.as_millis())
            .bind(i64::from(entry.attempts))
            .bind(entry.last_error.clone())
            .bind(entry.awaits_removal_of.map(|token| token.to_string()))
            .bind(serde_json::to_string(&entry.event).map_err(corrupt)?);
        Ok(self.execute(insertion).await? > 0)
    }

    async fn due_in_outbox(
        &self,
        now: Timestamp,
        limit: NonZeroU16,
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        let rows = sqlx::query_as(DUE)
            .bind(now.as_millis())
            .bind(i64::from(limit.get()));
        let rows: Vec<OutboxRow> = self.rows(rows).await?;
        let entries = rows.into_iter().map(OutboxEntry::try_from);
        Ok(entries.collect::<Result<_, _>>()?)
    }

    async fn reschedule_in_outbox(
        &self,
        entry: &OutboxEntry,
        seen: Timestamp,
    ) -> Result<bool, StoreError> {
        let update = sqlx::query(RESCHEDULE)
            .bind(entry.event.id.to_string())
            .bind(entry.destination.clone())
            .bind(entry.next_at.as_millis())
            .bind(i64::from(entry.attempts))
            .bind(entry.last_error.clone())
            .bind(seen.as_millis());
        Ok(self.execute(update).await? > 0)
    }

    async fn remove_from_outbox(
        &self,
        event: EventId,
        destination: &str,
    ) -> Result<bool, StoreError> {
        let removal = sqlx::query(REMOVE)
            .bind(event.to_string())
            .bind(destination.to_owned());
        Ok(self.execute(removal).await? > 0)
    }

    async fn count_outbox(&self) -> Result<u64, StoreError> {
        let counted: Option<(i64,)> = self.row(sqlx::query_as(COUNT_OUTBOX)).await?;
        Ok(counted.map_or(0, |(entries,)| entries.cast_unsigned()))
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct OutboxRow {
    destination: String,
    next_at: i64,
    attempts: i64,
    last_error: Option<String>,
    awaits_removal_of: Option<String>,
    body: String,
}

impl TryFrom<OutboxRow> for OutboxEntry {
    type Error = Unreadable;

    fn try_from(row: OutboxRow) -> Result<Self, Unreadable> {
        let awaited = row.awaits_removal_of.as_deref();
        let awaited = awaited.map(|text| parse(text, "outbox.awaits_removal_of"));
        Ok(Self {
            event: serde_json::from_str(&row.body).map_err(|_| Unreadable("outbox.body"))?,
            destination: row.destination,
            next_at: Timestamp::from_millis(row.next_at),
            attempts: row
                .attempts
                .try_into()
                .map_err(|_| Unreadable("outbox.attempts"))?,
            last_error: row.last_error,
            awaits_removal_of: awaited.transpose()?,
        })
    }
}
