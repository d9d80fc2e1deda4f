//! The provider gave new tokens: nobody else has them, so they are kept until the
//! store has them or they belong nowhere any more.

use std::time::Duration;

use tokio::time::sleep;

use super::Change;
use crate::broker::error::TokenError;
use crate::broker::flight::EarlyAnswer;
use crate::broker::refresh::{Refreshed, Refresher};
use crate::broker::schedule::Expiries;
use crate::event::{Event, EventKind};
use crate::ids::ProcessId;
use crate::ports::{Clock as _, JournalEntry};
use crate::token::{Status, Token};

/// The pause between two rounds of offering new tokens to a store that fails.
const ROUND_PAUSE: Duration = Duration::from_secs(2);

impl Refresher {
    /// Writes the provider's answer. Where others wrote meanwhile, the same
    /// generation means that the answer still belongs there. Where the store fails,
    /// the journal keeps the answer and those who wait get it; it is offered to the
    /// store for as long as the process lives.
    pub(in crate::broker) async fn keep(
        &self,
        token: Token,
        entry: JournalEntry,
        early: &EarlyAnswer,
    ) -> Result<Token, TokenError> {
        let id = token.id;
        let outcome = match self.store(token.clone(), &entry, Duration::ZERO).await {
            Err(TokenError::Store(error)) => {
                tracing::error!(token = %id, %error, "new tokens wait for the store");
                self.keep_until_stored(token, &entry, early).await
            }
            outcome => outcome,
        };
        if matches!(outcome, Err(TokenError::Superseded)) {
            tracing::info!(token = %id, "an answer of the provider came too late");
            self.count_lost_race(id).await;
        }
        outcome
    }

    async fn keep_until_stored(
        &self,
        token: Token,
        entry: &JournalEntry,
        early: &EarlyAnswer,
    ) -> Result<Token, TokenError> {
        let mut is_kept = false;
        loop {
            if !is_kept && self.safekeeping.keep(entry).await {
                is_kept = true;
                early.give(Ok(self.as_it_will_be(token.clone(), entry)));
            }
            let limit = if is_kept {
                Duration::ZERO
            } else {
                self.limits.write
            };
            match self.store(token.clone(), entry, limit).await {
                Err(TokenError::Store(error)) => {
                    tracing::debug!(token = %token.id, %error, "new tokens still wait");
                    if !is_kept {
                        early.give(Err(TokenError::Store(error)));
                    }
                    sleep(ROUND_PAUSE).await;
                }
                outcome => {
                    self.safekeeping.settle(entry).await;
                    return outcome;
                }
            }
        }
    }

    fn as_it_will_be(&self, mut token: Token, entry: &JournalEntry) -> Refreshed {
        apply(entry, &mut token);
        self.lay_down(&mut token);
        Refreshed {
            token,
            called: true,
        }
    }

    async fn store(
        &self,
        token: Token,
        entry: &JournalEntry,
        limit: Duration,
    ) -> Result<Token, TokenError> {
        let change = |token: &mut Token| {
            let change = self.put_in(entry, token);
            self.lay_down(token);
            change
        };
        self.rewrite(token, limit, change).await
    }

    /// Writes what the process `owner` left in its journal, by the same rule. Its
    /// lease and its marker go in the same write, since it has ended.
    pub(in crate::broker) async fn store_left_behind(
        &self,
        entry: &JournalEntry,
        owner: ProcessId,
        limit: Duration,
    ) -> Result<Token, TokenError> {
        let token = self.tokens.get(entry.token).await?;
        let token = token.ok_or(TokenError::NotFound)?;
        let change = |token: &mut Token| {
            let change = self.put_in(entry, token);
            token.lease = token.lease.filter(|lease| lease.owner != owner);
            token.attempt = token.attempt.filter(|attempt| attempt.owner != owner);
            change
        };
        self.rewrite(token, limit, change).await
    }

    /// Puts the answer into the record where it belongs there.
    fn put_in(&self, entry: &JournalEntry, token: &mut Token) -> Change {
        if token.generation == entry.generation {
            self.clock.set_right(token);
            let was = Expiries::of(token);
            apply(entry, token);
            // The clock may have been moved back since the answer came.
            self.clock.set_right(token);
            let now = self.clock.now();
            let expiring = self.schedule.plan_refreshed(token, was, now);
            let mut events = vec![self.refreshed(entry, token)];
            events.extend(expiring.map(|kind| self.events.record(token, kind)));
            Change::Write(events)
        } else if token.access == entry.access && token.status == Status::Active {
            // An event that stands in the record already is the same.
            Change::Written(vec![self.refreshed(entry, &mut token.clone())])
        } else {
            Change::Superseded
        }
    }

    fn refreshed(&self, entry: &JournalEntry, token: &mut Token) -> Event {
        let by = entry.last_refresh.by;
        let kind = EventKind::Refreshed {
            by,
            access_expires_at: token.access_expires_at,
        };
        self.events.record(token, kind)
    }
}

fn apply(entry: &JournalEntry, token: &mut Token) {
    // The provider gave new tokens, so the person's consent stands. Another
    // process may have believed it lost: it had only the old refresh token.
    token.status = Status::Active;
    token.access = entry.access.clone();
    token.access_expires_at = entry.access_expires_at;
    token.obtained_at = entry.obtained_at;
    token.clock = entry.clock;
    // The key of the record, `consented_scopes`, stays: the write can meet no other
    // record of the person.
    if let Some(scopes) = &entry.scopes {
        token.scopes.clone_from(scopes);
    }
    if entry.refresh.is_some() {
        token.refresh.clone_from(&entry.refresh);
    }
    if entry.refresh_expires_at.is_some() {
        token.refresh_expires_at = entry.refresh_expires_at;
    }
    token.last_refresh = Some(entry.last_refresh);
    token.last_failure = None;
    token.generation += 1;
}
