//! What a refresh is to achieve, and whether a record needs one.

use std::time::Duration;

use crate::broker::error::TokenError;
use crate::broker::refresh::Refresher;
use crate::ids::TokenId;
use crate::ports::Clock as _;
use crate::token::{ConsentLoss, RefreshTrigger, Status, Token};

/// A token with less life than this would end on its way to the provider.
pub(in crate::broker) const SHORTEST_LIFE: Duration = Duration::from_secs(1);

/// The minimum time between a failure and the next refresh that a service requests.
const API_REST: Duration = Duration::from_secs(5);

/// What a refresh is to achieve.
#[derive(Clone, Copy, Debug)]
pub(in crate::broker) enum Goal {
    /// A new token, unless one was just obtained.
    New,
    /// A token that lives at least this long.
    Life(Duration),
}

impl Refresher {
    /// Whether the record needs no refresh for this goal.
    pub(in crate::broker) fn is_met(
        &self,
        token: &Token,
        goal: Goal,
        trigger: RefreshTrigger,
    ) -> bool {
        let now = self.clock.now();
        // The remaining lifetime of a record from the future is unknown.
        let lives = |least| token.remaining_life(now) >= least && !token.is_ahead_of(now);
        token.status == Status::Active
            && (self.is_quiet(token, trigger) || matches!(goal, Goal::Life(least) if lives(least)))
    }

    /// Whether the token was refreshed a moment ago. One that has ended since is not
    /// quiet, unless the provider never gives it any life.
    fn is_quiet(&self, token: &Token, trigger: RefreshTrigger) -> bool {
        let now = self.clock.now();
        let Some(last) = token.last_refresh else {
            return false;
        };
        let life = token.access_expires_at.since(token.obtained_at);
        let quiet = match trigger {
            // It comes when the token is due, which a short life makes soon.
            RefreshTrigger::Worker => self.limits.quiet.min(life / 2),
            _ => self.limits.quiet,
        };
        let lives = token.remaining_life(now) >= SHORTEST_LIFE || life < SHORTEST_LIFE;
        // A clock that was set back must not make an old refresh look recent.
        let since = now.since(last.at).max(last.at.since(now));
        lives && since < quiet
    }

    /// Rejects a token that needs no call to the provider to fail: it is not active, belongs
    /// to another integration, or failed a moment ago.
    pub(in crate::broker) fn check_ready(
        &self,
        token: &Token,
        trigger: RefreshTrigger,
    ) -> Result<(), TokenError> {
        check_active(token)?;
        self.check_integration(token)?;
        match self.rest_left(token, trigger) {
            Some(retry_after) if !retry_after.is_zero() => {
                Err(TokenError::BackingOff { retry_after })
            }
            _ => Ok(()),
        }
    }

    /// The remaining back-off after a failure; `None` without a failure, or if the provider
    /// has worked since.
    fn rest_left(&self, token: &Token, trigger: RefreshTrigger) -> Option<Duration> {
        let now = self.clock.now();
        let retry_at = token.upkeep.retry_at?;
        match trigger {
            // An admin looks on, and has a reason.
            RefreshTrigger::Admin => None,
            // A service has a reason too, but may call in a loop.
            RefreshTrigger::Api => {
                let failed_at = token.last_failure.as_ref()?.at;
                // The process that wrote it may have a clock that is ahead.
                let since = now.since(failed_at).max(failed_at.since(now));
                Some(API_REST.saturating_sub(since))
            }
            RefreshTrigger::Checkout | RefreshTrigger::Worker => {
                let failed_at = token.last_failure.as_ref().map(|failure| failure.at);
                let ended = failed_at.is_some_and(|at| self.breaker.has_recovered_since(at));
                let left = retry_at.since(now);
                // A longer wait was stored before the clock was set.
                (!ended && left <= self.schedule.longest_wait()).then_some(left)
            }
        }
    }
}

impl Refresher {
    /// Rejects a token of another integration. A provider that sees its refresh token with
    /// our credentials may treat it as stolen and revoke the grant.
    pub(in crate::broker) fn check_integration(&self, token: &Token) -> Result<(), TokenError> {
        if token.integration == self.integration.client_id {
            return Ok(());
        }
        Err(TokenError::IntegrationUnknown {
            integration: token.integration.clone(),
        })
    }

    /// Whether a refusal that was found some time ago is still true.
    ///
    /// # Errors
    /// What the record says now where it is not active, or the store's.
    pub(super) async fn stands(
        &self,
        id: TokenId,
        refusal: &TokenError,
    ) -> Result<bool, TokenError> {
        let current = self.tokens.get(id).await?.ok_or(TokenError::NotFound)?;
        check_active(&current)?;
        // A token that cannot be refreshed is refused while it is active.
        Ok(matches!(
            refusal,
            TokenError::NeedsConsent { reason: ConsentLoss::NoRefreshToken, since }
                if current.refresh.is_none() && *since == current.access_expires_at
        ))
    }
}

/// Whether this is what a record says until somebody consents anew.
pub(super) const fn is_of_record(error: &TokenError) -> bool {
    matches!(
        error,
        TokenError::NeedsConsent { .. } | TokenError::Revoked { .. }
    )
}

/// Refuses a token that is not active.
pub(in crate::broker) const fn check_active(token: &Token) -> Result<(), TokenError> {
    match token.status {
        Status::Active => Ok(()),
        Status::NeedsConsent { reason, since } => Err(TokenError::NeedsConsent { reason, since }),
        Status::Revoked { by, at } => Err(TokenError::Revoked { by, at }),
    }
}
