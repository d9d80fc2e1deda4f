//! What a refresh leaves in the record. Others may write it at the same time: the
//! `generation` says whether the provider's answer still belongs there.

mod failed;
mod keep;
mod refusal;

use std::time::Duration;

use tokio::time::sleep;

pub(super) use failed::Failed;

use crate::broker::error::TokenError;
use crate::broker::refresh::Refresher;
use crate::event::Event;
use crate::ids::TokenId;
use crate::patience::Patience;
use crate::ports::StoreError;
use crate::token::Token;

/// How long a store that fails is offered the mere note of what happened: the
/// callers wait for it.
const NOTE_LIMIT: Duration = Duration::from_secs(2);

/// So often a write that met another is made anew without counting as a store that
/// fails.
const CONFLICTS: u32 = 50;

/// What is left to do with a record that was read again.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// Write it; then these events are true.
    Write(Vec<Event>),
    /// Nothing: our own write had reached the store, and these events are true.
    Written(Vec<Event>),
    /// Nothing: somebody else's newer write stands, and ours no longer belongs there.
    Superseded,
}

impl Refresher {
    /// Changes the record with compare-and-set. After a conflict, or a failure
    /// that does not tell whether the store wrote, it is read again and `change`
    /// says what is left to do. For `limit` a store that fails is asked again.
    pub(super) async fn rewrite(
        &self,
        mut token: Token,
        limit: Duration,
        change: impl Fn(&mut Token) -> Change + Send + Sync,
    ) -> Result<Token, TokenError> {
        let mut patience = Patience::lasting(limit);
        let mut conflicts = 0;
        loop {
            let events = match change(&mut token) {
                Change::Write(events) => events,
                Change::Written(events) => {
                    self.events.published(&events);
                    return Ok(token);
                }
                Change::Superseded => return Err(TokenError::Superseded),
            };
            match self.tokens.update(&token).await {
                Ok(version) => {
                    token.version = version;
                    self.events.published(&events);
                    return Ok(token);
                }
                Err(StoreError::NotFound) => return Err(TokenError::NotFound),
                Err(StoreError::Conflict) if conflicts < CONFLICTS => {
                    conflicts += 1;
                    sleep(Duration::from_millis(u64::from(conflicts / 4))).await;
                }
                Err(error @ StoreError::AlreadyExists(_)) => return Err(error.into()),
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

    /// Ends our own lease and attempt in the same write; those of another process
    /// stay, should ours have run out.
    pub(super) fn lay_down(&self, token: &mut Token) {
        token.lease = token.lease.filter(|lease| lease.owner != self.process);
        token.attempt = token
            .attempt
            .filter(|attempt| attempt.owner != self.process);
    }

    /// Somebody else was faster: the record remembers how often.
    async fn count_lost_race(&self, id: TokenId) {
        let change = |token: &mut Token| {
            token.upkeep.lost_races = token.upkeep.lost_races.saturating_add(1);
            self.lay_down(token);
            Change::Write(Vec::new())
        };
        let counted = match self.tokens.get(id).await {
            Ok(Some(token)) => self.rewrite(token, NOTE_LIMIT, change).await.map(drop),
            Ok(None) => Ok(()),
            Err(error) => Err(error.into()),
        };
        if let Err(error) = counted {
            tracing::debug!(token = %id, %error, "a lost race was not counted");
        }
    }
}

#[cfg(test)]
mod tests;
