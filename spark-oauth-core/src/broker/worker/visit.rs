//! One visit of a token that is due, and what follows from its end.

use crate::broker::error::TokenError;
use crate::broker::refresh::Goal;
use crate::broker::worker::Worker;
use crate::ids::TokenId;
use crate::ports::StoreError;
use crate::timestamp::Timestamp;
use crate::token::{RefreshTrigger, Token};

/// How a visit ended, as far as the worker needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visited {
    /// The record says when the next visit is.
    Done,
    /// It does not yet: somebody else is at it, or refreshing pauses.
    Later,
    /// The store failed.
    StoreAway,
}

/// Visits a token. Whatever the outcome, it is not due afterwards, unless the store
/// fails or somebody else holds it.
pub(super) async fn visit(worker: &Worker, id: TokenId) -> Visited {
    let outcome = worker
        .broker
        .refresher
        .refresh(id, Goal::New, RefreshTrigger::Worker)
        .await;
    let moved_on = match outcome {
        Ok(refreshed) => move_on(worker, refreshed.token, Reason::NothingToDo).await,
        Err(TokenError::NotFound) => return Visited::Done,
        Err(TokenError::Busy { .. }) => return Visited::Later,
        Err(TokenError::Store(_)) => return Visited::StoreAway,
        Err(error) => read_and_move_on(worker, id, &error).await,
    };
    match moved_on {
        Ok(()) => Visited::Done,
        // Somebody else wrote the record, and knows more.
        Err(error) if error.is_stale() => Visited::Later,
        Err(_) => Visited::StoreAway,
    }
}

/// Why a token is still due after its visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    NothingToDo,
    Failed,
}

async fn read_and_move_on(
    worker: &Worker,
    id: TokenId,
    error: &TokenError,
) -> Result<(), StoreError> {
    tracing::debug!(token = %id, %error, "a due token was not refreshed");
    match worker.tokens.get(id).await? {
        Some(token) => move_on(worker, token, Reason::Failed).await,
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
