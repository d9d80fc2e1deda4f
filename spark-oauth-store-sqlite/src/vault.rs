//! What belongs to the vault as a whole.

use async_trait::async_trait;
use spark_oauth_core::keyring::KeyFingerprint;
use spark_oauth_core::ports::{StoreError, VaultStore};

use crate::SqliteStore;
use crate::errors::{Unreadable, store_error};
use crate::statements::statements;

statements! {
    FINGERPRINTS = "SELECT fingerprint FROM key_fingerprints ORDER BY fingerprint";

    ADD_FINGERPRINT = "INSERT INTO key_fingerprints (fingerprint) VALUES (?1) \
        ON CONFLICT DO NOTHING";

    REMOVE_FINGERPRINT = "DELETE FROM key_fingerprints WHERE fingerprint = ?1";

    NONCE = "SELECT value FROM vault WHERE name = 'set_up_nonce'";

    /// Answers the nonce that stands, whosever it is.
    OFFER_NONCE = "INSERT INTO vault (name, value) VALUES ('set_up_nonce', ?1) \
        ON CONFLICT DO UPDATE SET value = value RETURNING value";

    PING = "SELECT count(*) FROM vault WHERE name = 'set_up_nonce'";
}

#[async_trait]
impl VaultStore for SqliteStore {
    async fn key_fingerprints(&self) -> Result<Vec<KeyFingerprint>, StoreError> {
        let rows: Vec<(Vec<u8>,)> = self.rows(sqlx::query_as(FINGERPRINTS)).await?;
        let fingerprints = rows.into_iter().map(|(bytes,)| {
            let bytes = bytes.try_into();
            bytes.map_err(|_| Unreadable("key_fingerprints.fingerprint").into())
        });
        fingerprints
            .map(|bytes| bytes.map(KeyFingerprint::from_bytes))
            .collect()
    }

    async fn add_key_fingerprint(&self, fingerprint: KeyFingerprint) -> Result<(), StoreError> {
        let insertion = sqlx::query(ADD_FINGERPRINT).bind(fingerprint.as_bytes().to_vec());
        self.execute(insertion).await?;
        Ok(())
    }

    async fn remove_key_fingerprint(
        &self,
        fingerprint: KeyFingerprint,
    ) -> Result<bool, StoreError> {
        let removal = sqlx::query(REMOVE_FINGERPRINT).bind(fingerprint.as_bytes().to_vec());
        Ok(self.execute(removal).await? > 0)
    }

    async fn set_up_nonce(&self, candidate: [u8; 32]) -> Result<[u8; 32], StoreError> {
        let stands: Option<(Vec<u8>,)> = self.row(sqlx::query_as(NONCE)).await?;
        let nonce = match stands {
            Some((nonce,)) => nonce,
            None => {
                self.write_statement(move |connection| {
                    Box::pin(async move {
                        sqlx::query_scalar(OFFER_NONCE)
                            .bind(candidate.to_vec())
                            .fetch_one(connection)
                            .await
                            .map_err(store_error)
                    })
                })
                .await?
            }
        };
        nonce
            .try_into()
            .map_err(|_: Vec<u8>| Unreadable("vault.value").into())
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.check_file()?;
        let _: Option<(i64,)> = self.row(sqlx::query_as(PING)).await?;
        Ok(())
    }
}
