//! Going through everything: each record by its own, so that one that cannot be
//! read keeps no other from being read.

use async_trait::async_trait;
use spark_oauth_core::admins::Admin;
use spark_oauth_core::api_keys::ApiKey;
use spark_oauth_core::audit::AuditEntry;
use spark_oauth_core::consent_links::ConsentLink;
use spark_oauth_core::ports::{
    Cursor, Found, Inventory, OutboxEntry, Page, PageRequest, Pause, PendingConsent, StoreError,
    UnreadableRecord,
};
use spark_oauth_core::token::Token;
use sqlx::FromRow;
use sqlx::sqlite::SqliteRow;

use crate::SqliteStore;
use crate::admins::{AdminRow, admin_columns};
use crate::api_keys::{ApiKeyRow, api_key_columns};
use crate::audit::{AuditRow, audit_columns};
use crate::consents::{ConsentRow, consent_columns};
use crate::errors::Unreadable;
use crate::links::{LinkRow, link_columns};
use crate::outbox::OutboxRow;
use crate::pauses::PauseRow;
use crate::statements::statements;
use crate::token_row::{TokenRow, token_columns};

statements! {
    WALK_TOKENS = concat!(
        "SELECT ", token_columns!(), " FROM tokens WHERE seq > ?1 ORDER BY seq LIMIT ?2"
    );

    WALK_CONSENTS = concat!(
        "SELECT rowid AS seq, ", consent_columns!(),
        " FROM consents WHERE rowid > ?1 AND answer IS NULL ORDER BY rowid LIMIT ?2"
    );

    WALK_ADMINS = concat!(
        "SELECT ", admin_columns!(), " FROM admins WHERE id > ?1 ORDER BY id LIMIT ?2"
    );

    WALK_API_KEYS = concat!(
        "SELECT ", api_key_columns!(), " FROM api_keys WHERE id > ?1 ORDER BY id LIMIT ?2"
    );

    WALK_LINKS = concat!(
        "SELECT ", link_columns!(), " FROM consent_links WHERE id > ?1 ORDER BY id LIMIT ?2"
    );

    WALK_AUDIT = concat!(
        "SELECT ", audit_columns!(), " FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2"
    );

    WALK_PAUSES = "SELECT integration, reason, since, until, counted_from, trips, summary, tracking_id \
        FROM pauses WHERE integration > ?1 ORDER BY integration LIMIT ?2";

    WALK_OUTBOX = "SELECT seq, event, destination, next_at, attempts, last_error, endpoint, \
        awaits_removal_of, body FROM outbox WHERE seq > ?1 ORDER BY seq LIMIT ?2";
}

#[async_trait]
impl Inventory for SqliteStore {
    async fn walk_tokens(&self, page: &PageRequest) -> Result<Page<Found<Token>>, StoreError> {
        let rows = self
            .walk_numbers(WALK_TOKENS, page, |row: &TokenRow| row.seq)
            .await?;
        Ok(read(rows, |row| row.id().to_owned()))
    }

    async fn walk_consents(
        &self,
        page: &PageRequest,
    ) -> Result<Page<Found<PendingConsent>>, StoreError> {
        let rows = self
            .walk_numbers(WALK_CONSENTS, page, |row: &NumberedConsent| row.seq)
            .await?;
        let rows = Page {
            items: rows.items.into_iter().map(|row| row.consent).collect(),
            next: rows.next,
        };
        Ok(read(rows, ConsentRow::id))
    }

    async fn walk_admins(&self, page: &PageRequest) -> Result<Page<Found<Admin>>, StoreError> {
        let rows = self.walk_texts(WALK_ADMINS, page, AdminRow::id).await?;
        Ok(read(rows, |row| row.id().to_owned()))
    }

    async fn walk_api_keys(&self, page: &PageRequest) -> Result<Page<Found<ApiKey>>, StoreError> {
        let rows = self.walk_texts(WALK_API_KEYS, page, ApiKeyRow::id).await?;
        Ok(read(rows, |row| row.id().to_owned()))
    }

    async fn walk_links(&self, page: &PageRequest) -> Result<Page<Found<ConsentLink>>, StoreError> {
        let rows = self.walk_texts(WALK_LINKS, page, LinkRow::id).await?;
        Ok(read(rows, |row| row.id().to_owned()))
    }

    async fn walk_audit(&self, page: &PageRequest) -> Result<Page<Found<AuditEntry>>, StoreError> {
        let rows = self
            .walk_numbers(WALK_AUDIT, page, |row: &AuditRow| row.seq)
            .await?;
        Ok(read(rows, |row| row.id.clone()))
    }

    async fn walk_pauses(&self, page: &PageRequest) -> Result<Page<Found<Pause>>, StoreError> {
        let rows = self.walk_texts(WALK_PAUSES, page, PauseRow::id).await?;
        Ok(read(rows, |row| row.id().to_owned()))
    }

    async fn walk_outbox(
        &self,
        page: &PageRequest,
    ) -> Result<Page<Found<OutboxEntry>>, StoreError> {
        let rows = self
            .walk_numbers(WALK_OUTBOX, page, |row: &NumberedEntry| row.seq)
            .await?;
        Ok(Page {
            items: rows
                .items
                .into_iter()
                .map(|row| found(row.event, row.entry))
                .collect(),
            next: rows.next,
        })
    }
}

#[derive(FromRow)]
struct NumberedConsent {
    seq: i64,
    #[sqlx(flatten)]
    consent: ConsentRow,
}

#[derive(FromRow)]
struct NumberedEntry {
    seq: i64,
    event: String,
    #[sqlx(flatten)]
    entry: OutboxRow,
}

impl SqliteStore {
    /// A page of rows by number.
    async fn walk_numbers<R>(
        &self,
        statement: &'static str,
        page: &PageRequest,
        number: impl FnOnce(&R) -> i64,
    ) -> Result<Page<R>, StoreError>
    where
        R: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    {
        let rows = sqlx::query_as(statement)
            .bind(behind(page.after.as_ref()))
            .bind(i64::from(page.limit.get()) + 1);
        let rows = self.rows(rows).await?;
        Ok(Page::from_one_more(rows, page.limit, |last| {
            number(last).to_be_bytes().into()
        }))
    }

    /// A page of rows by a text. A cursor that another store made finds nothing:
    /// U+10FFFF sorts behind every text here.
    async fn walk_texts<R>(
        &self,
        statement: &'static str,
        page: &PageRequest,
        text: impl FnOnce(&R) -> &str,
    ) -> Result<Page<R>, StoreError>
    where
        R: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    {
        let after = page.after.as_ref().map_or("", |cursor| {
            std::str::from_utf8(cursor.position()).unwrap_or("\u{10ffff}")
        });
        let rows = sqlx::query_as(statement)
            .bind(after)
            .bind(i64::from(page.limit.get()) + 1);
        let rows = self.rows(rows).await?;
        Ok(Page::from_one_more(rows, page.limit, |last| {
            text(last).into()
        }))
    }
}

/// The number that a page begins behind. A cursor that another store made finds
/// nothing.
fn behind(after: Option<&Cursor>) -> i64 {
    after.map_or(i64::MIN, |cursor| {
        cursor
            .position()
            .try_into()
            .map_or(i64::MAX, i64::from_be_bytes)
    })
}

fn read<R, T>(page: Page<R>, id: impl Fn(&R) -> String) -> Page<Found<T>>
where
    T: TryFrom<R, Error = Unreadable>,
{
    let items = page.items.into_iter().map(|row| found(id(&row), row));
    Page {
        items: items.collect(),
        next: page.next,
    }
}

fn found<R, T>(id: String, row: R) -> Found<T>
where
    T: TryFrom<R, Error = Unreadable>,
{
    T::try_from(row).map_err(|unreadable| UnreadableRecord {
        id,
        source: unreadable.into(),
    })
}
