//! Events on their way out.

use std::num::NonZeroU16;

use async_trait::async_trait;
use spark_oauth_core::ports::{Backlog, Outbox, OutboxEntry, StoreError};
use spark_oauth_core::{EventId, Timestamp};

use crate::SqliteStore;
use crate::errors::{Unreadable, corrupt};
use crate::statements::statements;
use crate::words::parse;

statements! {
    ADD = "INSERT INTO outbox (event, destination, next_at, attempts, last_error, endpoint, \
        awaits_removal_of, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING";

    DUE = "SELECT destination, next_at, attempts, last_error, endpoint, awaits_removal_of, body \
        FROM outbox WHERE next_at <= ?1 \
        AND destination NOT IN (SELECT value FROM json_each(?3)) ORDER BY next_at LIMIT ?2";

    RESCHEDULE = "UPDATE outbox SET next_at = ?3, attempts = ?4, last_error = ?5, endpoint = ?6 \
        WHERE event = ?1 AND destination = ?2 AND next_at = ?7";

    RESUME = "UPDATE outbox SET next_at = ?2, attempts = 0 \
        WHERE destination = ?1 AND next_at > ?2 AND (?3 IS NULL OR endpoint IS NOT ?3)";

    BACKLOG = "SELECT count(*), min(next_at) FROM outbox WHERE destination = ?1";

    NEXT_FAILED = "SELECT destination, next_at, attempts, last_error, endpoint, \
        awaits_removal_of, body FROM outbox WHERE destination = ?1 AND last_error IS NOT NULL \
        ORDER BY next_at LIMIT 1";

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
            .bind(entry.endpoint.clone())
            .bind(entry.awaits_removal_of.map(|token| token.to_string()))
            .bind(serde_json::to_string(&entry.event).map_err(corrupt)?);
        Ok(self.execute(insertion).await? > 0)
    }

    async fn due_in_outbox(
        &self,
        now: Timestamp,
        limit: NonZeroU16,
        except: &[String],
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        let rows = sqlx::query_as(DUE)
            .bind(now.as_millis())
            .bind(i64::from(limit.get()))
            .bind(serde_json::to_string(except).map_err(corrupt)?);
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
            .bind(entry.endpoint.clone())
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

    async fn resume_outbox(
        &self,
        destination: &str,
        unless_tried_at: Option<String>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let update = sqlx::query(RESUME)
            .bind(destination.to_owned())
            .bind(now.as_millis())
            .bind(unless_tried_at);
        self.execute(update).await
    }

    async fn backlog_in_outbox(&self, destination: &str) -> Result<Backlog, StoreError> {
        let counted = sqlx::query_as(BACKLOG).bind(destination.to_owned());
        let counted: Option<(i64, Option<i64>)> = self.row(counted).await?;
        let (waiting, next_at) = counted.unwrap_or_default();
        let failed = sqlx::query_as(NEXT_FAILED).bind(destination.to_owned());
        let failed: Option<OutboxRow> = self.row(failed).await?;
        Ok(Backlog {
            waiting: waiting.cast_unsigned(),
            next_at: next_at.map(Timestamp::from_millis),
            failed: failed.map(OutboxEntry::try_from).transpose()?,
        })
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
    endpoint: Option<String>,
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
            endpoint: row.endpoint,
            awaits_removal_of: awaited.transpose()?,
        })
    }
}
