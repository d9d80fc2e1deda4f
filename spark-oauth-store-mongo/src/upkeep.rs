//! What the background worker and the operator ask of the tokens as a whole.

use std::num::NonZeroU16;

use mongodb::bson::{DateTime, Document, doc};
use serde::Deserialize;
use spark_oauth_core::ports::{Census, DueToken, StoreError};
use spark_oauth_core::token::{StatusKind, Token};
use spark_oauth_core::{ClientId, Timestamp};

use crate::MongoStore;
use crate::collection::Selection;
use crate::errors::Unreadable;
use crate::token_document::TOKENS;
use crate::tokens::read_all;
use crate::values::{date, parse, timestamp};

impl MongoStore {
    pub(crate) async fn due_tokens(
        &self,
        integration: &ClientId,
        now: Timestamp,
        limit: NonZeroU16,
    ) -> Result<Vec<DueToken>, StoreError> {
        let wanted = usize::from(limit.get());
        // There are no more leased ones than refreshes under way.
        let mut asked = wanted.saturating_add(64);
        loop {
            let selection = due(integration, now, asked);
            let mut found: Vec<DueDocument> = self.tokens().select_as(selection).await?;
            let cut = found.len() == asked;
            found.retain(|token| !token.is_leased(now));
            if found.len() >= wanted || !cut {
                let due = found.into_iter().take(wanted).map(DueToken::try_from);
                return Ok(due.collect::<Result<_, _>>()?);
            }
            asked = asked.saturating_mul(2);
        }
    }

    pub(crate) async fn tokens_with_events(
        &self,
        limit: NonZeroU16,
    ) -> Result<Vec<Token>, StoreError> {
        read_all(self.tokens().select(with_events(limit)).await?)
    }

    pub(crate) async fn count_all(
        &self,
        integration: &ClientId,
        now: Timestamp,
    ) -> Result<Census, StoreError> {
        let by_status = self.tokens().aggregate(by_status(integration));
        let due = self.tokens().aggregate(overdue(integration, now));
        let (by_status, due) = tokio::try_join!(by_status, due)?;
        let mut census = Census::default();
        for StatusCount { kind, tokens } in by_status {
            let counted = match parse(&kind, TOKENS, "status.kind")? {
                StatusKind::Active => &mut census.active,
                StatusKind::NeedsConsent => &mut census.needs_consent,
                StatusKind::Revoked => &mut census.revoked,
            };
            *counted = tokens.cast_unsigned();
        }
        if let Some(DueCount { tokens, oldest }) = due.into_iter().next() {
            census.due = tokens.cast_unsigned();
            census.oldest_due_at = Some(timestamp(oldest));
        }
        Ok(census)
    }

    pub(crate) async fn count_elsewhere(
        &self,
        integration: &ClientId,
    ) -> Result<Vec<(ClientId, u64)>, StoreError> {
        let counts = self.tokens().aggregate(by_other_integration(integration));
        let counts: Vec<IntegrationCount> = counts.await?;
        let counts = counts.into_iter();
        Ok(counts
            .map(|count| {
                (
                    ClientId::new(count.integration),
                    count.tokens.cast_unsigned(),
                )
            })
            .collect())
    }

    pub(crate) async fn count_ending(
        &self,
        integration: &ClientId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<u64, StoreError> {
        self.tokens().count(ending(integration, from, until)).await
    }
}

fn has_come(integration: &ClientId, now: Timestamp) -> Document {
    doc! { "integration": integration.as_str(), "upkeep.due_at": { "$lte": date(now) } }
}

/// The query for so many of those that are due, the longest due first.
///
/// Leased ones are among them, and sorted out afterwards: to have the lease in the
/// index would make each lease a write of the index, and some servers of the protocol
/// use no index where the filter asks for what may be absent.
pub(crate) fn due(integration: &ClientId, now: Timestamp, limit: usize) -> Selection {
    Selection {
        filter: has_come(integration, now),
        sort: doc! { "upkeep.due_at": 1 },
        fields: doc! { "upkeep.due_at": 1, "lease.expires_at": 1 },
        limit: i64::try_from(limit).unwrap_or(i64::MAX),
    }
}

/// The query for those whose events are not on their way yet, the longest waiting
/// first. No time is earlier than the one that is named: some servers of the protocol
/// do not use an index to find out what exists.
pub(crate) fn with_events(limit: NonZeroU16) -> Selection {
    Selection {
        filter: doc! { "upkeep.events.at": { "$gte": DateTime::MIN } },
        sort: doc! { "upkeep.events.at": 1 },
        fields: doc! { "email_grams": 0 },
        limit: limit.get().into(),
    }
}

/// How many tokens have which status, from the index alone.
pub(crate) fn by_status(integration: &ClientId) -> Vec<Document> {
    let statuses = StatusKind::ALL.map(StatusKind::as_str).to_vec();
    vec![
        doc! { "$match": {
            "integration": integration.as_str(),
            "status.kind": { "$in": statuses },
        } },
        doc! { "$group": { "_id": "$status.kind", "tokens": { "$sum": 1_i64 } } },
    ]
}

/// How many tokens each other integration has. Two ranges, which read nothing of this
/// integration's.
pub(crate) fn by_other_integration(integration: &ClientId) -> Vec<Document> {
    let id = integration.as_str();
    vec![
        doc! { "$match": { "$or": [
            { "integration": { "$lt": id } },
            { "integration": { "$gt": id } },
        ] } },
        doc! { "$group": { "_id": "$integration", "tokens": { "$sum": 1_i64 } } },
    ]
}

/// How many tokens are due and since when the longest is, from the index alone.
pub(crate) fn overdue(integration: &ClientId, now: Timestamp) -> Vec<Document> {
    vec![
        doc! { "$match": has_come(integration, now) },
        doc! { "$group": {
            "_id": null,
            "tokens": { "$sum": 1_i64 },
            "oldest": { "$min": "$upkeep.due_at" },
        } },
    ]
}

/// The filter for the active tokens that end within a time.
pub(crate) fn ending(integration: &ClientId, from: Timestamp, until: Timestamp) -> Document {
    doc! {
        "integration": integration.as_str(),
        "status.kind": StatusKind::Active.as_str(),
        "access_expires_at": { "$gte": date(from), "$lt": date(until) },
    }
}

#[derive(Deserialize)]
struct DueDocument {
    #[serde(rename = "_id")]
    id: String,
    upkeep: DueAt,
    lease: Option<LeaseEnd>,
}

#[derive(Deserialize)]
struct DueAt {
    due_at: DateTime,
}

#[derive(Deserialize)]
struct LeaseEnd {
    expires_at: DateTime,
}

impl DueDocument {
    fn is_leased(&self, now: Timestamp) -> bool {
        let end = self.lease.as_ref().map(|lease| timestamp(lease.expires_at));
        end.is_some_and(|end| !end.has_passed(now))
    }
}

impl TryFrom<DueDocument> for DueToken {
    type Error = Unreadable;

    fn try_from(document: DueDocument) -> Result<Self, Unreadable> {
        Ok(Self {
            id: parse(&document.id, TOKENS, "_id")?,
            due_at: timestamp(document.upkeep.due_at),
        })
    }
}

#[derive(Deserialize)]
struct IntegrationCount {
    #[serde(rename = "_id")]
    integration: String,
    tokens: i64,
}

#[derive(Deserialize)]
struct StatusCount {
    #[serde(rename = "_id")]
    kind: String,
    tokens: i64,
}

#[derive(Deserialize)]
struct DueCount {
    tokens: i64,
    oldest: DateTime,
}
