//! The provider gave nothing: for good, or for now.

use super::{Change, Failed, NOTE_LIMIT};
use crate::broker::error::TokenError;
use crate::broker::refresh::Refresher;
use crate::event::{Event, EventKind};
use crate::ports::Clock as _;
use crate::timestamp::Timestamp;
use crate::token::{ConsentLoss, LastFailure, Status, Token};

impl Refresher {
    /// The provider refused for good. Where the record changed meanwhile, a race
    /// was lost and nothing is wrong: [`TokenError::Superseded`].
    pub(in crate::broker) async fn lose_consent(
        &self,
        failed: Failed,
        reason: ConsentLoss,
    ) -> TokenError {
        let failure = failed.note();
        let (id, since) = (failed.token.id, failed.at);
        let generation = failed.token.generation;
        let change = |token: &mut Token| {
            if token.generation == generation && self.holds(token, &failed) {
                self.end(token, reason, since, Some(&failure))
            } else {
                Change::Superseded
            }
        };
        let record = failed.token.clone();
        match self.rewrite(record, self.limits.write, change).await {
            Ok(_) => {
                let summary = &failure.summary;
                tracing::warn!(token = %id, ?reason, %summary, "a person must consent again");
                TokenError::NeedsConsent { reason, since }
            }
            Err(TokenError::Superseded) => {
                self.count_lost_race(id).await;
                TokenError::Superseded
            }
            Err(error) => error,
        }
    }

    /// Whether the record still has the refresh token that was refused. The bytes do
    /// not tell: another key may have sealed the same one.
    fn holds(&self, token: &Token, failed: &Failed) -> bool {
        if token.refresh == failed.token.refresh {
            return true;
        }
        let sealed = token.refresh.as_ref();
        let held = sealed.and_then(|sealed| self.ring.open_refresh(token.id, sealed).ok());
        held.is_some_and(|held| held.expose_secret() == failed.refresh_token.expose_secret())
    }

    /// The access token has ended, and there is no refresh token.
    pub(in crate::broker) async fn end_without_refresh_token(&self, token: Token) -> TokenError {
        let reason = ConsentLoss::NoRefreshToken;
        let since = self.clock.now();
        let (id, generation) = (token.id, token.generation);
        let change = |token: &mut Token| {
            if token.generation == generation && token.refresh.is_none() {
                self.end(token, reason, since, None)
            } else {
                Change::Superseded
            }
        };
        match self.rewrite(token, self.limits.write, change).await {
            Ok(_) => {
                tracing::warn!(token = %id, ?reason, "a person must consent again");
                TokenError::NeedsConsent { reason, since }
            }
            Err(error) => error,
        }
    }

    fn end(
        &self,
        token: &mut Token,
        reason: ConsentLoss,
        since: Timestamp,
        failure: Option<&LastFailure>,
    ) -> Change {
        if token.status == (Status::NeedsConsent { reason, since }) {
            return Change::Written(vec![self.lost(&mut token.clone(), reason)]);
        }
        let Ok(status) = token.status.lose_consent(reason, since) else {
            return Change::Superseded;
        };
        token.status = status;
        token.last_failure = failure.cloned();
        self.schedule.plan(token, since);
        self.lay_down(token);
        Change::Write(vec![self.lost(token, reason)])
    }

    fn lost(&self, token: &mut Token, reason: ConsentLoss) -> Event {
        self.events
            .record(token, EventKind::NeedsConsent { reason })
    }

    /// The provider failed for now: the token keeps its status. Where the record
    /// changed meanwhile, that matters more than the failure.
    pub(in crate::broker) async fn note_failure(&self, failed: Failed) -> TokenError {
        let failure = failed.note();
        let Failed { token, error, .. } = failed;
        let (id, generation) = (token.id, token.generation);
        tracing::warn!(token = %id, class = ?error.class(), %error, "a refresh failed");
        let cause = self.breaker.cause_of(&error);
        let change = |token: &mut Token| {
            if token.generation != generation {
                return Change::Superseded;
            }
            if token.last_failure.as_ref() == Some(&failure) {
                return Change::Written(vec![self.failed(&mut token.clone(), &failure)]);
            }
            token.last_failure = Some(failure.clone());
            if error.answer_lost {
                token.upkeep.interrupted = token.upkeep.interrupted.saturating_add(1);
            }
            self.schedule
                .back_off(token, &error, cause, self.clock.now());
            self.lay_down(token);
            Change::Write(vec![self.failed(token, &failure)])
        };
        match self.rewrite(token, NOTE_LIMIT, change).await {
            Ok(_) => {
                if error.answer_lost {
                    self.observer.refresh_interrupted();
                }
                error.into()
            }
            Err(changed @ (TokenError::Superseded | TokenError::NotFound)) => changed,
            Err(store) => {
                // After a lost answer `release` keeps the marker, so the next refresh counts it.
                tracing::warn!(token = %id, %store, "a failed refresh could not be noted");
                error.into()
            }
        }
    }

    fn failed(&self, token: &mut Token, failure: &LastFailure) -> Event {
        let kind = EventKind::RefreshFailed {
            class: failure.class,
            summary: failure.summary.clone(),
            tracking_id: failure.tracking_id.clone(),
            retry_at: token.upkeep.retry_at,
        };
        self.events.record(token, kind)
    }
}
