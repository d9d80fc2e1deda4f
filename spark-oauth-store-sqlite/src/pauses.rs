//! Pauses of integrations.

use async_trait::async_trait;
use spark_oauth_core::ports::{Pause, PauseStore, StoreError, TrackingId};
use spark_oauth_core::{ClientId, Timestamp};

use crate::SqliteStore;
use crate::errors::{Unreadable, store_error};
use crate::statements::statements;
use crate::words::{from_word, to_word};

statements! {
    GET = "SELECT integration, reason, since, until, counted_from, trips, summary, \
        tracking_id \
        FROM pauses WHERE integration = ?1";

    /// Changes nothing where a pause stands that ends later.
    PROLONG = "INSERT INTO pauses (integration, reason, since, until, counted_from, trips, \
        summary, tracking_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
        ON CONFLICT DO UPDATE SET reason = excluded.reason, since = excluded.since, \
        until = excluded.until, counted_from = excluded.counted_from, trips = excluded.trips, summary = excluded.summary, \
        tracking_id = excluded.tracking_id WHERE pauses.until <= excluded.until";

    CLEAR = "DELETE FROM pauses WHERE integration = ?1 AND until <= ?2";
}

#[async_trait]
impl PauseStore for SqliteStore {
    async fn pause(&self, integration: &ClientId) -> Result<Option<Pause>, StoreError> {
        let row: Option<PauseRow> = self
            .row(sqlx::query_as(GET).bind(integration.as_str()))
            .await?;
        Ok(row.map(Pause::try_from).transpose()?)
    }

    async fn prolong_pause(&self, pause: &Pause) -> Result<Pause, StoreError> {
        let (pause, reason) = (pause.clone(), to_word(&pause.reason)?);
        self.write_statement(move |connection| {
            Box::pin(async move {
                let prolonged = sqlx::query(PROLONG)
                    .bind(pause.integration.as_str())
                    .bind(reason)
                    .bind(pause.since.as_millis())
                    .bind(pause.until.as_millis())
                    .bind(pause.counted_from.as_millis())
                    .bind(i64::from(pause.trips))
                    .bind(pause.summary.as_str())
                    .bind(pause.tracking_id.as_ref().map(TrackingId::as_str))
                    .execute(&mut *connection)
                    .await
                    .map_err(store_error)?;
                if prolonged.rows_affected() > 0 {
                    return Ok(pause);
                }
                let standing: PauseRow = sqlx::query_as(GET)
                    .bind(pause.integration.as_str())
                    .fetch_one(connection)
                    .await
                    .map_err(store_error)?;
                Ok(Pause::try_from(standing)?)
            })
        })
        .await
    }

    async fn clear_pause(
        &self,
        integration: &ClientId,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let removal = sqlx::query(CLEAR)
            .bind(integration.as_str().to_owned())
            .bind(until.as_millis());
        Ok(self.execute(removal).await? > 0)
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct PauseRow {
    integration: String,
    reason: String,
    since: i64,
    until: i64,
    counted_from: i64,
    trips: i64,
    summary: String,
    tracking_id: Option<String>,
}

impl PauseRow {
    pub(crate) fn id(&self) -> &str {
        &self.integration
    }
}

impl TryFrom<PauseRow> for Pause {
    type Error = Unreadable;

    fn try_from(row: PauseRow) -> Result<Self, Unreadable> {
        let tracking_id = row.tracking_id.as_deref();
        let tracking_id =
            tracking_id.map(|text| TrackingId::new(text).ok_or(Unreadable("pauses.tracking_id")));
        Ok(Self {
            integration: ClientId::new(row.integration),
            reason: from_word(&row.reason, "pauses.reason")?,
            since: Timestamp::from_millis(row.since),
            until: Timestamp::from_millis(row.until),
            counted_from: Timestamp::from_millis(row.counted_from),
            trips: row
                .trips
                .try_into()
                .map_err(|_| Unreadable("pauses.trips"))?,
            summary: row.summary,
            tracking_id: tracking_id.transpose()?,
        })
    }
}
