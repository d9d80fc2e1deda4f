//! "Give me a valid access token": the stored one while it lives long enough,
//! else a new one.

use std::sync::Arc;
use std::time::Duration;

use crate::audit::{AuditAction, Caller, Outcome};
use crate::auditor::Subject;
use crate::broker::error::TokenError;
use crate::broker::refresh::{Goal, Refreshed, SHORTEST_LIFE, check_active};
use crate::broker::service::Broker;
use crate::email::EmailAddress;
use crate::ids::TokenId;
use crate::ports::{Clock as _, ErrorClass};
use crate::scopes::Scopes;
use crate::secret::AccessToken;
use crate::timestamp::Timestamp;
use crate::token::{ConsentLoss, RefreshTrigger, Token};

/// An access token that is valid now.
#[derive(Clone, Debug)]
pub struct CheckedOut {
    /// The record it comes from.
    pub id: TokenId,
    /// The access token.
    pub access_token: AccessToken,
    /// When it ends.
    pub expires_at: Timestamp,
    /// How long it lives from now.
    pub expires_in: Duration,
    /// What it is good for.
    pub scopes: Scopes,
    /// The person's address; `None` if it now belongs to another person.
    pub email: Option<EmailAddress>,
    /// Why the token could not be refreshed, where that was tried: it still
    /// lives, but not as long as was asked for.
    pub warning: Option<TokenError>,
}

impl Broker {
    /// Answers an access token that lives at least `min_life`.
    ///
    /// Where the stored one does not, it is refreshed first. Where that fails for a
    /// passing reason, or is not tried because it failed a moment ago or refreshing
    /// pauses, and the stored token still lives, that one is the answer, with a
    /// warning.
    ///
    /// # Errors
    /// [`TokenError`] says why there is no valid token.
    pub async fn check_out(
        &self,
        id: TokenId,
        min_life: Duration,
        caller: &Caller,
    ) -> Result<CheckedOut, TokenError> {
        let token = self.recent_or_read(id, min_life).await?;
        self.check_out_read(&token, min_life, caller).await
    }

    /// The same of a record that the caller has at hand, read by
    /// [`recent_or_read`](Self::recent_or_read) or otherwise a moment ago.
    pub(crate) async fn check_out_read(
        &self,
        token: &Token,
        min_life: Duration,
        caller: &Caller,
    ) -> Result<CheckedOut, TokenError> {
        let outcome = self.check_out_record(token, min_life).await;
        let subject = Subject::token(token);
        let result = match &outcome {
            Ok(_) => Outcome::Done,
            Err(error) => Outcome::Refused(error.reason().to_owned()),
        };
        self.auditor
            .record(caller, AuditAction::TokenCheckedOut, subject, result)
            .await;
        outcome
    }

    /// The record, as it was read a moment ago where that is good enough.
    pub(crate) async fn recent_or_read(
        &self,
        id: TokenId,
        min_life: Duration,
    ) -> Result<Arc<Token>, TokenError> {
        let goal = Goal::Life(min_life.max(SHORTEST_LIFE));
        let trigger = RefreshTrigger::Checkout;
        if let Some(token) = self.recent.get(&id)
            && !self.refresher.clock.is_outdated(&token)
            && self.refresher.is_met(&token, goal, trigger)
        {
            return Ok(token);
        }
        let reading = self.recent.reading();
        let token = Arc::new(self.get(id).await?);
        self.recent.keep(reading, id, token.clone());
        Ok(token)
    }

    /// [`check_out`](Self::check_out) without an entry in the audit log, for calls
    /// that end in an entry of their own.
    pub(crate) async fn check_out_record(
        &self,
        token: &Token,
        min_life: Duration,
    ) -> Result<CheckedOut, TokenError> {
        check_active(token)?;
        let goal = Goal::Life(min_life.max(SHORTEST_LIFE));
        let trigger = RefreshTrigger::Checkout;
        if self.refresher.is_met(token, goal, trigger) {
            return self.open(token, None);
        }
        // While a failure is fresh, neither the provider nor the store is bothered.
        let refreshed = match self.refresher.check_ready(token, trigger) {
            Ok(()) => self.refresh_to_live(token.id, goal).await,
            Err(error) => Err(error),
        };
        match refreshed {
            Ok(refreshed) => self.open(&refreshed.token, None),
            Err(error) if self.still_lives(token, &error) => {
                tracing::warn!(token = %token.id, %error, "the stored token is answered instead");
                self.open(token, Some(error))
            }
            Err(error) => Err(error),
        }
    }

    /// Refreshes the token; once more where the new one ended before the store had
    /// it: its write may have waited for a store that was away.
    async fn refresh_to_live(&self, id: TokenId, goal: Goal) -> Result<Refreshed, TokenError> {
        let trigger = RefreshTrigger::Checkout;
        let least = Goal::Life(SHORTEST_LIFE);
        for _ in 0..2 {
            let done = self.refresher.refresh(id, goal, trigger).await?;
            if self.refresher.is_met(&done.token, least, trigger) {
                return Ok(done);
            }
        }
        // Its write still waits, and until that is done nobody may ask for another.
        Err(TokenError::Busy {
            retry_after: SHORTEST_LIFE,
        })
    }

    /// Whether the stored token is the better answer than this error.
    fn still_lives(&self, token: &Token, error: &TokenError) -> bool {
        let passing = match error.class() {
            ErrorClass::Passing | ErrorClass::Application => true,
            // A refresh token may not open where the access token does.
            ErrorClass::Ours => !matches!(error, TokenError::Superseded),
            // Without a refresh token the person's consent is lost when the access
            // token ends, not before.
            ErrorClass::Person => matches!(
                error,
                TokenError::NeedsConsent {
                    reason: ConsentLoss::NoRefreshToken,
                    ..
                }
            ),
        };
        passing && token.remaining_life(self.refresher.clock.now()) >= SHORTEST_LIFE
    }

    fn open(&self, token: &Token, warning: Option<TokenError>) -> Result<CheckedOut, TokenError> {
        Ok(CheckedOut {
            id: token.id,
            access_token: self.refresher.ring.open_access(token.id, &token.access)?,
            expires_at: token.access_expires_at,
            expires_in: token.remaining_life(self.refresher.clock.now()),
            scopes: token.scopes.clone(),
            email: token.held_email().cloned(),
            warning,
        })
    }
}

#[cfg(test)]
mod recent_tests;
#[cfg(test)]
mod tests;
