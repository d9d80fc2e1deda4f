//! Tokens.

use std::num::NonZeroU16;

use async_trait::async_trait;
use mongodb::bson::{Bson, Document, doc};
use serde::Deserialize;
use spark_oauth_core::ports::{
    Census, Claim, DueToken, Page, PageRequest, StoreError, TokenFilter, TokenStore,
};
use spark_oauth_core::token::{Lease, Token};
use spark_oauth_core::{ClientId, EmailAddress, PersonId, ProcessId, Scopes, Timestamp, TokenId};

use crate::MongoStore;
use crate::token_document::{TokenDocument, replacement};

#[async_trait]
impl TokenStore for MongoStore {
    async fn insert(&self, token: &Token) -> Result<(), StoreError> {
        let seq = self.sequence().next(self.tokens()).await?;
        let document = TokenDocument::new(token, seq, token.version)?;
        self.tokens().insert(&document).await
    }

    async fn get(&self, id: TokenId) -> Result<Option<Token>, StoreError> {
        let found = self.tokens().find_one(by_id(id)).await?;
        found.map(read).transpose()
    }

    async fn find(
        &self,
        integration: &ClientId,
        person: &PersonId,
        consented: &Scopes,
    ) -> Result<Option<Token>, StoreError> {
        let filter = by_consent(integration, person, consented);
        let found = self.tokens().find_one(filter).await?;
        found.map(read).transpose()
    }

    async fn find_by_person(
        &self,
        integration: &ClientId,
        person: &PersonId,
    ) -> Result<Vec<Token>, StoreError> {
        let filter = by_person(integration, person);
        Ok(newest_first(read_all(self.tokens().find(filter).await?)?))
    }

    async fn find_by_email(&self, email: &EmailAddress) -> Result<Vec<Token>, StoreError> {
        let filter = by_email(email);
        Ok(newest_first(read_all(self.tokens().find(filter).await?)?))
    }

    async fn list(
        &self,
        filter: &TokenFilter,
        page: &PageRequest,
    ) -> Result<Page<Token>, StoreError> {
        self.list_tokens(filter, page).await
    }

    async fn update(&self, token: &Token) -> Result<u64, StoreError> {
        let version = token.version.wrapping_add(1);
        let replacement = replacement(token, version)?;
        let here = Standing::of(token);
        let updating = self
            .tokens()
            .update(here.filter(token.id), replacement.clone());
        if updating.await? {
            return Ok(version);
        }
        let stands = self.standing(token.id).await?.ok_or(StoreError::NotFound)?;
        // An imported record gets its person: see `Standing`.
        if stands.version == here.version && stands != here {
            let updating = self.tokens().update(stands.filter(token.id), replacement);
            if updating.await? {
                return Ok(version);
            }
        }
        Err(StoreError::Conflict)
    }

    async fn claim(&self, id: TokenId, lease: Lease, now: Timestamp) -> Result<Claim, StoreError> {
        self.claim_lease(id, lease, now).await
    }

    async fn extend_lease(&self, id: TokenId, lease: Lease) -> Result<Option<u64>, StoreError> {
        self.move_lease(id, lease).await
    }

    async fn release_lease(&self, id: TokenId, owner: ProcessId) -> Result<bool, StoreError> {
        self.give_lease_back(id, owner).await
    }

    async fn list_due(
        &self,
        integration: &ClientId,
        now: Timestamp,
        limit: NonZeroU16,
    ) -> Result<Vec<DueToken>, StoreError> {
        self.due_tokens(integration, now, limit).await
    }

    async fn list_with_events(&self, limit: NonZeroU16) -> Result<Vec<Token>, StoreError> {
        self.tokens_with_events(limit).await
    }

    async fn census(&self, integration: &ClientId, now: Timestamp) -> Result<Census, StoreError> {
        self.count_all(integration, now).await
    }

    async fn count_of_others(
        &self,
        integration: &ClientId,
    ) -> Result<Vec<(ClientId, u64)>, StoreError> {
        self.count_elsewhere(integration).await
    }

    async fn count_expiring(
        &self,
        integration: &ClientId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<u64, StoreError> {
        self.count_ending(integration, from, until).await
    }

    async fn remove(&self, id: TokenId) -> Result<bool, StoreError> {
        self.tokens().remove(by_id(id)).await
    }
}

impl MongoStore {
    async fn standing(&self, id: TokenId) -> Result<Option<Standing>, StoreError> {
        let fields = doc! { "_id": 0, "integration": 1, "person": 1, "version": 1 };
        self.tokens().find_one_as(by_id(id), Some(fields)).await
    }
}

/// What a record is replaced by: its version, and where it stands in a collection
/// that is sharded by integration and person.
///
/// With the last two in the filter the replacement goes to one shard. A record
/// whose person becomes known changes its place, which a sharded collection allows
/// only where the filter names the old one.
#[derive(PartialEq, Eq, Deserialize)]
pub(crate) struct Standing {
    integration: String,
    person: Option<String>,
    version: i64,
}

impl Standing {
    pub(crate) fn of(token: &Token) -> Self {
        Self {
            integration: token.integration.as_str().to_owned(),
            person: token.person.as_ref().map(|id| id.as_str().to_owned()),
            version: token.version.cast_signed(),
        }
    }

    pub(crate) fn filter(&self, id: TokenId) -> Document {
        // Null fits where there is no such field.
        let person = self.person.clone().map_or(Bson::Null, Bson::String);
        doc! {
            "_id": id.to_string(),
            "integration": &self.integration,
            "person": person,
            "version": self.version,
        }
    }
}

pub(crate) fn by_id(id: TokenId) -> Document {
    doc! { "_id": id.to_string() }
}

pub(crate) fn by_person(integration: &ClientId, person: &PersonId) -> Document {
    doc! { "integration": integration.as_str(), "person": person.as_str() }
}

/// The scopes as an operator: some servers of the protocol do not use a partial index
/// for three bare values.
pub(crate) fn by_consent(
    integration: &ClientId,
    person: &PersonId,
    consented: &Scopes,
) -> Document {
    let mut filter = by_person(integration, person);
    filter.insert("consented_scopes", doc! { "$eq": consented.to_string() });
    filter
}

pub(crate) fn by_email(email: &EmailAddress) -> Document {
    doc! { "email_normalized": email.normalized() }
}

/// The token of a document.
pub(crate) fn read(document: TokenDocument) -> Result<Token, StoreError> {
    Ok(Token::try_from(document)?)
}

/// The tokens of all documents.
pub(crate) fn read_all(documents: Vec<TokenDocument>) -> Result<Vec<Token>, StoreError> {
    documents.into_iter().map(read).collect()
}

fn newest_first(mut tokens: Vec<Token>) -> Vec<Token> {
    tokens.sort_unstable_by_key(|token| std::cmp::Reverse(token.id));
    tokens
}
