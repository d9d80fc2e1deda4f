//! The audit log.

use async_trait::async_trait;
use spark_oauth_core::Timestamp;
use spark_oauth_core::audit::{AuditEntry, Caller, Origin};
use spark_oauth_core::ports::{AuditLog, Page, PageRequest, StoreError};

use crate::SqliteStore;
use crate::errors::{Unreadable, corrupt};
use crate::position::before;
use crate::statements::statements;
use crate::words::{from_word, parse, to_word};

statements! {
    APPEND = "INSERT INTO audit (id, at, action, actor, outcome, token, subject, address, \
        request_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

    LIST = "SELECT seq, id, at, action, actor, outcome, token, subject, address, request_id \
        FROM audit WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2";
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
            .bind(origin.request_id.clone());
        self.execute(insertion).await?;
        Ok(())
    }

    async fn list(&self, page: &PageRequest) -> Result<Page<AuditEntry>, StoreError> {
        let rows = sqlx::query_as(LIST)
            .bind(before(page.after.as_ref()))
            .bind(i64::from(page.limit.get()) + 1);
        let rows: Vec<AuditRow> = self.rows(rows).await?;
        let rows = Page::from_one_more(rows, page.limit, |last| last.seq.to_be_bytes().into());
        let items = rows.items.into_iter().map(AuditEntry::try_from);
        Ok(Page {
            items: items.collect::<Result<_, _>>()?,
            next: rows.next,
        })
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
    subject: Option<String>,
    address: Option<String>,
    request_id: Option<String>,
}

impl TryFrom<AuditRow> for AuditEntry {
    type Error = Unreadable;

    fn try_from(row: AuditRow) -> Result<Self, Unreadable> {
        let token = row.token.as_deref().map(|text| parse(text, "audit.token"));
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
            subject: row.subject,
            outcome: serde_json::from_str(&row.outcome).map_err(|_| Unreadable("audit.outcome"))?,
        })
    }
}
