//! A refresh in five steps, safe with any number of processes on one store:
//! claim the record, read it under the lease, mark the attempt, call the
//! provider, write the answer with compare-and-set.

use std::sync::Arc;
use std::time::Duration;

use crate::broker::error::TokenError;
use crate::broker::flight::Flights;
use crate::broker::patience::Patience;
use crate::ids::{ProcessId, TokenId};
use crate::integration::Integration;
use crate::keyring::KeyRing;
use crate::ports::{
    Claim, Clock, ErrorClass, SparkClient, SparkError, StoreError, TokenAnswer, TokenStore,
};
use crate::token::{
    Attempt, ConsentLoss, LastFailure, LastRefresh, Lease, RefreshTrigger, Status, Token,
};

/// The times that bound a refresh.
#[derive(Clone, Copy, Debug)]
pub struct RefreshLimits {
    /// How long a lease lasts. It must outlive the provider client's own time limit.
    pub lease: Duration,
    /// How long a caller waits for another process that refreshes the token.
    pub wait: Duration,
    /// A token that was refreshed this recently is answered as it is: nobody can
    /// make us hammer the provider.
    pub quiet: Duration,
    /// How long an answer of the provider is offered to a store that fails.
    pub write: Duration,
}

impl Default for RefreshLimits {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(90),
            wait: Duration::from_secs(10),
            quiet: Duration::from_secs(30),
            write: Duration::from_mins(1),
        }
    }
}

/// The outcome of a refresh that was not refused.
#[derive(Clone, Debug)]
pub struct Refreshed {
    /// The record as it stands now.
    pub token: Token,
    /// Whether the provider was called; `false` where the token was fresh already.
    pub called: bool,
}

/// What a refresh is to achieve.
#[derive(Clone, Copy, Debug)]
pub(super) enum Goal {
    /// A new token, unless one was just obtained.
    New,
    /// A token that lives at least this long.
    Life(Duration),
}

/// What is left to do with a record that was read again.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// Write it.
    Write,
    /// Nothing: our own write had reached the store.
    Written,
    /// Nothing: somebody else's newer write stands, and ours no longer belongs there.
    Superseded,
}

/// Refreshes tokens.
#[derive(Clone, Debug)]
pub(super) struct Refresher {
    pub(super) integration: Arc<Integration>,
    pub(super) client: Arc<dyn SparkClient>,
    pub(super) tokens: Arc<dyn TokenStore>,
    pub(super) ring: KeyRing,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) process: ProcessId,
    pub(super) limits: RefreshLimits,
    pub(super) flights: Flights,
}

impl Refresher {
    /// Refreshes the token, or waits for the refresh that is under way.
    pub(super) async fn refresh(
        &self,
        id: TokenId,
        goal: Goal,
        trigger: RefreshTrigger,
    ) -> Result<Refreshed, TokenError> {
        let refresher = self.clone();
        self.flights
            .join(id, || async move { refresher.run(id, goal, trigger).await })
            .await
    }

    async fn run(
        &self,
        id: TokenId,
        goal: Goal,
        trigger: RefreshTrigger,
    ) -> Result<Refreshed, TokenError> {
        let token = self.claim(id, goal).await?;
        if self.is_met(&token, goal) {
            self.release(id).await;
            return Ok(Refreshed {
                token,
                called: false,
            });
        }
        let outcome = self.refresh_under_lease(token, trigger).await;
        if outcome.is_err() {
            self.release(id).await;
        }
        outcome
    }

    /// Whether the record needs no refresh for this goal.
    fn is_met(&self, token: &Token, goal: Goal) -> bool {
        let now = self.clock.now();
        let just_refreshed = token
            .last_refresh
            .is_some_and(|last| now.since(last.at) < self.limits.quiet);
        let lives = matches!(goal, Goal::Life(life) if token.remaining_life(now) >= life);
        token.status == Status::Active && (just_refreshed || lives)
    }

    /// Takes the lease, or waits until whoever holds it is done.
    async fn claim(&self, id: TokenId, goal: Goal) -> Result<Token, TokenError> {
        let deadline = tokio::time::Instant::now() + self.limits.wait;
        let mut pause = Duration::from_millis(20);
        loop {
            let now = self.clock.now();
            let lease = Lease {
                owner: self.process,
                expires_at: now + self.limits.lease,
            };
            let held = match self.tokens.claim(id, lease, now).await? {
                Claim::Taken(token) => return Ok(*token),
                Claim::Missing => return Err(TokenError::NotFound),
                Claim::Held(held) => held,
            };
            if tokio::time::Instant::now() + pause > deadline {
                let retry_after = held.expires_at.since(now).min(self.limits.wait);
                return Err(TokenError::Busy { retry_after });
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(500));
            // The other process may have reached our goal and still hold the lease.
            let current = self.tokens.get(id).await?.ok_or(TokenError::NotFound)?;
            if self.is_met(&current, goal) {
                return Ok(current);
            }
        }
    }

    async fn refresh_under_lease(
        &self,
        mut token: Token,
        trigger: RefreshTrigger,
    ) -> Result<Refreshed, TokenError> {
        check_active(&token)?;
        let Some(sealed) = &token.refresh else {
            return self
                .lose_consent(token, ConsentLoss::NoRefreshToken, None)
                .await;
        };
        let refresh_token = self.ring.open_refresh(token.id, sealed)?;
        token.attempt = Some(Attempt {
            owner: self.process,
            at: self.clock.now(),
        });
        token.version = self
            .tokens
            .update(&token)
            .await
            .map_err(superseded_if_stale)?;
        match self.client.refresh(&self.integration, &refresh_token).await {
            Ok(answer) => self.keep(token, &answer, trigger).await,
            Err(error) if error.class() == ErrorClass::Person => {
                let expired = token
                    .refresh_expires_at
                    .is_some_and(|end| end.has_passed(self.clock.now()));
                let reason = if expired {
                    ConsentLoss::RefreshTokenExpired
                } else {
                    ConsentLoss::RefreshRefused
                };
                self.lose_consent(token, reason, Some(error)).await
            }
            Err(error) => self.note_failure(token, error).await,
        }
    }

    /// Writes the provider's answer. Where others wrote meanwhile, the same
    /// generation means that the answer still belongs there.
    async fn keep(
        &self,
        token: Token,
        answer: &TokenAnswer,
        trigger: RefreshTrigger,
    ) -> Result<Refreshed, TokenError> {
        let refresh = LastRefresh {
            at: self.clock.now(),
            by: trigger,
        };
        let generation = token.generation;
        let change = |token: &mut Token| {
            if token.generation == generation {
                self.apply(token, answer, refresh);
                Change::Write
            } else if token.generation == generation + 1 && token.last_refresh == Some(refresh) {
                Change::Written
            } else {
                Change::Superseded
            }
        };
        let token = self.rewrite(token, change).await?;
        Ok(Refreshed {
            token,
            called: true,
        })
    }

    fn apply(&self, token: &mut Token, answer: &TokenAnswer, refresh: LastRefresh) {
        let at = refresh.at;
        token.access = self.ring.seal_access(token.id, &answer.access_token);
        token.access_expires_at = at + answer.expires_in.unwrap_or_default();
        token.obtained_at = at;
        if let Some(secret) = &answer.refresh_token {
            token.refresh = Some(self.ring.seal_refresh(token.id, secret));
        }
        if let Some(life) = answer.refresh_token_expires_in {
            token.refresh_expires_at = Some(at + life);
        }
        token.last_refresh = Some(refresh);
        token.last_failure = None;
        token.generation += 1;
        self.lay_down(token);
    }

    /// The provider refused for good. Where the record changed meanwhile, a race
    /// was lost and nothing is wrong: the newer record is the answer.
    async fn lose_consent(
        &self,
        token: Token,
        reason: ConsentLoss,
        error: Option<SparkError>,
    ) -> Result<Refreshed, TokenError> {
        let since = self.clock.now();
        let (id, generation) = (token.id, token.generation);
        let change = |token: &mut Token| match token.status.lose_consent(reason, since) {
            Ok(status) if token.generation == generation => {
                token.status = status;
                token.last_failure = error.as_ref().map(|error| failure(error, since));
                self.lay_down(token);
                Change::Write
            }
            _ => Change::Superseded,
        };
        match self.rewrite(token, change).await {
            Ok(_) => {
                tracing::warn!(token = %id, ?reason, "a person must consent again");
                Err(TokenError::NeedsConsent { reason, since })
            }
            Err(TokenError::Superseded) => {
                let token = self.tokens.get(id).await?.ok_or(TokenError::NotFound)?;
                check_active(&token)?;
                tracing::info!(token = %id, "a refresh lost a race against a newer token");
                Ok(Refreshed {
                    token,
                    called: true,
                })
            }
            Err(other) => Err(other),
        }
    }

    /// The provider failed for now: the token keeps its status.
    async fn note_failure(&self, token: Token, error: SparkError) -> Result<Refreshed, TokenError> {
        let at = self.clock.now();
        let generation = token.generation;
        tracing::warn!(token = %token.id, class = ?error.class(), %error, "a refresh failed");
        let change = |token: &mut Token| {
            if token.generation != generation {
                return Change::Superseded;
            }
            token.last_failure = Some(failure(&error, at));
            self.lay_down(token);
            Change::Write
        };
        if let Err(store) = self.rewrite(token, change).await {
            tracing::warn!(%store, "a failed refresh could not be noted");
        }
        Err(error.into())
    }

    /// Ends our own lease and attempt in the same write; those of another process
    /// stay, should ours have run out.
    fn lay_down(&self, token: &mut Token) {
        token.lease = token.lease.filter(|lease| lease.owner != self.process);
        token.attempt = token
            .attempt
            .filter(|attempt| attempt.owner != self.process);
    }

    /// Changes the record with compare-and-set. After a conflict, or a failure
    /// that does not tell whether the store wrote, it is read again and `change`
    /// says what is left to do.
    async fn rewrite(
        &self,
        mut token: Token,
        change: impl Fn(&mut Token) -> Change + Send + Sync,
    ) -> Result<Token, TokenError> {
        let mut patience = Patience::lasting(self.limits.write);
        loop {
            match change(&mut token) {
                Change::Write => {}
                Change::Written => return Ok(token),
                Change::Superseded => return Err(TokenError::Superseded),
            }
            match self.tokens.update(&token).await {
                Ok(version) => {
                    token.version = version;
                    return Ok(token);
                }
                Err(error @ (StoreError::Conflict | StoreError::Unavailable { .. })) => {
                    patience.wait(error).await?;
                }
                Err(error) => return Err(error.into()),
            }
            token = self.read_again(token.id, &mut patience).await?;
        }
    }

    async fn read_again(&self, id: TokenId, patience: &mut Patience) -> Result<Token, TokenError> {
        loop {
            match self.tokens.get(id).await {
                Ok(token) => return token.ok_or(TokenError::NotFound),
                Err(error) => patience.wait(error).await?,
            }
        }
    }

    async fn release(&self, id: TokenId) {
        if let Err(error) = self.tokens.release_lease(id, self.process).await {
            tracing::warn!(token = %id, %error, "a lease was not given back; it ends by itself");
        }
    }
}

/// Refuses a token that is not active.
pub(super) const fn check_active(token: &Token) -> Result<(), TokenError> {
    match token.status {
        Status::Active => Ok(()),
        Status::NeedsConsent { reason, since } => Err(TokenError::NeedsConsent { reason, since }),
        Status::Revoked { by, at } => Err(TokenError::Revoked { by, at }),
    }
}

fn superseded_if_stale(error: StoreError) -> TokenError {
    if matches!(error, StoreError::Conflict) {
        TokenError::Superseded
    } else {
        error.into()
    }
}

fn failure(error: &SparkError, at: crate::timestamp::Timestamp) -> LastFailure {
    LastFailure {
        at,
        class: error.class(),
        summary: error.to_string(),
        tracking_id: error.tracking_id.clone(),
    }
}
