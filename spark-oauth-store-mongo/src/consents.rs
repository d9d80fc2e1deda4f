//! Consents that were begun and not yet answered.

use std::net::IpAddr;

use async_trait::async_trait;
use mongodb::bson::{Binary, Bson, DateTime, Document, doc};
use serde::{Deserialize, Serialize};
use spark_oauth_core::consent_links::Terms;
use spark_oauth_core::keyring::Sealed;
use spark_oauth_core::ports::{
    CallbackClaim, ConsentStore, PendingConsent, StateHash, StoreError, Taken,
};
use spark_oauth_core::{Scopes, Timestamp, TokenId};

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

    async fn take(&self, claim: &CallbackClaim) -> Result<Taken, StoreError> {
        let browsers = claim.browsers.iter().take(CallbackClaim::MOST_BROWSERS);
        let browsers: Vec<_> = browsers.map(|browser| binary(*browser)).collect();
        let mut open = by_state(claim.state);
        open.insert("answer", Bson::Null);
        open.insert("browser", doc! { "$in": browsers });
        let taking = doc! { "$set": { "answer": binary(claim.answer) } };
        if let Some(taken) = self.consents().find_and_update(open, taking).await? {
            return Ok(Taken::First(taken.try_into()?));
        }
        let found = self.consents().find_one(by_state(claim.state)).await?;
        found.map_or(Ok(Taken::Unknown), |found| Ok(found.judge(claim)?))
    }

    async fn finish(&self, state: StateHash, token: TokenId) -> Result<(), StoreError> {
        let noting = doc! { "$set": { "token": token.to_string() } };
        self.consents().update(by_state(state), noting).await?;
        Ok(())
    }

    async fn discard(&self, state: StateHash) -> Result<(), StoreError> {
        self.consents().remove(by_state(state)).await?;
        Ok(())
    }

    async fn count_open(&self, address: IpAddr, now: Timestamp) -> Result<u64, StoreError> {
        self.consents().count(open_from(address, now)).await
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.consents().remove_all(expired(now)).await
    }
}

fn by_state(state: StateHash) -> Document {
    doc! { "_id": binary(state.0) }
}

pub(crate) fn open_from(address: IpAddr, now: Timestamp) -> Document {
    doc! {
        "address": address.to_string(),
        "expires_at": { "$gt": date(now) },
        "answer": Bson::Null,
    }
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
    /// Hash of the code and error of the first callback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<Binary>,
    /// The token that the consent created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
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
            answer: None,
            token: None,
        }
    }

    /// What a callback gets that was not given the consent.
    fn judge(self, claim: &CallbackClaim) -> Result<Taken, Unreadable> {
        let same_answer =
            self.answer.as_ref().map(|answer| answer.bytes.as_slice()) == Some(&claim.answer[..]);
        let token = self.token.as_deref();
        let token = token
            .map(|text| parse(text, CONSENTS, "token"))
            .transpose()?;
        let consent = PendingConsent::try_from(self)?;
        let mut browsers = claim.browsers.iter().take(CallbackClaim::MOST_BROWSERS);
        Ok(if !browsers.any(|browser| *browser == consent.browser) {
            Taken::OtherBrowser
        } else if same_answer {
            Taken::Again { consent, token }
        } else {
            Taken::Unknown
        })
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
