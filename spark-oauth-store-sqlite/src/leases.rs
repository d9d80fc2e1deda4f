//! Leases of tokens: who may refresh one.

use spark_oauth_core::ports::{Claim, StoreError};
use spark_oauth_core::token::Lease;
use spark_oauth_core::{ProcessId, Timestamp, TokenId};

use crate::SqliteStore;
use crate::errors::store_error;
use crate::statements::statements;
use crate::token_row::{TokenRow, read, token_columns};

statements! {
    CLAIM = concat!(
        "UPDATE tokens SET lease_owner = ?2, lease_expires_at = ?3, version = version + 1 \
         WHERE id = ?1 AND (lease_owner IS NULL OR lease_owner = ?2 OR lease_expires_at <= ?4) \
         RETURNING ", token_columns!()
    );

    EXTEND_LEASE = "UPDATE tokens SET lease_expires_at = ?3, version = version + 1 \
        WHERE id = ?1 AND lease_owner = ?2 RETURNING version";

    RELEASE_LEASE = "UPDATE tokens SET lease_owner = NULL, lease_expires_at = NULL, \
        attempt_at = CASE WHEN attempt_owner = ?2 THEN NULL ELSE attempt_at END, \
        attempt_owner = CASE WHEN attempt_owner = ?2 THEN NULL ELSE attempt_owner END, \
        version = version + 1 \
        WHERE id = ?1 AND lease_owner = ?2";

    GET = concat!("SELECT ", token_columns!(), " FROM tokens WHERE id = ?1");
}

impl SqliteStore {
    pub(crate) async fn claim_lease(
        &self,
        id: TokenId,
        lease: Lease,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        let id = id.to_string();
        self.write(move |connection| {
            Box::pin(async move {
                let taken: Option<TokenRow> = sqlx::query_as(CLAIM)
                    .bind(id.as_str())
                    .bind(lease.owner.to_string())
                    .bind(lease.expires_at.as_millis())
                    .bind(now.as_millis())
                    .fetch_optional(&mut *connection)
                    .await
                    .map_err(store_error)?;
                if let Some(row) = taken {
                    return Ok(Claim::Taken(Box::new(read(row)?)));
                }
                let held: Option<TokenRow> = sqlx::query_as(GET)
                    .bind(id)
                    .fetch_optional(connection)
                    .await
                    .map_err(store_error)?;
                let held = held.map(read).transpose()?;
                Ok(match held.and_then(|token| token.lease) {
                    Some(lease) => Claim::Held(lease),
                    None => Claim::Missing,
                })
            })
        })
        .await
    }

    pub(crate) async fn move_lease(
        &self,
        id: TokenId,
        lease: Lease,
    ) -> Result<Option<u64>, StoreError> {
        self.write_statement(move |connection| {
            Box::pin(async move {
                sqlx::query_scalar(EXTEND_LEASE)
                    .bind(id.to_string())
                    .bind(lease.owner.to_string())
                    .bind(lease.expires_at.as_millis())
                    .fetch_optional(connection)
                    .await
                    .map(|version: Option<i64>| version.map(i64::cast_unsigned))
                    .map_err(store_error)
            })
        })
        .await
    }

    pub(crate) async fn give_lease_back(
        &self,
        id: TokenId,
        owner: ProcessId,
    ) -> Result<bool, StoreError> {
        let release = sqlx::query(RELEASE_LEASE)
            .bind(id.to_string())
            .bind(owner.to_string());
        Ok(self.execute(release).await? > 0)
    }
}
