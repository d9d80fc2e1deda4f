//! The stores of one process: those in memory, at the end of a [`Line`].

use std::num::NonZeroU16;

use async_trait::async_trait;
use spark_oauth_core::ports::{
    CallbackClaim, Census, Claim, ConsentStore, DueToken, Page, PageRequest, Pause, PauseStore,
    PendingConsent, StateHash, StoreError, Stores, Taken, TokenFilter, TokenStore,
};
use spark_oauth_core::token::{Lease, Token};
use spark_oauth_core::{ClientId, EmailAddress, PersonId, ProcessId, Scopes, Timestamp, TokenId};

use super::line::{Line, Step};
use super::plan::Sabotage;

/// A store at the end of a line.
#[derive(Clone, Debug)]
pub(crate) struct DistantStore {
    pub(crate) line: Line,
}

impl DistantStore {
    /// All ports. What no refresh depends on (admins, sessions, the audit log, keys,
    /// the list of processes, the outbox) is at hand.
    pub(crate) fn stores(&self) -> Stores {
        let mut stores = self.line.world.stores.stores();
        stores.tokens = std::sync::Arc::new(self.clone());
        stores.pauses = std::sync::Arc::new(self.clone());
        stores.consents = std::sync::Arc::new(self.clone());
        stores
    }

    fn tokens(&self) -> &dyn TokenStore {
        &self.line.world.stores
    }

    /// Which step of a refresh an update is.
    fn step_of(&self, token: &Token) -> Step {
        let state = self.line.world.state();
        let Some(stored) = state.ledger.records.get(&token.id) else {
            return Step::Change;
        };
        let marks = token.generation == stored.generation
            && token.attempt != stored.attempt
            && token.attempt.is_some_and(|attempt| {
                state.ledger.processes.get(&attempt.owner) == Some(&self.line.process)
            });
        if marks {
            Step::Mark
        } else if token.granted_at != stored.granted_at {
            Step::Grant
        } else if token.generation > stored.generation && token.access != stored.access {
            Step::WriteBack
        } else if is_release(stored, token) {
            Step::Release
        } else {
            Step::Change
        }
    }

    fn is_sabotaged(&self, sabotage: Sabotage) -> bool {
        self.line.world.plan.sabotage == Some(sabotage)
    }

    async fn claim_openly(
        &self,
        id: TokenId,
        lease: Lease,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        if let Some(mut token) = self.tokens().get(id).await? {
            token.lease = None;
            token.attempt = None;
            self.line.world.stores.put_token(token);
        }
        self.tokens().claim(id, lease, now).await
    }

    /// Notes where this ends another process's lease, whose time is over.
    async fn claim_and_look(
        &self,
        id: TokenId,
        lease: Lease,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        let claim = self.tokens().claim(id, lease, now).await?;
        let world = &self.line.world;
        let truth = world.now() + world.plan.allowance();
        let mut state = world.state();
        let before = state.ledger.records.get(&id).cloned();
        if let (Claim::Taken(_), Some(before)) = (&claim, before)
            && let Some(held) = before.lease
            && held.owner != lease.owner
            && held.expires_at.has_passed(truth)
        {
            let (_, refresh) = state.ledger.names(&before);
            state.ledger.lapsed(held.owner, refresh.grant);
            state.coverage.count("lease ran out");
        }
        Ok(claim)
    }

    async fn write_blindly(&self, token: &Token) -> Result<u64, StoreError> {
        let mut token = token.clone();
        if let Some(stored) = self.tokens().get(token.id).await? {
            token.version = stored.version;
        }
        self.tokens().update(&token).await
    }
}

/// Whether a write does nothing but end a lease.
fn is_release(stored: &Token, token: &Token) -> bool {
    let mut released = stored.clone();
    released.lease = None;
    released.attempt = token.attempt;
    stored.lease.is_some() && released == *token
}

#[async_trait]
impl TokenStore for DistantStore {
    async fn insert(&self, token: &Token) -> Result<(), StoreError> {
        let effect = self.tokens().insert(token);
        self.line.at_store(Step::Grant, effect).await
    }

    async fn get(&self, id: TokenId) -> Result<Option<Token>, StoreError> {
        self.line.at_store(Step::Read, self.tokens().get(id)).await
    }

    async fn find(
        &self,
        integration: &ClientId,
        person: &PersonId,
        scopes: &Scopes,
    ) -> Result<Option<Token>, StoreError> {
        let effect = self.tokens().find(integration, person, scopes);
        self.line.at_store(Step::Read, effect).await
    }

    async fn find_by_person(
        &self,
        integration: &ClientId,
        person: &PersonId,
    ) -> Result<Vec<Token>, StoreError> {
        let effect = self.tokens().find_by_person(integration, person);
        self.line.at_store(Step::Read, effect).await
    }

    async fn find_by_email(&self, email: &EmailAddress) -> Result<Vec<Token>, StoreError> {
        let effect = self.tokens().find_by_email(email);
        self.line.at_store(Step::Read, effect).await
    }

    async fn list(
        &self,
        filter: &TokenFilter,
        page: &PageRequest,
    ) -> Result<Page<Token>, StoreError> {
        let effect = self.tokens().list(filter, page);
        self.line.at_store(Step::Read, effect).await
    }

    async fn update(&self, token: &Token) -> Result<u64, StoreError> {
        let step = self.step_of(token);
        if self.is_sabotaged(Sabotage::BlindWrites) {
            return self.line.at_store(step, self.write_blindly(token)).await;
        }
        let (store, token) = (self.clone(), token.clone());
        let effect = async move { store.tokens().update(&token).await };
        self.line.write(step, effect).await
    }

    async fn claim(&self, id: TokenId, lease: Lease, now: Timestamp) -> Result<Claim, StoreError> {
        let claim = if self.is_sabotaged(Sabotage::OpenClaims) {
            let effect = self.claim_openly(id, lease, now);
            self.line.at_store(Step::Claim, effect).await?
        } else {
            let store = self.clone();
            let effect = async move { store.claim_and_look(id, lease, now).await };
            self.line.write(Step::Claim, effect).await?
        };
        if matches!(claim, Claim::Held(_)) {
            self.line.world.count("lease held elsewhere");
        }
        Ok(claim)
    }

    async fn extend_lease(&self, id: TokenId, lease: Lease) -> Result<Option<u64>, StoreError> {
        let store = self.clone();
        let effect = async move { store.tokens().extend_lease(id, lease).await };
        self.line.write(Step::Extend, effect).await
    }

    async fn release_lease(&self, id: TokenId, owner: ProcessId) -> Result<bool, StoreError> {
        let store = self.clone();
        let effect = async move { store.tokens().release_lease(id, owner).await };
        self.line.write(Step::Release, effect).await
    }

    async fn list_due(
        &self,
        integration: &ClientId,
        now: Timestamp,
        limit: NonZeroU16,
    ) -> Result<Vec<DueToken>, StoreError> {
        let effect = self.tokens().list_due(integration, now, limit);
        self.line.at_store(Step::Read, effect).await
    }

    async fn list_with_events(&self, limit: NonZeroU16) -> Result<Vec<Token>, StoreError> {
        let effect = self.tokens().list_with_events(limit);
        self.line.at_store(Step::Read, effect).await
    }

    async fn census(&self, integration: &ClientId, now: Timestamp) -> Result<Census, StoreError> {
        let effect = self.tokens().census(integration, now);
        self.line.at_store(Step::Read, effect).await
    }

    async fn count_of_others(
        &self,
        integration: &ClientId,
    ) -> Result<Vec<(ClientId, u64)>, StoreError> {
        let effect = self.tokens().count_of_others(integration);
        self.line.at_store(Step::Read, effect).await
    }

    async fn count_expiring(
        &self,
        integration: &ClientId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<u64, StoreError> {
        let effect = self.tokens().count_expiring(integration, from, until);
        self.line.at_store(Step::Read, effect).await
    }

    async fn remove(&self, id: TokenId) -> Result<bool, StoreError> {
        let store = self.clone();
        let effect = async move { store.tokens().remove(id).await };
        self.line.write(Step::Remove, effect).await
    }
}

#[async_trait]
impl PauseStore for DistantStore {
    async fn pause(&self, integration: &ClientId) -> Result<Option<Pause>, StoreError> {
        let effect = self.line.world.stores.pause(integration);
        self.line.at_store(Step::Pause, effect).await
    }

    async fn prolong_pause(&self, pause: &Pause) -> Result<Pause, StoreError> {
        self.line.world.count("pause begun or prolonged");
        let effect = self.line.world.stores.prolong_pause(pause);
        self.line.at_store(Step::Pause, effect).await
    }

    async fn clear_pause(
        &self,
        integration: &ClientId,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let effect = self.line.world.stores.clear_pause(integration, until);
        let cleared = self.line.at_store(Step::Pause, effect).await?;
        if cleared {
            self.line.world.count("pause ended");
        }
        Ok(cleared)
    }
}

#[async_trait]
impl ConsentStore for DistantStore {
    async fn insert(&self, consent: &PendingConsent) -> Result<(), StoreError> {
        let effect = ConsentStore::insert(&self.line.world.stores, consent);
        self.line.at_store(Step::Grant, effect).await
    }

    async fn take(&self, claim: &CallbackClaim) -> Result<Taken, StoreError> {
        let effect = self.line.world.stores.take(claim);
        self.line.at_store(Step::Grant, effect).await
    }

    async fn finish(&self, state: StateHash, token: TokenId) -> Result<(), StoreError> {
        let effect = self.line.world.stores.finish(state, token);
        self.line.at_store(Step::Grant, effect).await
    }

    async fn discard(&self, state: StateHash) -> Result<(), StoreError> {
        let effect = self.line.world.stores.discard(state);
        self.line.at_store(Step::Grant, effect).await
    }

    async fn count_open(
        &self,
        address: std::net::IpAddr,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let effect = self.line.world.stores.count_open(address, now);
        self.line.at_store(Step::Read, effect).await
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        let effect = ConsentStore::remove_expired(&self.line.world.stores, now);
        self.line.at_store(Step::Change, effect).await
    }
}
