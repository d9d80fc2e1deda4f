//! What a refresh leaves in the record. Others may write it at the same time: the
//! `generation` says whether the provider's answer still belongs there.

use std::time::Duration;

use crate::broker::error::TokenError;
use crate::broker::flight::EarlyAnswer;
use crate::broker::refresh::Refresher;
use crate::ids::TokenId;
use crate::keyring::Sealed;
use crate::patience::Patience;
use crate::ports::{SparkError, StoreError, TokenAnswer};
use crate::timestamp::Timestamp;
use crate::token::{ConsentLoss, LastFailure, LastRefresh, Status, Token};

/// How long a store that fails is offered the mere note of a failed refresh: the
/// callers wait for it.
const NOTE_LIMIT: Duration = Duration::from_secs(2);

/// The pause between two rounds of offering new tokens to a store that fails.
const ROUND_PAUSE: Duration = Duration::from_secs(2);

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

/// The provider's answer, sealed once: a record that holds these very bytes holds
/// our write.
struct Fresh {
    obtained_at: Timestamp,
    access: Sealed,
    access_expires_at: Timestamp,
    refresh: Option<Sealed>,
    refresh_expires_at: Option<Timestamp>,
    last_refresh: LastRefresh,
}

impl Refresher {
    /// Writes the provider's answer. Where others wrote meanwhile, the same
    /// generation means that the answer still belongs there. Where the store fails,
    /// those who wait are told so after a while; the answer is offered to it for as
    /// long as the process lives, since nobody else has these tokens.
    pub(super) async fn keep(
        &self,
        token: Token,
        answer: &TokenAnswer,
        asked_at: Timestamp,
        last_refresh: LastRefresh,
        early: &EarlyAnswer,
    ) -> Result<Token, TokenError> {
        let fresh = self.seal(token.id, answer, asked_at, last_refresh);
        let generation = token.generation;
        let change = |token: &mut Token| {
            if token.generation == generation {
                fresh.apply(token);
                self.lay_down(token);
                Change::Write
            } else if token.access == fresh.access && token.status == Status::Active {
                Change::Written
            } else {
                Change::Superseded
            }
        };
        loop {
            match self.rewrite(token.clone(), self.limits.write, change).await {
                Err(TokenError::Store(error)) => {
                    tracing::error!(token = %token.id, %error, "new tokens wait for the store");
                    early.give(TokenError::Store(error));
                    tokio::time::sleep(ROUND_PAUSE).await;
                }
                outcome => return outcome,
            }
        }
    }

    fn seal(
        &self,
        id: TokenId,
        answer: &TokenAnswer,
        asked_at: Timestamp,
        last_refresh: LastRefresh,
    ) -> Fresh {
        Fresh {
            obtained_at: asked_at,
            access: self.ring.seal_access(id, &answer.access_token),
            access_expires_at: asked_at + answer.expires_in.unwrap_or_default(),
            refresh: answer
                .refresh_token
                .as_ref()
                .map(|secret| self.ring.seal_refresh(id, secret)),
            refresh_expires_at: answer.refresh_token_expires_in.map(|life| asked_at + life),
            last_refresh,
        }
    }

    /// The provider refused for good. Where the record changed meanwhile, a race
    /// was lost and nothing is wrong: [`TokenError::Superseded`].
    pub(super) async fn lose_consent(
        &self,
        token: Token,
        reason: ConsentLoss,
        error: Option<SparkError>,
    ) -> TokenError {
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
        match self.rewrite(token, self.limits.write, change).await {
            Ok(_) => {
                tracing::warn!(token = %id, ?reason, "a person must consent again");
                TokenError::NeedsConsent { reason, since }
            }
            Err(error) => error,
        }
    }

    /// The provider failed for now: the token keeps its status. Where the record
    /// changed meanwhile, that matters more than the failure.
    pub(super) async fn note_failure(&self, token: Token, error: SparkError) -> TokenError {
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
        match self.rewrite(token, NOTE_LIMIT, change).await {
            Ok(_) => error.into(),
            Err(changed @ (TokenError::Superseded | TokenError::NotFound)) => changed,
            Err(store) => {
                tracing::warn!(%store, "a failed refresh could not be noted");
                error.into()
            }
        }
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
        limit: Duration,
        change: impl Fn(&mut Token) -> Change + Send + Sync,
    ) -> Result<Token, TokenError> {
        let mut patience = Patience::lasting(limit);
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
                Err(StoreError::NotFound) => return Err(TokenError::NotFound),
                Err(error) => patience.wait(error).await?,
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
}

impl Fresh {
    fn apply(&self, token: &mut Token) {
        // The provider gave new tokens, so the person's consent stands. Another
        // process may have believed it lost: it had only the old refresh token.
        token.status = Status::Active;
        token.access = self.access.clone();
        token.access_expires_at = self.access_expires_at;
        token.obtained_at = self.obtained_at;
        if self.refresh.is_some() {
            token.refresh.clone_from(&self.refresh);
        }
        if self.refresh_expires_at.is_some() {
            token.refresh_expires_at = self.refresh_expires_at;
        }
        token.last_refresh = Some(self.last_refresh);
        token.last_failure = None;
        token.generation += 1;
    }
}

fn failure(error: &SparkError, at: Timestamp) -> LastFailure {
    LastFailure {
        at,
        class: error.class(),
        summary: error.to_string(),
        tracking_id: error.tracking_id.clone(),
    }
}

#[cfg(test)]
mod tests;
