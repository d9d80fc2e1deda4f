//! One visit of a token that is due, and what follows from its end.

use std::time::Duration;

use crate::broker::error::TokenError;
use crate::broker::refresh::Goal;
use crate::broker::worker::Worker;
use crate::ids::TokenId;
use crate::ports::{Clock as _, StoreError};
use crate::timestamp::Timestamp;
use crate::token::{RefreshTrigger, Token};

/// How long a token is left alone at most that another process works on.
const LONGEST_BUSY: Duration = Duration::from_secs(5);

/// How long a record is left alone that cannot be read, and so not be given another
/// time either.
const UNREADABLE: Duration = Duration::from_mins(5);

/// How a visit ended, as far as the worker needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visited {
    /// The record says when the next visit is.
    Done,
    /// It does not: this process leaves the token alone for so long.
    Later(Duration),
    /// Refreshing pauses for so long at least.
    Paused(Duration),
    /// The store failed.
    StoreAway,
}

/// Why a token is still due after its visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    NothingToDo,
    Failed,
}

/// Visits a token. Whatever the outcome, it is not due afterwards, unless refreshing
/// pauses, somebody else holds the token, or the store does not take a new time.
pub(super) async fn visit(worker: &Worker, id: TokenId) -> Visited {
    let outcome = worker
        .broker
        .refresher
        .refresh(id, Goal::New, RefreshTrigger::Worker)
        .await;
    let moved_on = match outcome {
        // What was found fresh under our lease was found before the lease was given
        // back.
        Ok(refreshed) if is_due(&refreshed.token, worker.clock.now()) => {
            read_and_move_on(worker, id, Reason::NothingToDo).await
        }
        Ok(_) | Err(TokenError::NotFound) => Ok(()),
        Err(TokenError::Paused { retry_after, .. }) => return Visited::Paused(retry_after),
        Err(TokenError::Busy { retry_after }) => {
            return Visited::Later(retry_after.min(LONGEST_BUSY));
        }
        Err(TokenError::Store(error)) => return after_failure(&error),
        Err(TokenError::BackingOff { .. }) => {
            read_and_move_on(worker, id, Reason::NothingToDo).await
        }
        Err(error) => {
            tracing::debug!(token = %id, %error, "a due token was not refreshed");
            read_and_move_on(worker, id, Reason::Failed).await
        }
    };
    moved_on.map_or_else(|error| after_failure(&error), |()| Visited::Done)
}

/// A record that the store cannot read must not look like a store that is away: the
/// others are still to be visited.
fn after_failure(error: &StoreError) -> Visited {
    match error {
        // Somebody else wrote the record, and knows more.
        StoreError::Conflict | StoreError::NotFound => Visited::Later(Duration::ZERO),
        StoreError::Corrupt { .. } | StoreError::AlreadyExists(_) => {
            tracing::error!(%error, "a due token cannot be refreshed");
            Visited::Later(UNREADABLE)
        }
        StoreError::Unavailable { .. } => Visited::StoreAway,
    }
}

async fn read_and_move_on(worker: &Worker, id: TokenId, reason: Reason) -> Result<(), StoreError> {
    match worker.tokens.get(id).await? {
        Some(token) => move_on(worker, token, reason).await,
        None => Ok(()),
    }
}

/// Gives a record that is still due another time. The engine does so with every
/// write of its own; what it does not write (a token that was refreshed a moment
/// ago, one that does not open) must not stand before the others for ever.
async fn move_on(worker: &Worker, mut token: Token, reason: Reason) -> Result<(), StoreError> {
    let now = worker.clock.now();
    if !is_due(&token, now) || token.leased_by(now).is_some() {
        return Ok(());
    }
    match reason {
        Reason::NothingToDo => worker.schedule.rest(&mut token, now),
        Reason::Failed => worker.schedule.put_off(&mut token, now),
    }
    worker.tokens.update(&token).await.map(drop)
}

fn is_due(token: &Token, now: Timestamp) -> bool {
    token.upkeep.due_at.is_some_and(|due| due.has_passed(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::UniqueRule;

    #[test]
    fn only_a_store_that_is_away_keeps_the_others_waiting() {
        let unavailable = StoreError::Unavailable {
            store: "memory",
            source: "away".into(),
        };
        assert_eq!(after_failure(&unavailable), Visited::StoreAway);
        let corrupt = StoreError::Corrupt {
            store: "memory",
            source: "no such status".into(),
        };
        let taken = StoreError::AlreadyExists(UniqueRule::Consent);
        for broken in [corrupt, taken] {
            assert_eq!(after_failure(&broken), Visited::Later(UNREADABLE));
        }
        let stale = after_failure(&StoreError::Conflict);
        assert_eq!(stale, Visited::Later(Duration::ZERO));
    }
}
