//! The tokens of the store, with an eye on what happens to them.

use std::num::NonZeroU16;
use std::sync::Arc;

use async_trait::async_trait;

use crate::corrected_clock::CorrectedClock;
use crate::email::EmailAddress;
use crate::ids::{ProcessId, TokenId};
use crate::integration::ClientId;
use crate::measured;
use crate::person::PersonId;
use crate::ports::{
    Census, Claim, DueToken, Page, PageRequest, StoreError, TokenFilter, TokenStore,
};
use crate::recent::Recent;
use crate::scopes::Scopes;
use crate::store_health::StoreHealth;
use crate::timestamp::Timestamp;
use crate::token::{Lease, Token};

/// Tokens that were read a moment ago.
pub(crate) type RecentTokens = Recent<TokenId, Arc<Token>>;

/// A [`TokenStore`] that records failures and invalidates the token cache on writes. It
/// corrects the times of records that this process wrote before its clock was moved back.
/// [`list`](TokenStore::list) returns the records as they are stored.
#[derive(Debug)]
struct WatchedTokens {
    tokens: Arc<dyn TokenStore>,
    health: StoreHealth,
    recent: RecentTokens,
    clock: CorrectedClock,
}

/// The same store, watched.
pub(crate) fn watched(
    tokens: Arc<dyn TokenStore>,
    health: StoreHealth,
    recent: RecentTokens,
    clock: CorrectedClock,
) -> Arc<dyn TokenStore> {
    Arc::new(WatchedTokens {
        tokens,
        health,
        recent,
        clock,
    })
}

impl WatchedTokens {
    async fn call<T>(
        &self,
        name: &'static str,
        work: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        self.health.note(measured::store_call(name, work).await)
    }

    fn reckon_all(&self, found: Vec<Token>) -> Vec<Token> {
        let reckoned = found.into_iter().map(|token| self.clock.reckon(token));
        reckoned.collect()
    }

    /// A write: nobody believes what was read before it.
    async fn write<T>(
        &self,
        name: &'static str,
        id: TokenId,
        work: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        self.recent.forget(&id);
        let outcome = self.call(name, work).await;
        self.recent.forget(&id);
        outcome
    }
}

#[async_trait]
impl TokenStore for WatchedTokens {
    async fn insert(&self, token: &Token) -> Result<(), StoreError> {
        self.call("tokens.insert", self.tokens.insert(token)).await
    }

    async fn get(&self, id: TokenId) -> Result<Option<Token>, StoreError> {
        let found = self.call("tokens.get", self.tokens.get(id)).await?;
        Ok(found.map(|token| self.clock.reckon(token)))
    }

    async fn find(
        &self,
        integration: &ClientId,
        person: &PersonId,
        consented: &Scopes,
    ) -> Result<Option<Token>, StoreError> {
        let found = self.tokens.find(integration, person, consented);
        let found = self.call("tokens.find", found).await?;
        Ok(found.map(|token| self.clock.reckon(token)))
    }

    async fn find_by_person(
        &self,
        integration: &ClientId,
        person: &PersonId,
    ) -> Result<Vec<Token>, StoreError> {
        let found = self.tokens.find_by_person(integration, person);
        let found = self.call("tokens.find_by_person", found).await?;
        Ok(self.reckon_all(found))
    }

    async fn find_by_email(&self, email: &EmailAddress) -> Result<Vec<Token>, StoreError> {
        let found = self.tokens.find_by_email(email);
        let found = self.call("tokens.find_by_email", found).await?;
        Ok(self.reckon_all(found))
    }

    async fn list(
        &self,
        filter: &TokenFilter,
        page: &PageRequest,
    ) -> Result<Page<Token>, StoreError> {
        self.call("tokens.list", self.tokens.list(filter, page))
            .await
    }

    async fn update(&self, token: &Token) -> Result<u64, StoreError> {
        self.write("tokens.update", token.id, self.tokens.update(token))
            .await
    }

    async fn claim(&self, id: TokenId, lease: Lease, now: Timestamp) -> Result<Claim, StoreError> {
        let claim = self.tokens.claim(id, lease, now);
        Ok(match self.write("tokens.claim", id, claim).await? {
            Claim::Taken(token) => Claim::Taken(Box::new(self.clock.reckon(*token))),
            other => other,
        })
    }

    async fn extend_lease(&self, id: TokenId, lease: Lease) -> Result<Option<u64>, StoreError> {
        self.write(
            "tokens.extend_lease",
            id,
            self.tokens.extend_lease(id, lease),
        )
        .await
    }

    async fn release_lease(&self, id: TokenId, owner: ProcessId) -> Result<bool, StoreError> {
        self.write(
            "tokens.release_lease",
            id,
            self.tokens.release_lease(id, owner),
        )
        .await
    }

    async fn list_due(
        &self,
        integration: &ClientId,
        now: Timestamp,
        limit: NonZeroU16,
    ) -> Result<Vec<DueToken>, StoreError> {
        let due = self.tokens.list_due(integration, now, limit);
        self.call("tokens.list_due", due).await
    }

    async fn list_with_events(&self, limit: NonZeroU16) -> Result<Vec<Token>, StoreError> {
        self.call(
            "tokens.list_with_events",
            self.tokens.list_with_events(limit),
        )
        .await
    }

    async fn census(&self, integration: &ClientId, now: Timestamp) -> Result<Census, StoreError> {
        self.call("tokens.census", self.tokens.census(integration, now))
            .await
    }

    async fn count_of_others(
        &self,
        integration: &ClientId,
    ) -> Result<Vec<(ClientId, u64)>, StoreError> {
        let count = self.tokens.count_of_others(integration);
        self.call("tokens.count_of_others", count).await
    }

    async fn count_expiring(
        &self,
        integration: &ClientId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<u64, StoreError> {
        let count = self.tokens.count_expiring(integration, from, until);
        self.call("tokens.count_expiring", count).await
    }

    async fn remove(&self, id: TokenId) -> Result<bool, StoreError> {
        self.write("tokens.remove", id, self.tokens.remove(id))
            .await
    }
}
