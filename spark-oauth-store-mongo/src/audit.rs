//! The audit log.

use async_trait::async_trait;
use mongodb::bson::{DateTime, Document};
use serde::{Deserialize, Serialize};
use spark_oauth_core::audit::{Actor, AuditEntry, Caller, Origin, Outcome};
use spark_oauth_core::ports::{AuditLog, Page, PageRequest, StoreError};

use crate::MongoStore;
use crate::collection::Selection;
use crate::errors::Unreadable;
use crate::position::{behind, newest_first, one_more};
use crate::values::{date, from_word, parse, timestamp, to_word};

/// The collection.
pub(crate) const AUDIT: &str = "audit";

#[async_trait]
impl AuditLog for MongoStore {
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.audit().insert(&AuditDocument::new(entry)?).await
    }

    async fn list(&self, page: &PageRequest) -> Result<Page<AuditEntry>, StoreError> {
        let found = self.audit().select(selection(page)).await?;
        let entries = found.into_iter().map(AuditEntry::try_from);
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_one_more(entries, page.limit, |last| {
            last.id.to_string().into_bytes()
        }))
    }
}

/// The query for a page.
pub(crate) fn selection(page: &PageRequest) -> Selection {
    Selection {
        filter: behind(page.after.as_ref()),
        sort: newest_first(),
        fields: Document::new(),
        limit: one_more(page.limit),
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct AuditDocument {
    #[serde(rename = "_id")]
    id: String,
    at: DateTime,
    action: String,
    actor: Actor,
    outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl AuditDocument {
    fn new(entry: &AuditEntry) -> Result<Self, StoreError> {
        let origin = &entry.caller.origin;
        Ok(Self {
            id: entry.id.to_string(),
            at: date(entry.at),
            action: to_word(&entry.action)?,
            actor: entry.caller.actor.clone(),
            outcome: entry.outcome.clone(),
            token: entry.token.map(|token| token.to_string()),
            subject: entry.subject.clone(),
            address: origin.address.map(|address| address.to_string()),
            request_id: origin.request_id.clone(),
        })
    }
}

impl TryFrom<AuditDocument> for AuditEntry {
    type Error = Unreadable;

    fn try_from(document: AuditDocument) -> Result<Self, Unreadable> {
        let token = document.token.as_deref();
        let token = token.map(|text| parse(text, AUDIT, "token"));
        let address = document.address.as_deref();
        let address = address.map(|text| parse(text, AUDIT, "address"));
        Ok(Self {
            id: parse(&document.id, AUDIT, "_id")?,
            at: timestamp(document.at),
            caller: Caller {
                actor: document.actor,
                origin: Origin {
                    address: address.transpose()?,
                    request_id: document.request_id,
                },
            },
            action: from_word(&document.action, AUDIT, "action")?,
            token: token.transpose()?,
            subject: document.subject,
            outcome: document.outcome,
        })
    }
}
