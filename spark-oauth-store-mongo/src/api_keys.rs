//! API keys.

use std::num::NonZeroU32;

use async_trait::async_trait;
use mongodb::bson::{Binary, DateTime, Document, doc};
use serde::{Deserialize, Serialize};
use spark_oauth_core::api_keys::{ApiKey, KeyHash, KeyName, KeyScope, KeyScopes, Reach};
use spark_oauth_core::ports::{ApiKeyStore, Page, PageRequest, StoreError};
use spark_oauth_core::{ApiKeyId, Timestamp};

use crate::MongoStore;
use crate::collection::Selection;
use crate::errors::Unreadable;
use crate::position::{behind, newest_first, one_more};
use crate::values::{binary, count, date, fixed, parse, timestamp};

/// The collection.
pub(crate) const API_KEYS: &str = "api_keys";

#[async_trait]
impl ApiKeyStore for MongoStore {
    async fn insert(&self, key: &ApiKey) -> Result<(), StoreError> {
        self.api_keys().insert(&ApiKeyDocument::new(key)).await
    }

    async fn get(&self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        self.one_key(by_id(id)).await
    }

    async fn find_by_hash(&self, hash: KeyHash) -> Result<Option<ApiKey>, StoreError> {
        self.one_key(by_hash(hash)).await
    }

    async fn list(&self, page: &PageRequest) -> Result<Page<ApiKey>, StoreError> {
        let found = self.api_keys().select(selection(page)).await?;
        let keys = found.into_iter().map(ApiKey::try_from);
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_one_more(keys, page.limit, |last| {
            last.id.to_string().into_bytes()
        }))
    }

    async fn revoke(&self, id: ApiKeyId, at: Timestamp) -> Result<Option<ApiKey>, StoreError> {
        let mut good = by_id(id);
        good.insert("revoked_at", doc! { "$exists": false });
        let revoked = doc! { "$set": { "revoked_at": date(at) } };
        self.api_keys().update(good, revoked).await?;
        // Nothing makes a revoked key good again, so that what is read is what stands.
        self.one_key(by_id(id)).await
    }

    async fn note_use(&self, id: ApiKeyId, at: Timestamp) -> Result<(), StoreError> {
        let later = doc! { "$max": { "last_used_at": date(at) } };
        self.api_keys().update(by_id(id), later).await?;
        Ok(())
    }
}

impl MongoStore {
    async fn one_key(&self, filter: Document) -> Result<Option<ApiKey>, StoreError> {
        let found = self.api_keys().find_one(filter).await?;
        Ok(found.map(ApiKey::try_from).transpose()?)
    }
}

fn by_id(id: ApiKeyId) -> Document {
    doc! { "_id": id.to_string() }
}

pub(crate) fn by_hash(hash: KeyHash) -> Document {
    doc! { "hash": binary(hash.0) }
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

/// What is absent has no field, but for the reach: a key whose reach got lost must not
/// be good for everybody.
#[derive(Serialize, Deserialize)]
pub(crate) struct ApiKeyDocument {
    #[serde(rename = "_id")]
    id: String,
    name: String,
    hash: Binary,
    scopes: Vec<KeyScope>,
    reach: Reach,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    requests_per_minute: Option<i64>,
    created_at: DateTime,
    created_by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<DateTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_used_at: Option<DateTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revoked_at: Option<DateTime>,
}

impl ApiKeyDocument {
    fn new(key: &ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name.as_str().to_owned(),
            hash: binary(key.hash.0),
            scopes: key.scopes.iter().collect(),
            reach: key.reach.clone(),
            requests_per_minute: key.requests_per_minute.map(|number| number.get().into()),
            created_at: date(key.created_at),
            created_by: key.created_by.clone(),
            expires_at: key.expires_at.map(date),
            last_used_at: key.last_used_at.map(date),
            revoked_at: key.revoked_at.map(date),
        }
    }
}

impl TryFrom<ApiKeyDocument> for ApiKey {
    type Error = Unreadable;

    fn try_from(document: ApiKeyDocument) -> Result<Self, Unreadable> {
        let wrong = |field| Unreadable::new(API_KEYS, field);
        let requests = document.requests_per_minute.map(|number| {
            let number = count(number, API_KEYS, "requests_per_minute")?;
            NonZeroU32::new(number).ok_or_else(|| wrong("requests_per_minute"))
        });
        Ok(Self {
            id: parse(&document.id, API_KEYS, "_id")?,
            name: KeyName::parse(&document.name).map_err(|_| wrong("name"))?,
            hash: KeyHash(fixed(document.hash, API_KEYS, "hash")?),
            scopes: KeyScopes::new(document.scopes).ok_or_else(|| wrong("scopes"))?,
            reach: document.reach,
            requests_per_minute: requests.transpose()?,
            created_at: timestamp(document.created_at),
            created_by: document.created_by,
            expires_at: document.expires_at.map(timestamp),
            last_used_at: document.last_used_at.map(timestamp),
            revoked_at: document.revoked_at.map(timestamp),
        })
    }
}
