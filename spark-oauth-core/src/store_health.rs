//! When the store last failed, as far as this process has seen.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;

use crate::email::EmailAddress;
use crate::ids::{ProcessId, TokenId};
use crate::integration::ClientId;
use crate::person::PersonId;
use crate::ports::{
    Census, Claim, Clock, DueToken, Page, PageRequest, StoreError, TokenFilter, TokenStore,
};
use crate::scopes::Scopes;
use crate::timestamp::Timestamp;
use crate::token::{Lease, Token};

/// Remembers when the store last failed. While it did, another process may have
/// waited with an answer of the provider that it could not write.
#[derive(Clone, Debug)]
pub(crate) struct StoreHealth {
    last_failure: Arc<AtomicI64>,
    clock: Arc<dyn Clock>,
}

impl StoreHealth {
    /// Of the time before its start a process knows nothing: that counts as a
    /// failure.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            last_failure: Arc::new(AtomicI64::new(clock.now().as_millis())),
            clock,
        }
    }

    pub(crate) fn last_failure(&self) -> Timestamp {
        Timestamp::from_millis(self.last_failure.load(Ordering::SeqCst))
    }

    /// The same store, watched.
    pub(crate) fn watch(&self, tokens: Arc<dyn TokenStore>) -> Arc<dyn TokenStore> {
        Arc::new(WatchedTokens {
            tokens,
            health: self.clone(),
        })
    }

    fn note<T>(&self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(StoreError::Unavailable { .. }) = &outcome {
            let now = self.clock.now().as_millis();
            self.last_failure.store(now, Ordering::SeqCst);
        }
        outcome
    }
}

/// A [`TokenStore`] whose failures are noted.
#[derive(Debug)]
struct WatchedTokens {
    tokens: Arc<dyn TokenStore>,
    health: StoreHealth,
}

#[async_trait]
impl TokenStore for WatchedTokens {
    async fn insert(&self, token: &Token) -> Result<(), StoreError> {
        self.health.note(self.tokens.insert(token).await)
    }

    async fn get(&self, id: TokenId) -> Result<Option<Token>, StoreError> {
        self.health.note(self.tokens.get(id).await)
    }

    async fn find(
        &self,
        integration: &ClientId,
        person: &PersonId,
        scopes: &Scopes,
    ) -> Result<Option<Token>, StoreError> {
        let found = self.tokens.find(integration, person, scopes).await;
        self.health.note(found)
    }

    async fn find_by_person(
        &self,
        integration: &ClientId,
        person: &PersonId,
    ) -> Result<Vec<Token>, StoreError> {
        let found = self.tokens.find_by_person(integration, person).await;
        self.health.note(found)
    }

    async fn find_by_email(
        &self,
        integration: &ClientId,
        email: &EmailAddress,
    ) -> Result<Vec<Token>, StoreError> {
        let found = self.tokens.find_by_email(integration, email).await;
        self.health.note(found)
    }

    async fn list(
        &self,
        filter: &TokenFilter,
        page: &PageRequest,
    ) -> Result<Page<Token>, StoreError> {
        self.health.note(self.tokens.list(filter, page).await)
    }

    async fn update(&self, token: &Token) -> Result<u64, StoreError> {
        self.health.note(self.tokens.update(token).await)
    }

    async fn claim(&self, id: TokenId, lease: Lease, now: Timestamp) -> Result<Claim, StoreError> {
        self.health.note(self.tokens.claim(id, lease, now).await)
    }

    async fn extend_lease(&self, id: TokenId, lease: Lease) -> Result<Option<u64>, StoreError> {
        self.health.note(self.tokens.extend_lease(id, lease).await)
    }

    async fn release_lease(&self, id: TokenId, owner: ProcessId) -> Result<bool, StoreError> {
        self.health.note(self.tokens.release_lease(id, owner).await)
    }

    async fn list_due(
        &self,
        integration: &ClientId,
        now: Timestamp,
        limit: NonZeroU16,
    ) -> Result<Vec<DueToken>, StoreError> {
        let due = self.tokens.list_due(integration, now, limit).await;
        self.health.note(due)
    }

    async fn list_with_events(&self, limit: NonZeroU16) -> Result<Vec<Token>, StoreError> {
        self.health.note(self.tokens.list_with_events(limit).await)
    }

    async fn census(&self, integration: &ClientId, now: Timestamp) -> Result<Census, StoreError> {
        self.health.note(self.tokens.census(integration, now).await)
    }

    async fn count_expiring(
        &self,
        integration: &ClientId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<u64, StoreError> {
        let count = self.tokens.count_expiring(integration, from, until).await;
        self.health.note(count)
    }

    async fn remove(&self, id: TokenId) -> Result<bool, StoreError> {
        self.health.note(self.tokens.remove(id).await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::ManualClock;
    use crate::testing::scene::{MINUTE, NOW};
    use crate::testing::{MemoryStores, StoreCall, StoreFault};

    #[tokio::test]
    async fn only_a_store_that_is_away_counts() {
        let clock = Arc::new(ManualClock::at(NOW));
        let health = StoreHealth::new(clock.clone());
        let stores = MemoryStores::new();
        let tokens = health.watch(stores.stores().tokens);
        assert_eq!(health.last_failure(), NOW);
        clock.advance(MINUTE);
        stores.fail(StoreCall::TokenListWithEvents, StoreFault::Conflict, 1);
        let limit = NonZeroU16::MIN;
        tokens.list_with_events(limit).await.unwrap_err();
        tokens.list_with_events(limit).await.unwrap();
        assert_eq!(health.last_failure(), NOW);
        stores.fail(StoreCall::TokenListWithEvents, StoreFault::Away, 1);
        tokens.list_with_events(limit).await.unwrap_err();
        assert_eq!(health.last_failure(), NOW + MINUTE);
    }
}
