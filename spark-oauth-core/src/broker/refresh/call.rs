//! Step four: the provider is asked, and its answer decides what is written.

use crate::broker::breaker::Permit;
use crate::broker::error::TokenError;
use crate::broker::flight::EarlyAnswer;
use crate::broker::refresh::Refresher;
use crate::broker::refresh::mark::Begun;
use crate::broker::write_back::Failed;
use crate::ids::TokenId;
use crate::ports::{Clock as _, ErrorClass, JournalEntry, TokenAnswer};
use crate::timestamp::Timestamp;
use crate::token::{ConsentLoss, LastRefresh, RefreshTrigger, Token};

impl Refresher {
    /// Asks the provider, and writes what comes of it.
    pub(super) async fn ask(
        &self,
        begun: Begun,
        trigger: RefreshTrigger,
        permit: Permit,
        early: &EarlyAnswer,
    ) -> Result<Token, TokenError> {
        // Whoever waited for a place may find that a pause has begun.
        let place = permit.take_place().await;
        let place = place.map_err(|paused| self.paused(paused))?;
        // The provider counts the new token's life from before it answered.
        let sent = self.clock.uptime();
        let outcome = self
            .client
            .refresh(&self.integration, &begun.refresh_token)
            .await;
        match outcome {
            Ok(answer) => {
                drop(place);
                self.tell_success(permit).await;
                // What the answer says of the time is known by now.
                let asked_at = self.clock.time_of(sent);
                let Begun { token, .. } = begun;
                let entry = self.seal(token.id, token.generation, &answer, asked_at, trigger);
                self.keep(token, entry, early).await
            }
            Err(error) => {
                self.breaker.failed(permit, &error).await;
                // Whoever waits for the place knows of the pause by then.
                drop(place);
                let failed = Failed::new(begun, error, self.clock.now());
                if failed.error.class() == ErrorClass::Person {
                    let reason = failed.why_refused();
                    Err(self.lose_consent(failed, reason).await)
                } else {
                    Err(self.note_failure(failed).await)
                }
            }
        }
    }

    /// Where this was the try after a pause, its end is written. The new tokens do
    /// not wait for that.
    async fn tell_success(&self, permit: Permit) {
        let breaker = self.breaker.clone();
        if permit.is_probe() {
            let telling = async move { breaker.succeeded(permit).await };
            drop(self.detached.start(telling));
        } else {
            breaker.succeeded(permit).await;
        }
    }

    fn seal(
        &self,
        id: TokenId,
        generation: u64,
        answer: &TokenAnswer,
        asked_at: Timestamp,
        trigger: RefreshTrigger,
    ) -> JournalEntry {
        let refresh = answer.refresh_token.as_ref();
        JournalEntry {
            token: id,
            generation,
            scopes: answer.scopes.clone(),
            clock: Some(self.clock.id()),
            obtained_at: asked_at,
            access: self.ring.seal_access(id, &answer.access_token),
            access_expires_at: asked_at + answer.access_life(true),
            refresh: refresh.map(|secret| self.ring.seal_refresh(id, secret)),
            refresh_expires_at: answer.refresh_token_expires_in.map(|life| asked_at + life),
            last_refresh: LastRefresh {
                at: self.clock.now(),
                by: trigger,
            },
        }
    }

    /// A token without a refresh token is good until it ends, whatever life was
    /// asked for; only then must the person consent again.
    pub(super) async fn not_refreshable(&self, token: Token) -> TokenError {
        let reason = ConsentLoss::NoRefreshToken;
        if token.access_expires_at.has_passed(self.clock.now()) {
            self.end_without_refresh_token(token).await
        } else {
            let since = token.access_expires_at;
            TokenError::NeedsConsent { reason, since }
        }
    }
}
