//! The audit log.

use std::num::{NonZeroU16, NonZeroU32};

use async_trait::async_trait;
use mongodb::bson::{DateTime, Document, doc};
use serde::{Deserialize, Serialize};
use spark_oauth_core::audit::{Actor, AuditEntry, Caller, Origin, Outcome};
use spark_oauth_core::ports::{AuditFilter, AuditLog, Page, PageRequest, StoreError};
use spark_oauth_core::{EmailAddress, Timestamp};

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

    async fn list(
        &self,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AuditEntry>, StoreError> {
        let found = self.audit().select(selection(filter, page)?).await?;
        let entries = found.into_iter().map(AuditEntry::try_from);
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_one_more(entries, page.limit, |last| {
            last.id.to_string().into_bytes()
        }))
    }

    async fn remove_before(&self, at: Timestamp, limit: NonZeroU16) -> Result<u64, StoreError> {
        let limit = u64::from(limit.get());
        let mut removed = 0;
        loop {
            let asked = limit - removed;
            let found: Vec<Identified> = self.audit().select_as(before(at, asked)).await?;
            let ids: Vec<_> = found.into_iter().map(|entry| entry.id).collect();
            let cut = ids.len() as u64 == asked;
            if !ids.is_empty() {
                let these = doc! { "_id": { "$in": ids } };
                removed += self.audit().remove_all(these).await?;
            }
            // Where somebody else removed some of these meanwhile, others may stand.
            if removed >= limit || !cut {
                return Ok(removed);
            }
        }
    }
}

/// The query for a page.
///
/// What the index is to be chosen by stands first: some servers go by that.
pub(crate) fn selection(filter: &AuditFilter, page: &PageRequest) -> Result<Selection, StoreError> {
    let mut wanted = Document::new();
    if let Some(token) = filter.token {
        wanted.insert("token", token.to_string());
    }
    if let Some(subject) = &filter.subject {
        wanted.insert("subject_normalized", EmailAddress::normalize(subject));
    }
    if let Some(key) = filter.api_key {
        wanted.insert("api_key", key.to_string());
    }
    if let Some(actor) = &filter.actor {
        wanted.insert("actor_normalized", EmailAddress::normalize(actor));
    }
    if let Some(action) = filter.action {
        wanted.insert("action", action.as_str());
    }
    wanted.extend(behind(page.after.as_ref()));
    if let Some(outcome) = &filter.outcome {
        wanted.insert("outcome.kind", to_word(outcome)?);
    }
    let mut times = Document::new();
    if let Some(from) = filter.from {
        times.insert("$gte", date(from));
    }
    if let Some(until) = filter.until {
        times.insert("$lt", date(until));
    }
    if !times.is_empty() {
        wanted.insert("at", times);
    }
    Ok(Selection {
        filter: wanted,
        sort: newest_first(),
        fields: Document::new(),
        limit: one_more(page.limit),
    })
}

/// The query for the identifiers of so many of those that happened before `at`, the
/// longest ago first.
pub(crate) fn before(at: Timestamp, limit: u64) -> Selection {
    Selection {
        filter: doc! { "at": { "$lt": date(at) } },
        sort: doc! { "at": 1 },
        fields: doc! { "_id": 1 },
        limit: i64::try_from(limit).unwrap_or(i64::MAX),
    }
}

#[derive(Deserialize)]
struct Identified {
    #[serde(rename = "_id")]
    id: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct AuditDocument {
    #[serde(rename = "_id")]
    id: String,
    at: DateTime,
    action: String,
    actor: Actor,
    /// What the search finds the actor by; never read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    actor_normalized: Option<String>,
    outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    api_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// What the search finds the subject by; never read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject_normalized: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// The number of events in this entry; absent for one.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    count: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_request_id: Option<String>,
}

const fn one() -> i64 {
    1
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_one(count: &i64) -> bool {
    *count == 1
}

impl AuditDocument {
    fn new(entry: &AuditEntry) -> Result<Self, StoreError> {
        let origin = &entry.caller.origin;
        Ok(Self {
            id: entry.id.to_string(),
            at: date(entry.at),
            action: to_word(&entry.action)?,
            actor: entry.caller.actor.clone(),
            actor_normalized: entry.caller.actor.name().map(EmailAddress::normalize),
            outcome: entry.outcome.clone(),
            token: entry.token.map(|token| token.to_string()),
            api_key: entry.api_key.map(|key| key.to_string()),
            subject: entry.subject.clone(),
            subject_normalized: entry.subject.as_deref().map(EmailAddress::normalize),
            address: origin.address.map(|address| address.to_string()),
            request_id: origin.request_id.clone(),
            count: entry.count.get().into(),
            last_request_id: entry.last_request_id.clone(),
        })
    }
}

impl TryFrom<AuditDocument> for AuditEntry {
    type Error = Unreadable;

    fn try_from(document: AuditDocument) -> Result<Self, Unreadable> {
        let token = document.token.as_deref();
        let token = token.map(|text| parse(text, AUDIT, "token"));
        let api_key = document.api_key.as_deref();
        let api_key = api_key.map(|text| parse(text, AUDIT, "api_key"));
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
            api_key: api_key.transpose()?,
            subject: document.subject,
            outcome: document.outcome,
            count: u32::try_from(document.count)
                .and_then(NonZeroU32::try_from)
                .map_err(|_| Unreadable::new(AUDIT, "count"))?,
            last_request_id: document.last_request_id,
        })
    }
}
