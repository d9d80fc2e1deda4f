//! Going through everything: each document by its own, so that one that cannot be
//! read keeps no other from being read.

use async_trait::async_trait;
use mongodb::bson::{Bson, Document, RawBsonRef, RawDocumentBuf, doc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use spark_oauth_core::admins::Admin;
use spark_oauth_core::api_keys::ApiKey;
use spark_oauth_core::audit::AuditEntry;
use spark_oauth_core::consent_links::ConsentLink;
use spark_oauth_core::ports::{
    Cursor, Found, Inventory, OutboxEntry, Page, PageRequest, Pause, PendingConsent, StoreError,
    UnreadableRecord,
};
use spark_oauth_core::token::Token;
use std::fmt::Write as _;

use crate::MongoStore;
use crate::collection::{Records, Selection};
use crate::errors::Unreadable;
use crate::position::one_more;
use crate::values::binary;

/// How many numbers of tokens the first query is about at least, and how much wider
/// the next one is where that found too few: see [`sequence`](crate::sequence).
const FIRST_WINDOW: i64 = 128;
const WIDER: i64 = 8;

#[async_trait]
impl Inventory for MongoStore {
    async fn walk_tokens(&self, page: &PageRequest) -> Result<Page<Found<Token>>, StoreError> {
        let found = self.tokens_behind(page).await?;
        let page = Page::from_one_more(found, page.limit, |last| Place::of(last).position());
        Ok(read(self.tokens(), page))
    }

    async fn walk_consents(
        &self,
        page: &PageRequest,
    ) -> Result<Page<Found<PendingConsent>>, StoreError> {
        let after = page.after.as_ref().map(Cursor::position);
        let mut waiting = behind(after.map(|hash| Bson::Binary(binary(hash))));
        waiting.insert("answer", Bson::Null);
        walk(self.consents(), waiting, page).await
    }

    async fn walk_admins(&self, page: &PageRequest) -> Result<Page<Found<Admin>>, StoreError> {
        walk(self.admins(), text(page), page).await
    }

    async fn walk_api_keys(&self, page: &PageRequest) -> Result<Page<Found<ApiKey>>, StoreError> {
        walk(self.api_keys(), text(page), page).await
    }

    async fn walk_links(&self, page: &PageRequest) -> Result<Page<Found<ConsentLink>>, StoreError> {
        walk(self.links(), text(page), page).await
    }

    async fn walk_audit(&self, page: &PageRequest) -> Result<Page<Found<AuditEntry>>, StoreError> {
        walk(self.audit(), text(page), page).await
    }

    async fn walk_pauses(&self, page: &PageRequest) -> Result<Page<Found<Pause>>, StoreError> {
        walk(self.pauses(), text(page), page).await
    }

    async fn walk_outbox(
        &self,
        page: &PageRequest,
    ) -> Result<Page<Found<OutboxEntry>>, StoreError> {
        walk(self.outbox(), text(page), page).await
    }
}

/// A page by identifier.
async fn walk<D, T>(
    records: &Records<D>,
    filter: Document,
    page: &PageRequest,
) -> Result<Page<Found<T>>, StoreError>
where
    D: Serialize + DeserializeOwned,
    T: TryFrom<D, Error = Unreadable>,
{
    let selection = Selection {
        filter,
        sort: doc! { "_id": 1 },
        fields: Document::new(),
        limit: one_more(page.limit),
    };
    let found = records.select_unread(selection).await?;
    let page = Page::from_one_more(found, page.limit, identifier);
    Ok(read(records, page))
}

/// The identifier that a page begins behind. A cursor that another store made finds
/// nothing: U+10FFFF sorts behind every text here.
fn text(page: &PageRequest) -> Document {
    behind(page.after.as_ref().map(|after| {
        let text = std::str::from_utf8(after.position()).unwrap_or("\u{10ffff}");
        text.into()
    }))
}

/// Every document whose identifier is greater.
fn behind(after: Option<Bson>) -> Document {
    after.map_or_else(Document::new, |after| doc! { "_id": { "$gt": after } })
}

fn read<D, T>(records: &Records<D>, page: Page<RawDocumentBuf>) -> Page<Found<T>>
where
    D: Serialize + DeserializeOwned,
    T: TryFrom<D, Error = Unreadable>,
{
    let read = |found: &RawDocumentBuf| {
        let document = records.read(found);
        document
            .and_then(|document: D| Ok(T::try_from(document)?))
            .map_err(|source| UnreadableRecord {
                id: shown(found),
                source,
            })
    };
    Page {
        items: page.items.iter().map(read).collect(),
        next: page.next,
    }
}

/// The bytes of a document's identifier.
fn identifier(found: &RawDocumentBuf) -> Vec<u8> {
    match found.get("_id") {
        Ok(Some(RawBsonRef::String(text))) => text.into(),
        Ok(Some(RawBsonRef::Binary(binary))) => binary.bytes.into(),
        _ => Vec::new(),
    }
}

/// A document's identifier for an operator.
fn shown(found: &RawDocumentBuf) -> String {
    let bytes = identifier(found);
    match found.get("_id") {
        Ok(Some(RawBsonRef::Binary(_))) => {
            let mut text = String::with_capacity(2 * bytes.len());
            for byte in bytes {
                // Writing to a string cannot fail.
                let _ = write!(text, "{byte:02x}");
            }
            text
        }
        _ => String::from_utf8_lossy(&bytes).into_owned(),
    }
}

/// The place of a token in the order of insertion.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    seq: i64,
    id: Vec<u8>,
}

impl Place {
    fn of(found: &RawDocumentBuf) -> Self {
        Self {
            seq: found.get_i64("seq").unwrap_or_default(),
            id: identifier(found),
        }
    }

    fn position(&self) -> Vec<u8> {
        [&self.seq.to_be_bytes(), &*self.id].concat()
    }

    /// A cursor that another store made leads behind the newest.
    fn read(cursor: &Cursor) -> Self {
        match cursor.position().split_first_chunk() {
            Some((seq, id)) => Self {
                seq: i64::from_be_bytes(*seq),
                id: id.to_vec(),
            },
            None => Self {
                seq: i64::MAX,
                id: Vec::new(),
            },
        }
    }
}

impl MongoStore {
    /// Up to one token more than the page holds, the oldest first: looks through one
    /// window of numbers after the other.
    async fn tokens_behind(&self, page: &PageRequest) -> Result<Vec<RawDocumentBuf>, StoreError> {
        let wanted = usize::from(page.limit.get()) + 1;
        let behind = page.after.as_ref().map(Place::read);
        let highest = self.sequence().highest(self.tokens()).await?;
        let mut from = behind.as_ref().map_or(0, |place| place.seq);
        let mut width = FIRST_WINDOW.max(one_more(page.limit).saturating_mul(2));
        let mut found = Vec::new();
        while from <= highest && found.len() < wanted {
            let below = from.saturating_add(width);
            let rest = wanted - found.len();
            found.extend(self.numbered(from, below, behind.as_ref(), rest).await?);
            (from, width) = (below, width.saturating_mul(WIDER));
        }
        Ok(found)
    }

    /// Up to so many tokens behind a place with numbers from `from` on and below
    /// `below`.
    async fn numbered(
        &self,
        from: i64,
        below: i64,
        behind: Option<&Place>,
        wanted: usize,
    ) -> Result<Vec<RawDocumentBuf>, StoreError> {
        // A few more for those that have the number of the place and lie before it.
        let mut limit = wanted.saturating_add(8);
        loop {
            let selection = Selection {
                filter: doc! { "seq": { "$gte": from, "$lt": below } },
                sort: doc! { "seq": 1, "_id": 1 },
                fields: doc! { "email_grams": 0 },
                limit: i64::try_from(limit).unwrap_or(i64::MAX),
            };
            let mut found = self.tokens().select_unread(selection).await?;
            let cut = found.len() == limit;
            found.retain(|token| behind.is_none_or(|place| Place::of(token) > *place));
            if found.len() >= wanted || !cut {
                found.truncate(wanted);
                return Ok(found);
            }
            limit = limit.saturating_mul(2);
        }
    }
}
