//! What processes have left behind that ended before their work was done: entries
//! in their journals, which go into the store before anybody refreshes those
//! tokens, and leases, which nobody needs to wait for.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::sleep;

use crate::broker::error::TokenError;
use crate::broker::refresh::Refresher;
use crate::ids::{ProcessId, TokenId};
use crate::keyring::OpenError;
use crate::ports::{Fate, Journal, JournalEntry, LeftBehind};
use crate::token::Token;

/// How long a start waits for a store that does not take an entry.
const START_LIMIT: Duration = Duration::from_secs(5);

/// The pause between two rounds of offering entries to a store that fails.
const ROUND_PAUSE: Duration = Duration::from_secs(2);

/// What is known of processes that have ended. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Recovery(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    ended: Mutex<HashSet<ProcessId>>,
    /// Tokens that the provider has answered, and whose answer is not in the store.
    withheld: Mutex<HashMap<TokenId, Withheld>>,
    /// One look through the journals at a time.
    looking: tokio::sync::Mutex<()>,
}

/// An answer that waits outside of the store.
#[derive(Clone, Debug)]
struct Withheld {
    /// Who left it behind.
    process: ProcessId,
    entry: JournalEntry,
    /// Why it does not open; `None` where it waits for the store.
    reason: Option<OpenError>,
}

/// What became of an entry.
enum Replayed {
    /// It is in the store, or belongs nowhere any more.
    Settled,
    /// The store does not take it now.
    Waits,
    /// A key is missing.
    DoesNotOpen,
}

impl Recovery {
    /// Whether it is known that this process has ended, and everything that it left
    /// is dealt with.
    pub(super) async fn has_ended(&self, refresher: &Refresher, process: ProcessId) -> bool {
        let Some(journal) = &refresher.safekeeping.journal else {
            return false;
        };
        if self.ended().contains(&process) {
            return true;
        }
        match journal.fate(process).await {
            Fate::Unknown => false,
            Fate::Ended => {
                self.ended().insert(process);
                true
            }
            Fate::Unsettled => {
                self.take_over(refresher, &**journal, Duration::ZERO).await;
                self.ended().contains(&process)
            }
        }
    }

    /// Brings what ended processes left in their journals into the store. To be
    /// called before anything is claimed.
    pub(super) async fn start(&self, refresher: &Refresher) {
        if let Some(journal) = &refresher.safekeeping.journal {
            self.take_over(refresher, &**journal, START_LIMIT).await;
        }
    }

    /// Refuses to refresh a token whose newer tokens are not in the store yet: its
    /// refresh token may be spent.
    pub(super) async fn check(
        &self,
        refresher: &Refresher,
        token: &Token,
    ) -> Result<(), TokenError> {
        let Some(withheld) = self.find_withheld(token) else {
            return Ok(());
        };
        if withheld.reason.is_some() {
            // The key may have come meanwhile.
            self.start(refresher).await;
        } else {
            // The store may be back: whoever may refresh the token has just written
            // to it. Should the lease be given back without this, a process that does
            // not know of the answer could take it.
            let Withheld { process, entry, .. } = withheld;
            let limit = Duration::ZERO;
            self.replay(refresher, process, &entry, limit).await;
        }
        match self.find_withheld(token).map(|withheld| withheld.reason) {
            None => Err(TokenError::Superseded),
            Some(Some(error)) => Err(error.into()),
            Some(None) => Err(TokenError::Busy {
                retry_after: ROUND_PAUSE,
            }),
        }
    }

    /// The newer answer than the record's that waits outside of the store.
    fn find_withheld(&self, token: &Token) -> Option<Withheld> {
        let mut all = self.withheld();
        let withheld = all.get(&token.id)?;
        if withheld.entry.generation == token.generation {
            return Some(withheld.clone());
        }
        // A consent, or a process that had the key, was faster.
        all.remove(&token.id);
        None
    }

    async fn take_over(&self, refresher: &Refresher, journal: &dyn Journal, limit: Duration) {
        let _one_at_a_time = self.0.looking.lock().await;
        let found = journal.take_over().await.unwrap_or_else(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(%error, cause, "what other processes left behind cannot be read");
            Vec::new()
        });
        for left in found {
            tracing::warn!(
                process = %left.process, entries = left.entries.len(),
                "a process ended before the store had all its new tokens; they are stored now"
            );
            self.settle(refresher, left, limit).await;
        }
    }

    async fn settle(&self, refresher: &Refresher, mut left: LeftBehind, limit: Duration) {
        let readable = self.round(refresher, &mut left, limit).await;
        self.ended().insert(left.process);
        if left.entries.is_empty() {
            let_go(refresher, left.process, readable).await;
            return;
        }
        // For as long as the process lives, and so long nobody else takes them over.
        let (recovery, refresher) = (self.clone(), refresher.clone());
        let detached = refresher.detached.clone();
        drop(detached.start(async move {
            let mut readable = readable;
            while !left.entries.is_empty() {
                sleep(ROUND_PAUSE).await;
                readable &= recovery.round(&refresher, &mut left, Duration::ZERO).await;
            }
            let_go(&refresher, left.process, readable).await;
        }));
    }

    /// Offers all entries to the store, and leaves those in `left` that it does not
    /// take; `false` where a key is missing for one.
    async fn round(&self, refresher: &Refresher, left: &mut LeftBehind, limit: Duration) -> bool {
        let mut readable = true;
        let mut waiting = Vec::new();
        for entry in std::mem::take(&mut left.entries) {
            match self.replay(refresher, left.process, &entry, limit).await {
                Replayed::Settled => {}
                Replayed::DoesNotOpen => readable = false,
                Replayed::Waits => waiting.push(entry),
            }
        }
        left.entries = waiting;
        readable
    }

    async fn replay(
        &self,
        refresher: &Refresher,
        process: ProcessId,
        entry: &JournalEntry,
        limit: Duration,
    ) -> Replayed {
        let withhold = |reason| {
            let entry = entry.clone();
            let withheld = Withheld {
                process,
                entry,
                reason,
            };
            self.withheld().insert(withheld.entry.token, withheld);
        };
        if let Err(error) = opens(refresher, entry) {
            withhold(Some(error));
            tracing::error!(
                token = %entry.token, %error,
                "new tokens in a journal do not open; add the key, and they are stored"
            );
            return Replayed::DoesNotOpen;
        }
        match refresher.store_left_behind(entry, process, limit).await {
            Err(TokenError::Store(error)) => {
                tracing::error!(token = %entry.token, %error, "new tokens wait for the store");
                withhold(None);
                Replayed::Waits
            }
            outcome => {
                let stored = outcome.is_ok();
                tracing::info!(token = %entry.token, stored, "an entry of a journal is settled");
                self.withheld().remove(&entry.token);
                Replayed::Settled
            }
        }
    }

    fn ended(&self) -> MutexGuard<'_, HashSet<ProcessId>> {
        self.0.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn withheld(&self) -> MutexGuard<'_, HashMap<TokenId, Withheld>> {
        self.0
            .withheld
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A value that cannot be opened must not replace one that can.
fn opens(refresher: &Refresher, entry: &JournalEntry) -> Result<(), OpenError> {
    refresher.ring.open_access(entry.token, &entry.access)?;
    if let Some(sealed) = &entry.refresh {
        refresher.ring.open_refresh(entry.token, sealed)?;
    }
    Ok(())
}

async fn let_go(refresher: &Refresher, process: ProcessId, settled: bool) {
    let Some(journal) = &refresher.safekeeping.journal else {
        return;
    };
    if let Err(error) = journal.let_go(process, settled).await {
        tracing::warn!(%process, %error, "the journal of an ended process was not emptied");
    }
}

#[cfg(test)]
mod tests;
