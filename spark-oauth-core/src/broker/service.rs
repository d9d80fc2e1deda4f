//! Looking up, refreshing on demand, revealing and removing.

use std::sync::Arc;

use crate::application::Parts;
use crate::audit::{AuditAction, Caller, Outcome};
use crate::auditor::{Auditor, Subject};
use crate::broker::error::TokenError;
use crate::broker::flight::Flights;
use crate::broker::profile::Profiles;
use crate::broker::recovery::Recovery;
use crate::broker::refresh::{Goal, RefreshLimits, Refreshed, Refresher, Sightings};
use crate::broker::safekeeping::Safekeeping;
use crate::detached::Detached;
use crate::email::EmailAddress;
use crate::ids::{ProcessId, TokenId};
use crate::ports::{Page, PageRequest, StoreError, TokenFilter, TokenStore};
use crate::secret::{AccessToken, RefreshToken};
use crate::token::{RefreshTrigger, Token, owned};
use crate::watched_tokens::RecentTokens;

/// Hands out tokens, and carries out what admins ask for.
#[derive(Clone, Debug)]
pub struct Broker {
    pub(super) refresher: Refresher,
    pub(super) auditor: Auditor,
    pub(super) recent: RecentTokens,
    detached: Detached,
}

/// The secrets of one token, for somebody who asked to see them.
#[derive(Clone, Debug)]
pub struct Revealed {
    /// The access token.
    pub access_token: AccessToken,
    /// The refresh token, where there is one.
    pub refresh_token: Option<RefreshToken>,
}

impl Broker {
    pub(crate) fn new(parts: Parts, limits: RefreshLimits, auditor: Auditor) -> Self {
        let process = match &parts.journal {
            Some(journal) => journal.process(),
            None => ProcessId::generate(parts.clock.now(), &*parts.random),
        };
        let profiles = Profiles::new(parts.stores.tokens.clone());
        let refresher = Refresher {
            profiles,
            integration: parts.integration,
            client: parts.client,
            tokens: parts.stores.tokens,
            ring: parts.ring,
            clock: parts.corrected,
            process,
            limits,
            flights: Flights::new(parts.detached.clone()),
            detached: parts.detached.clone(),
            schedule: parts.schedule,
            breaker: parts.breaker,
            events: parts.events,
            observer: parts.observer.clone(),
            health: parts.health,
            leases: Sightings::default(),
            markers: Sightings::default(),
            recovery: Recovery::default(),
            safekeeping: Safekeeping {
                journal: parts.journal,
                observer: parts.observer,
            },
        };
        Self {
            refresher,
            auditor,
            recent: parts.recent,
            detached: parts.detached,
        }
    }

    /// The name of this process as the owner of leases.
    pub fn process(&self) -> ProcessId {
        self.refresher.process
    }

    /// Stores what ended processes left in their journals. Before that, nothing may
    /// be claimed.
    pub(crate) async fn recover(&self) {
        self.refresher.recovery.start(&self.refresher).await;
    }

    /// Carries out what a caller that hangs up must not cut in two: a change, and
    /// its entry in the audit log.
    pub(super) async fn carry_out<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, TokenError>> + Send + 'static,
    ) -> Result<T, TokenError> {
        self.detached
            .run(work)
            .await
            .unwrap_or(Err(TokenError::Interrupted))
    }

    pub(super) fn tokens(&self) -> &Arc<dyn TokenStore> {
        &self.refresher.tokens
    }

    /// One token.
    ///
    /// # Errors
    /// [`TokenError::NotFound`], or the store's.
    pub async fn get(&self, id: TokenId) -> Result<Token, TokenError> {
        self.tokens().get(id).await?.ok_or(TokenError::NotFound)
    }

    /// One token, where it stands.
    ///
    /// # Errors
    /// The store's.
    pub async fn find(&self, id: TokenId) -> Result<Option<Token>, StoreError> {
        self.tokens().get(id).await
    }

    /// Whether the token is parked: another integration than the configured one obtained
    /// it. A parked token is listed but not refreshed.
    pub fn is_parked(&self, token: &Token) -> bool {
        self.refresher.check_integration(token).is_err()
    }

    /// A page of the tokens that fit the filter, newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(
        &self,
        filter: &TokenFilter,
        page: &PageRequest,
    ) -> Result<Page<Token>, StoreError> {
        self.tokens().list(filter, page).await
    }

    /// Every token of the person to whom this address belongs, the newest consent first
    /// and [parked](Self::is_parked) tokens last. The owner is the person for whom the
    /// provider confirmed the address last, in any integration. Two persons are returned
    /// only if both own it.
    ///
    /// # Errors
    /// The store's.
    pub async fn find_by_email(&self, email: &EmailAddress) -> Result<Vec<Token>, StoreError> {
        let mut tokens = owned(self.tokens().find_by_email(email).await?);
        tokens.sort_by_key(|token| self.is_parked(token));
        Ok(tokens)
    }

    /// Refreshes a token now, unless it was refreshed a moment ago. An admin may ask
    /// the provider again right after a failure and while refreshing is paused for an
    /// outage; a service too, five seconds after the failure.
    ///
    /// # Errors
    /// [`TokenError`] says why the token was not refreshed.
    pub async fn refresh(
        &self,
        id: TokenId,
        trigger: RefreshTrigger,
        caller: &Caller,
    ) -> Result<Refreshed, TokenError> {
        let token = self
            .get_or_note(id, caller, AuditAction::TokenRefreshed)
            .await?;
        let (broker, caller) = (self.clone(), caller.clone());
        self.carry_out(async move {
            let outcome = match broker.refresher.check_ready(&token, trigger) {
                Ok(()) => broker.refresher.refresh(id, Goal::New, trigger).await,
                Err(error) => Err(error),
            };
            broker
                .note(
                    &caller,
                    AuditAction::TokenRefreshed,
                    &token,
                    ended(&outcome),
                )
                .await;
            outcome
        })
        .await
    }

    /// Shows the secrets of a token, as they are stored.
    ///
    /// # Errors
    /// [`TokenError::NotFound`], [`TokenError::Vault`], or the store's.
    pub async fn reveal(&self, id: TokenId, caller: &Caller) -> Result<Revealed, TokenError> {
        let token = self
            .get_or_note(id, caller, AuditAction::TokenRevealed)
            .await?;
        let outcome = self.open_all(&token);
        self.note(caller, AuditAction::TokenRevealed, &token, ended(&outcome))
            .await;
        outcome
    }

    fn open_all(&self, token: &Token) -> Result<Revealed, TokenError> {
        let ring = &self.refresher.ring;
        let open = |sealed| ring.open_refresh(token.id, sealed);
        Ok(Revealed {
            access_token: ring.open_access(token.id, &token.access)?,
            refresh_token: token.refresh.as_ref().map(open).transpose()?,
        })
    }

    /// Deletes a token's record. The provider is not told: see
    /// [`revoke`](Self::revoke).
    ///
    /// # Errors
    /// [`TokenError::NotFound`], or the store's.
    pub async fn remove(&self, id: TokenId, caller: &Caller) -> Result<Token, TokenError> {
        let token = self
            .get_or_note(id, caller, AuditAction::TokenRemoved)
            .await?;
        let (broker, caller) = (self.clone(), caller.clone());
        self.carry_out(async move {
            let outcome = broker.remove_record(&token).await;
            broker
                .note(&caller, AuditAction::TokenRemoved, &token, ended(&outcome))
                .await;
            outcome.map(|()| token)
        })
        .await
    }

    async fn remove_record(&self, token: &Token) -> Result<(), TokenError> {
        let events = &self.refresher.events;
        let removed = events.removed(token).await?;
        if !self.tokens().remove(token.id).await? {
            return Err(TokenError::NotFound);
        }
        events.published(&[removed]);
        Ok(())
    }

    /// One token, to do something with; that there is none is written down.
    pub(super) async fn get_or_note(
        &self,
        id: TokenId,
        caller: &Caller,
        action: AuditAction,
    ) -> Result<Token, TokenError> {
        let found = self.get(id).await;
        if let Err(error) = &found {
            let outcome = Outcome::Refused(error.reason().to_owned());
            self.auditor
                .record(caller, action, Subject::unknown_token(id), outcome)
                .await;
        }
        found
    }

    /// Writes an entry about a token to the audit log.
    pub(super) async fn note(
        &self,
        caller: &Caller,
        action: AuditAction,
        token: &Token,
        outcome: Outcome,
    ) {
        let subject = Subject::token(token);
        self.auditor.record(caller, action, subject, outcome).await;
    }
}

/// How something ended, for the audit log.
pub(super) fn ended<T>(outcome: &Result<T, TokenError>) -> Outcome {
    match outcome {
        Ok(_) => Outcome::Done,
        Err(error) => Outcome::Failed(error.reason().to_owned()),
    }
}

#[cfg(test)]
mod tests;
