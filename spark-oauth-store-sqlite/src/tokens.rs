//! Tokens.

use std::num::NonZeroU16;

use async_trait::async_trait;
use spark_oauth_core::ports::{
    Census, Claim, DueToken, Page, PageRequest, StoreError, TokenFilter, TokenStore,
};
use spark_oauth_core::token::{Lease, Token};
use spark_oauth_core::{ClientId, EmailAddress, PersonId, ProcessId, Scopes, Timestamp, TokenId};

use crate::SqliteStore;
use crate::compare_and_set::replace;
use crate::statements::statements;
use crate::token_row::{TokenValues, read, token_columns};

statements! {
    INSERT = "INSERT INTO tokens (id, email_normalized, status, status_cause, status_at, \
        integration, person, scopes, email, display_name, access_expires_at, refresh_expires_at, \
        obtained_at, granted_at, refreshed_at, refreshed_by, failed_at, failure_class, \
        failure_summary, failure_tracking_id, generation, version, lease_owner, lease_expires_at, \
        attempt_owner, attempt_at, access, refresh, due_at, failures, retry_at, lost_races, \
        interrupted, expiry_warned_at, events, consented_scopes, clock, email_search, \
        email_confirmed_at, email_lost_at, profile_read_at) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, \
        ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, \
        ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40, ?41)";

    UPDATE = "UPDATE tokens SET email_normalized = ?2, status = ?3, status_cause = ?4, \
        status_at = ?5, integration = ?6, person = ?7, scopes = ?8, email = ?9, \
        display_name = ?10, access_expires_at = ?11, refresh_expires_at = ?12, \
        obtained_at = ?13, granted_at = ?14, refreshed_at = ?15, refreshed_by = ?16, \
        failed_at = ?17, failure_class = ?18, failure_summary = ?19, failure_tracking_id = ?20, \
        generation = ?21, version = ?22, lease_owner = ?23, lease_expires_at = ?24, \
        attempt_owner = ?25, attempt_at = ?26, access = ?27, refresh = ?28, \
        due_at = ?29, failures = ?30, retry_at = ?31, lost_races = ?32, interrupted = ?33, \
        expiry_warned_at = ?34, events = ?35, consented_scopes = ?36, clock = ?37, \
        email_search = ?38, email_confirmed_at = ?39, email_lost_at = ?40, \
        profile_read_at = ?41 WHERE id = ?1 AND version = ?42";

    EXISTS = "SELECT 1 FROM tokens WHERE id = ?1";

    GET = concat!("SELECT ", token_columns!(), " FROM tokens WHERE id = ?1");

    FIND = concat!(
        "SELECT ", token_columns!(), " FROM tokens WHERE integration = ?1 AND person = ?2 \
         AND consented_scopes = ?3"
    );

    FIND_BY_PERSON = concat!(
        "SELECT ", token_columns!(), " FROM tokens WHERE integration = ?1 AND person = ?2 \
         ORDER BY seq DESC"
    );

    FIND_BY_EMAIL = concat!(
        "SELECT ", token_columns!(), " FROM tokens WHERE email_normalized = ?1 \
         ORDER BY seq DESC"
    );

    REMOVE = "DELETE FROM tokens WHERE id = ?1";
}

#[async_trait]
impl TokenStore for SqliteStore {
    async fn insert(&self, token: &Token) -> Result<(), StoreError> {
        let values = TokenValues::new(token, token.version)?;
        self.execute(values.bind(sqlx::query(INSERT))).await?;
        Ok(())
    }

    async fn get(&self, id: TokenId) -> Result<Option<Token>, StoreError> {
        let row = sqlx::query_as(GET).bind(id.to_string());
        self.row(row).await?.map(read).transpose()
    }

    async fn find(
        &self,
        integration: &ClientId,
        person: &PersonId,
        consented: &Scopes,
    ) -> Result<Option<Token>, StoreError> {
        let row = sqlx::query_as(FIND)
            .bind(integration.as_str())
            .bind(person.as_str())
            .bind(consented.to_string());
        self.row(row).await?.map(read).transpose()
    }

    async fn find_by_person(
        &self,
        integration: &ClientId,
        person: &PersonId,
    ) -> Result<Vec<Token>, StoreError> {
        let rows = sqlx::query_as(FIND_BY_PERSON)
            .bind(integration.as_str())
            .bind(person.as_str());
        self.rows(rows).await?.into_iter().map(read).collect()
    }

    async fn find_by_email(&self, email: &EmailAddress) -> Result<Vec<Token>, StoreError> {
        let rows = sqlx::query_as(FIND_BY_EMAIL).bind(email.normalized());
        self.rows(rows).await?.into_iter().map(read).collect()
    }

    async fn list(
        &self,
        filter: &TokenFilter,
        page: &PageRequest,
    ) -> Result<Page<Token>, StoreError> {
        self.list_tokens(filter, page).await
    }

    async fn update(&self, token: &Token) -> Result<u64, StoreError> {
        let (id, expected) = (token.id.to_string(), token.version);
        let version = expected.wrapping_add(1);
        let update = TokenValues::new(token, version)?
            .bind(sqlx::query(UPDATE))
            .bind(expected.cast_signed());
        self.write_statement(move |connection| {
            Box::pin(async move {
                replace(connection, update, EXISTS, id).await?;
                Ok(version)
            })
        })
        .await
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
        let removal = sqlx::query(REMOVE).bind(id.to_string());
        Ok(self.execute(removal).await? > 0)
    }
}
