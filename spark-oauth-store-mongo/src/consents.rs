//! Consents that were begun and not yet answered.

use std::net::IpAddr;

use async_trait::async_trait;
use mongodb::bson::{Binary, DateTime, Document, doc};
use serde::{Deserialize, Serialize};
use spark_oauth_core::consent_links::Terms;
use spark_oauth_core::keyring::Sealed;
use spark_oauth_core::ports::{ConsentStore, PendingConsent, StateHash, StoreError};
use spark_oauth_core::{Scopes, Timestamp};

use crate::MongoStore;
use crate::errors::Unreadable;
use crate::purge::purge_at;
use crate::sessions::expired;
use crate::values::{binary, date, fixed, parse, timestamp};

/// The collection.
pub(crate) const CONSENTS: &str = "consents";

#[async_trait]
impl ConsentStore for MongoStore {
    async fn insert(&self, consent: &PendingConsent) -> Result<(), StoreError> {
        self.consents().insert(&ConsentDocument::new(consent)).await
    }

    async fn take(&self, state: StateHash) -> Result<Option<PendingConsent>, StoreError> {
        let filter = doc! { "_id": binary(state.0) };
        let taken = self.consents().take(filter).await?;
        Ok(taken.map(PendingConsent::try_from).transpose()?)
    }

    async fn count_open(&self, address: IpAddr, now: Timestamp) -> Result<u64, StoreError> {
        self.consents().count(open_from(address, now)).await
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.consents().remove_all(expired(now)).await
    }
}

pub(crate) fn open_from(address: IpAddr, now: Timestamp) -> Document {
    doc! { "address": address.to_string(), "expires_at": { "$gt": date(now) } }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct ConsentDocument {
    #[serde(rename = "_id")]
    state: Binary,
    browser: Binary,
    verifier: Binary,
    scopes: String,
    #[serde(default, skip_serializing_if = "are_none")]
    terms: Terms,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    begun_at: DateTime,
    expires_at: DateTime,
    purge_at: DateTime,
}

fn are_none(terms: &Terms) -> bool {
    *terms == Terms::default()
}

impl ConsentDocument {
    fn new(consent: &PendingConsent) -> Self {
        Self {
            state: binary(consent.state.0),
            browser: binary(consent.browser),
            verifier: binary(consent.verifier.as_bytes()),
            scopes: consent.scopes.to_string(),
            terms: consent.terms.clone(),
            address: consent.address.map(|address| address.to_string()),
            begun_at: date(consent.begun_at),
            expires_at: date(consent.expires_at),
            purge_at: purge_at(consent.expires_at),
        }
    }
}

impl TryFrom<ConsentDocument> for PendingConsent {
    type Error = Unreadable;

    fn try_from(document: ConsentDocument) -> Result<Self, Unreadable> {
        let address = document.address.as_deref();
        let address = address.map(|text| parse(text, CONSENTS, "address"));
        Ok(Self {
            state: StateHash(fixed(document.state, CONSENTS, "_id")?),
            browser: fixed(document.browser, CONSENTS, "browser")?,
            verifier: Sealed::from_bytes(document.verifier.bytes),
            scopes: Scopes::try_from(document.scopes)
                .map_err(|_| Unreadable::new(CONSENTS, "scopes"))?,
            terms: document.terms,
            address: address.transpose()?,
            begun_at: timestamp(document.begun_at),
            expires_at: timestamp(document.expires_at),
        })
    }
}
