//! Consent links.

use async_trait::async_trait;
use mongodb::bson::{DateTime, Document, doc, serialize_to_document};
use serde::{Deserialize, Serialize};
use spark_oauth_core::consent_links::{ConsentLink, LinkProgress, Note, ReturnAddress};
use spark_oauth_core::ports::{ConsentLinkStore, Page, PageRequest, StoreError};
use spark_oauth_core::{ConsentLinkId, Scopes, Timestamp};

use crate::MongoStore;
use crate::collection::Selection;
use crate::errors::{Unreadable, corrupt};
use crate::position::{behind, newest_first, one_more};
use crate::sessions::expired;
use crate::values::{date, parse, timestamp};

/// The collection.
pub(crate) const LINKS: &str = "consent_links";

#[async_trait]
impl ConsentLinkStore for MongoStore {
    async fn insert(&self, link: &ConsentLink) -> Result<(), StoreError> {
        self.links().insert(&LinkDocument::new(link)).await
    }

    async fn get(&self, id: ConsentLinkId) -> Result<Option<ConsentLink>, StoreError> {
        let found = self.links().find_one(by_id(id)).await?;
        Ok(found.map(ConsentLink::try_from).transpose()?)
    }

    async fn list(&self, page: &PageRequest) -> Result<Page<ConsentLink>, StoreError> {
        let found = self.links().select(selection(page)).await?;
        let links = found.into_iter().map(ConsentLink::try_from);
        let links = links.collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_one_more(links, page.limit, |last| {
            last.id.to_string().into_bytes()
        }))
    }

    async fn update(&self, link: &ConsentLink) -> Result<u64, StoreError> {
        let version = link.version.wrapping_add(1);
        let progress = ProgressDocument::new(link.progress);
        let progress = serialize_to_document(&progress).map_err(corrupt)?;
        let change = doc! {
            "$set": {
                "progress": progress,
                "expires_at": date(link.expires_at),
                "version": version.cast_signed(),
            },
        };
        let mut expected = by_id(link.id);
        expected.insert("version", link.version.cast_signed());
        if self.links().update(expected, change).await? {
            return Ok(version);
        }
        match self.links().count(by_id(link.id)).await? {
            0 => Err(StoreError::NotFound),
            _ => Err(StoreError::Conflict),
        }
    }

    async fn remove_expired(&self, at: Timestamp) -> Result<u64, StoreError> {
        self.links().remove_all(expired(at)).await
    }
}

fn by_id(id: ConsentLinkId) -> Document {
    doc! { "_id": id.to_string() }
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

/// What is absent has no field. The server clears none of them away by itself: how long
/// the answer to a link can be read after its end is for the application to say.
#[derive(Serialize, Deserialize)]
pub(crate) struct LinkDocument {
    #[serde(rename = "_id")]
    id: String,
    scopes: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expected_email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    return_to: Option<String>,
    single_use: bool,
    created_at: DateTime,
    created_by: String,
    expires_at: DateTime,
    progress: ProgressDocument,
    version: i64,
}

#[derive(Serialize, Deserialize)]
struct ProgressDocument {
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<DateTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

impl LinkDocument {
    fn new(link: &ConsentLink) -> Self {
        Self {
            id: link.id.to_string(),
            scopes: link.scopes.to_string(),
            note: link.note.clone().map(String::from),
            expected_email: link.expected_email.clone().map(String::from),
            return_to: link.return_to.clone().map(String::from),
            single_use: link.single_use,
            created_at: date(link.created_at),
            created_by: link.created_by.clone(),
            expires_at: date(link.expires_at),
            progress: ProgressDocument::new(link.progress),
            version: link.version.cast_signed(),
        }
    }
}

impl TryFrom<LinkDocument> for ConsentLink {
    type Error = Unreadable;

    fn try_from(document: LinkDocument) -> Result<Self, Unreadable> {
        let wrong = |field| Unreadable::new(LINKS, field);
        let expected_email = document.expected_email.as_deref();
        let expected_email = expected_email.map(|text| parse(text, LINKS, "expected_email"));
        let return_to = document.return_to.as_deref().map(ReturnAddress::parse);
        let note = document.note.map(Note::try_from);
        Ok(Self {
            id: parse(&document.id, LINKS, "_id")?,
            scopes: Scopes::try_from(document.scopes).map_err(|_| wrong("scopes"))?,
            note: note.transpose().map_err(|_| wrong("note"))?,
            expected_email: expected_email.transpose()?,
            return_to: return_to.transpose().map_err(|_| wrong("return_to"))?,
            single_use: document.single_use,
            created_at: timestamp(document.created_at),
            created_by: document.created_by,
            expires_at: timestamp(document.expires_at),
            progress: document.progress.try_into()?,
            version: document.version.cast_unsigned(),
        })
    }
}

const OPEN: &str = "open";
const DECLINED: &str = "declined";
const GRANTED: &str = "granted";

impl ProgressDocument {
    fn new(progress: LinkProgress) -> Self {
        let (kind, at, token) = match progress {
            LinkProgress::Open => (OPEN, None, None),
            LinkProgress::Declined { at } => (DECLINED, Some(at), None),
            LinkProgress::Granted { at, token } => (GRANTED, Some(at), token),
        };
        Self {
            kind: kind.to_owned(),
            at: at.map(date),
            token: token.map(|token| token.to_string()),
        }
    }
}

impl TryFrom<ProgressDocument> for LinkProgress {
    type Error = Unreadable;

    fn try_from(document: ProgressDocument) -> Result<Self, Unreadable> {
        let token = document.token.as_deref();
        let token = token.map(|text| parse(text, LINKS, "progress.token"));
        match (&*document.kind, document.at.map(timestamp), token) {
            (OPEN, None, None) => Ok(Self::Open),
            (DECLINED, Some(at), None) => Ok(Self::Declined { at }),
            (GRANTED, Some(at), token) => Ok(Self::Granted {
                at,
                token: token.transpose()?,
            }),
            _ => Err(Unreadable::new(LINKS, "progress")),
        }
    }
}
