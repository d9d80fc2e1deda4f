//! Consents that were begun and not yet answered.

use std::fmt::Write as _;
use std::net::IpAddr;

use async_trait::async_trait;
use spark_oauth_core::keyring::Sealed;
use spark_oauth_core::ports::{
    CallbackClaim, ConsentStore, PendingConsent, StateHash, StoreError, Taken,
};
use spark_oauth_core::{Timestamp, TokenId};

use crate::SqliteStore;
use crate::errors::{Unreadable, corrupt, store_error};
use crate::statements::statements;
use crate::words::parse;

macro_rules! consent_columns {
    () => {
        "state, browser, verifier, scopes, terms, address, begun_at, expires_at"
    };
}

pub(crate) use consent_columns;

statements! {
    INSERT = concat!(
        "INSERT INTO consents (", consent_columns!(), ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
    );

    TAKE = concat!(
        "UPDATE consents SET answer = ?2 \
         WHERE state = ?1 AND answer IS NULL AND browser IN (?3, ?4, ?5, ?6) RETURNING ",
        consent_columns!()
    );

    TAKEN = concat!(
        "SELECT ", consent_columns!(), ", answer, token FROM consents WHERE state = ?1"
    );

    FINISH = "UPDATE consents SET token = ?2 WHERE state = ?1";

    DISCARD = "DELETE FROM consents WHERE state = ?1";

    COUNT_OPEN = "SELECT count(*) FROM consents \
        WHERE address = ?1 AND expires_at > ?2 AND answer IS NULL";

    REMOVE_EXPIRED = "DELETE FROM consents WHERE expires_at <= ?1";
}

#[async_trait]
impl ConsentStore for SqliteStore {
    async fn insert(&self, consent: &PendingConsent) -> Result<(), StoreError> {
        let insertion = sqlx::query(INSERT)
            .bind(consent.state.0.to_vec())
            .bind(consent.browser.to_vec())
            .bind(consent.verifier.as_bytes().to_vec())
            .bind(consent.scopes.to_string())
            .bind(serde_json::to_string(&consent.terms).map_err(corrupt)?)
            .bind(consent.address.map(|address| address.to_string()))
            .bind(consent.begun_at.as_millis())
            .bind(consent.expires_at.as_millis());
        self.execute(insertion).await?;
        Ok(())
    }

    async fn take(&self, claim: &CallbackClaim) -> Result<Taken, StoreError> {
        let claim = claim.clone();
        self.write(move |connection| {
            Box::pin(async move {
                let mut taking = sqlx::query_as(TAKE)
                    .bind(claim.state.0.to_vec())
                    .bind(claim.answer.to_vec());
                for place in 0..CallbackClaim::MOST_BROWSERS {
                    taking = taking.bind(claim.browsers.get(place).map(|hash| hash.to_vec()));
                }
                let row: Option<ConsentRow> = taking
                    .fetch_optional(&mut *connection)
                    .await
                    .map_err(store_error)?;
                if let Some(row) = row {
                    return Ok(Taken::First(row.try_into()?));
                }
                let row: Option<TakenRow> = sqlx::query_as(TAKEN)
                    .bind(claim.state.0.to_vec())
                    .fetch_optional(connection)
                    .await
                    .map_err(store_error)?;
                row.map_or(Ok(Taken::Unknown), |row| Ok(row.judge(&claim)?))
            })
        })
        .await
    }

    async fn finish(&self, state: StateHash, token: TokenId) -> Result<(), StoreError> {
        let noting = sqlx::query(FINISH).bind(state.0.to_vec());
        self.execute(noting.bind(token.to_string())).await?;
        Ok(())
    }

    async fn discard(&self, state: StateHash) -> Result<(), StoreError> {
        let removal = sqlx::query(DISCARD).bind(state.0.to_vec());
        self.execute(removal).await?;
        Ok(())
    }

    async fn count_open(&self, address: IpAddr, now: Timestamp) -> Result<u64, StoreError> {
        let count = sqlx::query_as(COUNT_OPEN)
            .bind(address.to_string())
            .bind(now.as_millis());
        let counted: Option<(i64,)> = self.row(count).await?;
        Ok(counted.map_or(0, |(open,)| open.cast_unsigned()))
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        let removal = sqlx::query(REMOVE_EXPIRED).bind(now.as_millis());
        self.execute(removal).await
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct ConsentRow {
    state: Vec<u8>,
    browser: Vec<u8>,
    verifier: Vec<u8>,
    scopes: String,
    terms: String,
    address: Option<String>,
    begun_at: i64,
    expires_at: i64,
}

/// A consent that a callback was not given.
#[derive(sqlx::FromRow)]
struct TakenRow {
    #[sqlx(flatten)]
    consent: ConsentRow,
    answer: Option<Vec<u8>>,
    token: Option<String>,
}

impl TakenRow {
    fn judge(self, claim: &CallbackClaim) -> Result<Taken, Unreadable> {
        let token = self.token.as_deref();
        let token = token
            .map(|text| parse(text, "consents.token"))
            .transpose()?;
        let consent = PendingConsent::try_from(self.consent)?;
        let mut browsers = claim.browsers.iter().take(CallbackClaim::MOST_BROWSERS);
        Ok(if !browsers.any(|browser| *browser == consent.browser) {
            Taken::OtherBrowser
        } else if self.answer.as_deref() == Some(&claim.answer) {
            Taken::Again { consent, token }
        } else {
            Taken::Unknown
        })
    }
}

impl ConsentRow {
    /// The hash of the state, in hexadecimal digits.
    pub(crate) fn id(&self) -> String {
        let mut text = String::with_capacity(2 * self.state.len());
        for byte in &self.state {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

impl TryFrom<ConsentRow> for PendingConsent {
    type Error = Unreadable;

    fn try_from(row: ConsentRow) -> Result<Self, Unreadable> {
        let address = row.address.as_deref();
        let address = address.map(|text| parse(text, "consents.address"));
        let state = row.state.try_into();
        let browser = row.browser.try_into();
        Ok(Self {
            state: StateHash(state.map_err(|_| Unreadable("consents.state"))?),
            browser: browser.map_err(|_| Unreadable("consents.browser"))?,
            verifier: Sealed::from_bytes(row.verifier),
            scopes: row
                .scopes
                .try_into()
                .map_err(|_| Unreadable("consents.scopes"))?,
            terms: serde_json::from_str(&row.terms).map_err(|_| Unreadable("consents.terms"))?,
            address: address.transpose()?,
            begun_at: Timestamp::from_millis(row.begun_at),
            expires_at: Timestamp::from_millis(row.expires_at),
        })
    }
}
