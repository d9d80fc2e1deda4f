//! Steps two and three: the record is read under the lease, what a refresh before
//! has left is looked at, and the write-ahead marker is set.

use crate::broker::error::TokenError;
use crate::broker::refresh::Refresher;
use crate::ports::{Clock as _, StoreError};
use crate::secret::RefreshToken;
use crate::token::{Attempt, Token};

/// A refresh that was begun: the record with our marker, and what the provider is
/// asked with.
pub(in crate::broker) struct Begun {
    pub(in crate::broker) token: Token,
    pub(in crate::broker) refresh_token: RefreshToken,
    /// A refresh before this one was begun and its end never written.
    pub(in crate::broker) after_interruption: bool,
}

impl Refresher {
    /// The refresh that was begun before and never ended, where it is time to take
    /// it up again.
    ///
    /// # Errors
    /// [`TokenError::Busy`] while the process that began it may still write its end.
    pub(super) async fn interrupted(&self, token: &Token) -> Result<Option<Attempt>, TokenError> {
        let Some(attempt) = token.attempt else {
            return Ok(None);
        };
        // One refresh of a token at a time in this process: ours has ended.
        if attempt.owner == self.process || self.recovery.has_ended(self, attempt.owner).await {
            return Ok(Some(attempt));
        }
        // When the marker was set is known by the clock of the other process alone.
        let stood = self.markers.age(token.id, attempt, self.clock.uptime());
        let waited = stood.min(self.health.healthy_for());
        let retry_after = self.limits.recovery_grace.saturating_sub(waited);
        if retry_after.is_zero() {
            Ok(Some(attempt))
        } else {
            Err(TokenError::Busy { retry_after })
        }
    }

    /// Sets the write-ahead marker.
    pub(super) async fn mark(
        &self,
        mut token: Token,
        refresh_token: RefreshToken,
        interrupted: Option<Attempt>,
    ) -> Result<Begun, TokenError> {
        token.attempt = Some(Attempt {
            owner: self.process,
            at: self.clock.now(),
        });
        if interrupted.is_some() {
            token.upkeep.interrupted = token.upkeep.interrupted.saturating_add(1);
        }
        token.version = match self.tokens.update(&token).await {
            Ok(version) => version,
            Err(StoreError::Conflict) => return Err(TokenError::Superseded),
            Err(error) => return Err(error.into()),
        };
        if let Some(attempt) = interrupted {
            self.observer.refresh_interrupted();
            let Attempt { owner, at } = attempt;
            tracing::warn!(
                token = %token.id, process = %owner, %at,
                "a refresh was interrupted; where the provider rotates, its refresh token may be lost"
            );
        }
        Ok(Begun {
            token,
            refresh_token,
            after_interruption: interrupted.is_some(),
        })
    }
}
