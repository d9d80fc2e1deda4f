//! The audit log.

use std::num::{NonZeroU16, NonZeroU32};

use async_trait::async_trait;
use spark_oauth_core::audit::{AuditEntry, Caller, Origin};
use spark_oauth_core::ports::{AuditFilter, AuditLog, Page, PageRequest, StoreError};
use spark_oauth_core::{EmailAddress, Timestamp};

use crate::SqliteStore;
use crate::errors::{Unreadable, corrupt};
use crate::statements::statements;
use crate::words::{from_word, parse, to_word};

macro_rules! audit_columns {
    () => {
        "seq, id, at, action, actor, outcome, token, api_key, subject, address, request_id, \
         count, last_request_id"
    };
}

pub(crate) use audit_columns;

statements! {
    APPEND = "INSERT INTO audit (id, at, action, actor, outcome, token, subject, address, \
        request_id, actor_normalized, subject_normalized, api_key, count, last_request_id, \
        searchable) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, 1)";

    /// The index gives what ended in the order of its time; which of one time goes
    /// first does not matter.
    REMOVE_BEFORE = "DELETE FROM audit WHERE seq IN \
        (SELECT seq FROM audit WHERE at < ?1 ORDER BY at LIMIT ?2)";
}

#[async_trait]
impl AuditLog for SqliteStore {
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let origin = &entry.caller.origin;
        let insertion = sqlx::query(APPEND)
            .bind(entry.id.to_string())
            .bind(entry.at.as_millis())
            .bind(to_word(&entry.action)?)
            .bind(serde_json::to_string(&entry.caller.actor).map_err(corrupt)?)
            .bind(serde_json::to_string(&entry.outcome).map_err(corrupt)?)
            .bind(entry.token.map(|token| token.to_string()))
            .bind(entry.subject.clone())
            .bind(origin.address.map(|address| address.to_string()))
            .bind(origin.request_id.clone())
            .bind(entry.caller.actor.name().map(EmailAddress::normalize))
            .bind(entry.subject.as_deref().map(EmailAddress::normalize))
            .bind(entry.api_key.map(|key| key.to_string()))
            .bind(i64::from(entry.count.get()))
            .bind(entry.last_request_id.clone());
        self.execute(insertion).await?;
        Ok(())
    }

    async fn list(
        &self,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AuditEntry>, StoreError> {
        let rows = self.search_audit(filter, page).await?;
        let rows = Page::from_one_more(rows, page.limit, |last| last.seq.to_be_bytes().into());
        let items = rows.items.into_iter().map(AuditEntry::try_from);
        Ok(Page {
            items: items.collect::<Result<_, _>>()?,
            next: rows.next,
        })
    }

    async fn remove_before(&self, at: Timestamp, limit: NonZeroU16) -> Result<u64, StoreError> {
        let removal = sqlx::query(REMOVE_BEFORE)
            .bind(at.as_millis())
            .bind(i64::from(limit.get()));
        self.execute(removal).await
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct AuditRow {
    pub(crate) seq: i64,
    pub(crate) id: String,
    at: i64,
    action: String,
    actor: String,
    outcome: String,
    token: Option<String>,
    api_key: Option<String>,
    subject: Option<String>,
    address: Option<String>,
    request_id: Option<String>,
    count: i64,
    last_request_id: Option<String>,
}

impl TryFrom<AuditRow> for AuditEntry {
    type Error = Unreadable;

    fn try_from(row: AuditRow) -> Result<Self, Unreadable> {
        let token = row.token.as_deref().map(|text| parse(text, "audit.token"));
        let api_key = row.api_key.as_deref();
        let api_key = api_key.map(|text| parse(text, "audit.api_key"));
        let address = row.address.as_deref();
        let address = address.map(|text| parse(text, "audit.address"));
        Ok(Self {
            id: parse(&row.id, "audit.id")?,
            at: Timestamp::from_millis(row.at),
            caller: Caller {
                actor: serde_json::from_str(&row.actor).map_err(|_| Unreadable("audit.actor"))?,
                origin: Origin {
                    address: address.transpose()?,
                    request_id: row.request_id,
                },
            },
            action: from_word(&row.action, "audit.action")?,
            token: token.transpose()?,
            api_key: api_key.transpose()?,
            subject: row.subject,
            outcome: serde_json::from_str(&row.outcome).map_err(|_| Unreadable("audit.outcome"))?,
            count: u32::try_from(row.count)
                .and_then(NonZeroU32::try_from)
                .map_err(|_| Unreadable("audit.count"))?,
            last_request_id: row.last_request_id,
        })
    }
}
