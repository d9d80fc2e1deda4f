//! A refresh in five steps, safe with any number of processes on one store:
//! claim the record, read it under the lease, mark the attempt, call the
//! provider, write the answer with compare-and-set (see `write_back`).

use std::sync::Arc;
use std::time::Duration;

use crate::broker::error::TokenError;
use crate::broker::flight::{EarlyAnswer, Flights};
use crate::ids::{ProcessId, TokenId};
use crate::integration::Integration;
use crate::keyring::KeyRing;
use crate::ports::{Claim, Clock, ErrorClass, SparkClient, StoreError, TokenStore};
use crate::token::{Attempt, ConsentLoss, LastRefresh, Lease, RefreshTrigger, Status, Token};

/// How often a refresh is begun anew when the record changes under it, or when
/// the refresh that was joined was begun for less.
const ATTEMPTS: usize = 3;

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
    /// How long callers wait for a store that fails to take an answer of the
    /// provider. New tokens are offered to it for as long as the process lives.
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

/// The outcome of a claim that was waited for.
enum Claimed {
    /// The lease is ours; this is the record under it.
    Leased(Box<Token>),
    /// Another process reached the goal. The lease is not ours.
    Met(Box<Token>),
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
        let mut attempt = 1;
        loop {
            let refresher = self.clone();
            let outcome = self
                .flights
                .join(id, |early| async move {
                    refresher.run(id, goal, trigger, &early).await
                })
                .await;
            match outcome {
                // The refresh that we joined was begun for less, and did nothing.
                Ok(done) if !done.called && !self.is_met(&done.token, goal) => {
                    if attempt == ATTEMPTS {
                        return Ok(done);
                    }
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn run(
        &self,
        id: TokenId,
        goal: Goal,
        trigger: RefreshTrigger,
        early: &EarlyAnswer,
    ) -> Result<Refreshed, TokenError> {
        for _ in 0..ATTEMPTS {
            match self.try_once(id, goal, trigger, early).await {
                // A consent, a revocation or another process was faster. The newer
                // record may be all that was asked for.
                Err(TokenError::Superseded) => {
                    tracing::info!(token = %id, "the token changed during its refresh");
                }
                outcome => return outcome,
            }
        }
        Err(TokenError::Superseded)
    }

    async fn try_once(
        &self,
        id: TokenId,
        goal: Goal,
        trigger: RefreshTrigger,
        early: &EarlyAnswer,
    ) -> Result<Refreshed, TokenError> {
        let fresh = |token: Box<Token>| Refreshed {
            token: *token,
            called: false,
        };
        let token = match self.claim(id, goal).await? {
            Claimed::Leased(token) => token,
            Claimed::Met(token) => return Ok(fresh(token)),
        };
        if self.is_met(&token, goal) {
            self.release(id).await;
            return Ok(fresh(token));
        }
        match self.refresh_under_lease(*token, trigger, early).await {
            // The lease went with the write of the answer.
            Ok(token) => Ok(Refreshed {
                token,
                called: true,
            }),
            Err(error) => {
                self.release(id).await;
                Err(error)
            }
        }
    }

    /// Whether the record needs no refresh for this goal.
    pub(super) fn is_met(&self, token: &Token, goal: Goal) -> bool {
        let now = self.clock.now();
        // A clock that was set back must not make an old refresh look recent.
        let just_refreshed = token
            .last_refresh
            .is_some_and(|last| now.since(last.at).max(last.at.since(now)) < self.limits.quiet);
        let lives = matches!(goal, Goal::Life(life) if token.remaining_life(now) >= life);
        token.status == Status::Active && (just_refreshed || lives)
    }

    /// Takes the lease, or waits until whoever holds it is done.
    async fn claim(&self, id: TokenId, goal: Goal) -> Result<Claimed, TokenError> {
        let deadline = tokio::time::Instant::now() + self.limits.wait;
        let mut pause = Duration::from_millis(20);
        loop {
            let now = self.clock.now();
            let lease = Lease {
                owner: self.process,
                expires_at: now + self.limits.lease,
            };
            let held = match self.tokens.claim(id, lease, now).await? {
                Claim::Taken(token) => return Ok(Claimed::Leased(token)),
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
            check_active(&current)?;
            if self.is_met(&current, goal) {
                return Ok(Claimed::Met(Box::new(current)));
            }
        }
    }

    async fn refresh_under_lease(
        &self,
        token: Token,
        trigger: RefreshTrigger,
        early: &EarlyAnswer,
    ) -> Result<Token, TokenError> {
        check_active(&token)?;
        let Some(sealed) = &token.refresh else {
            return Err(self.not_refreshable(token).await);
        };
        let refresh_token = self.ring.open_refresh(token.id, sealed)?;
        let token = self.mark(token).await?;
        // The provider counts the new token's life from before it answered.
        let asked_at = self.clock.now();
        match self.client.refresh(&self.integration, &refresh_token).await {
            Ok(answer) => {
                let refresh = LastRefresh {
                    at: self.clock.now(),
                    by: trigger,
                };
                self.keep(token, &answer, asked_at, refresh, early).await
            }
            Err(error) if error.class() == ErrorClass::Person => {
                let expired = token
                    .refresh_expires_at
                    .is_some_and(|end| end.has_passed(self.clock.now()));
                let reason = if expired {
                    ConsentLoss::RefreshTokenExpired
                } else {
                    ConsentLoss::RefreshRefused
                };
                Err(self.lose_consent(token, reason, Some(error)).await)
            }
            Err(error) => Err(self.note_failure(token, error).await),
        }
    }

    /// A token without a refresh token is good until it ends, whatever life was
    /// asked for; only then must the person consent again.
    async fn not_refreshable(&self, token: Token) -> TokenError {
        let reason = ConsentLoss::NoRefreshToken;
        if token.access_expires_at.has_passed(self.clock.now()) {
            self.lose_consent(token, reason, None).await
        } else {
            let since = token.access_expires_at;
            TokenError::NeedsConsent { reason, since }
        }
    }

    /// Sets the write-ahead marker.
    async fn mark(&self, mut token: Token) -> Result<Token, TokenError> {
        token.attempt = Some(Attempt {
            owner: self.process,
            at: self.clock.now(),
        });
        match self.tokens.update(&token).await {
            Ok(version) => {
                token.version = version;
                Ok(token)
            }
            Err(StoreError::Conflict) => Err(TokenError::Superseded),
            Err(error) => Err(error.into()),
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

#[cfg(test)]
mod tests;
