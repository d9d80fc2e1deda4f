//! What the background worker and the operator ask of the tokens as a whole.

use std::num::NonZeroU16;

use spark_oauth_core::ports::{Census, DueToken, StoreError};
use spark_oauth_core::token::{StatusKind, Token};
use spark_oauth_core::{ClientId, Timestamp};

use crate::SqliteStore;
use crate::errors::Unreadable;
use crate::statements::statements;
use crate::token_row::{read, token_columns};
use crate::words::parse;

statements! {
    /// Leased records are stepped over: there are no more of them than refreshes
    /// under way.
    LIST_DUE = "SELECT id, due_at FROM tokens WHERE integration = ?1 AND due_at <= ?2 \
        AND (lease_expires_at IS NULL OR lease_expires_at <= ?2) ORDER BY due_at, seq LIMIT ?3";

    LIST_WITH_EVENTS = concat!(
        "SELECT ", token_columns!(), " FROM tokens INDEXED BY tokens_events \
         WHERE events IS NOT NULL ORDER BY seq LIMIT ?1"
    );

    /// What the triggers counted, and what is due, from its index alone.
    CENSUS = "SELECT \
        coalesce((SELECT tokens FROM token_counts WHERE integration = ?1 AND status = 'active'), 0), \
        coalesce((SELECT tokens FROM token_counts WHERE integration = ?1 \
            AND status = 'needs_consent'), 0), \
        coalesce((SELECT tokens FROM token_counts WHERE integration = ?1 AND status = 'revoked'), 0), \
        count(*), min(due_at) FROM tokens WHERE integration = ?1 AND due_at <= ?2";

    /// What the triggers counted of the other integrations.
    COUNT_ELSEWHERE = "SELECT integration, sum(tokens) FROM token_counts \
        WHERE integration <> ?1 GROUP BY integration HAVING sum(tokens) > 0";

    COUNT_EXPIRING = "SELECT count(*) FROM tokens WHERE integration = ?1 AND status = 'active' \
        AND access_expires_at >= ?2 AND access_expires_at < ?3";
}

impl SqliteStore {
    pub(crate) async fn due_tokens(
        &self,
        integration: &ClientId,
        now: Timestamp,
        limit: NonZeroU16,
    ) -> Result<Vec<DueToken>, StoreError> {
        let rows = sqlx::query_as(LIST_DUE)
            .bind(integration.as_str())
            .bind(now.as_millis())
            .bind(i64::from(limit.get()));
        let rows: Vec<(String, i64)> = self.rows(rows).await?;
        let due = rows.into_iter().map(|(id, due_at)| {
            Ok::<_, Unreadable>(DueToken {
                id: parse(&id, "tokens.id")?,
                due_at: Timestamp::from_millis(due_at),
            })
        });
        Ok(due.collect::<Result<_, _>>()?)
    }

    pub(crate) async fn tokens_with_events(
        &self,
        limit: NonZeroU16,
    ) -> Result<Vec<Token>, StoreError> {
        let rows = sqlx::query_as(LIST_WITH_EVENTS).bind(i64::from(limit.get()));
        self.rows(rows).await?.into_iter().map(read).collect()
    }

    pub(crate) async fn count_all(
        &self,
        integration: &ClientId,
        now: Timestamp,
    ) -> Result<Census, StoreError> {
        let row = sqlx::query_as(CENSUS)
            .bind(integration.as_str())
            .bind(now.as_millis());
        let counted: Option<(i64, i64, i64, i64, Option<i64>)> = self.long_row(row).await?;
        let (active, needs_consent, revoked, due, oldest_due_at) = counted.unwrap_or_default();
        Ok(Census {
            active: active.cast_unsigned(),
            needs_consent: needs_consent.cast_unsigned(),
            revoked: revoked.cast_unsigned(),
            due: due.cast_unsigned(),
            oldest_due_at: oldest_due_at.map(Timestamp::from_millis),
        })
    }

    pub(crate) async fn count_elsewhere(
        &self,
        integration: &ClientId,
    ) -> Result<Vec<(ClientId, u64)>, StoreError> {
        let rows = sqlx::query_as(COUNT_ELSEWHERE).bind(integration.as_str());
        let rows: Vec<(String, i64)> = self.rows(rows).await?;
        let counts = rows.into_iter();
        Ok(counts
            .map(|(integration, tokens)| (ClientId::new(integration), tokens.cast_unsigned()))
            .collect())
    }

    pub(crate) async fn count_ending(
        &self,
        integration: &ClientId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<u64, StoreError> {
        let row = sqlx::query_as(COUNT_EXPIRING)
            .bind(integration.as_str())
            .bind(from.as_millis())
            .bind(until.as_millis());
        let counted: Option<(i64,)> = self.long_row(row).await?;
        Ok(counted.map_or(0, |(tokens,)| tokens.cast_unsigned()))
    }
}

/// Does not compile where a status is missing: it must be counted above too.
const _: fn(StatusKind) = |status| match status {
    StatusKind::Active | StatusKind::NeedsConsent | StatusKind::Revoked => {}
};
