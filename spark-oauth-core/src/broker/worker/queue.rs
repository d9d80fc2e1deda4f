//! The tokens that this process visits next.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU16;
use std::time::Duration;

use tokio::time::Instant;

use crate::broker::chance::shuffle;
use crate::ids::TokenId;
use crate::ports::{DueToken, Random};

/// The store is asked for so many times more than are taken: several processes
/// that choose by chance rarely choose the same.
const CHOICE: usize = 8;

/// The store is never asked for less or more at once: a few tokens that rest must
/// not be all that is seen.
const SHORTEST_LIST: u16 = 256;
const LONGEST_LIST: u16 = 2_048;

/// What was found longer ago than this may have been visited by others since.
const STALE: Duration = Duration::from_secs(5);

/// The tokens that this process visits next, and those that it leaves alone.
#[derive(Debug, Default)]
pub(super) struct Queue {
    next: Vec<TokenId>,
    filled_at: Option<Instant>,
    under_way: HashSet<TokenId>,
    /// Until when a token is not visited again whose visit could not be noted.
    resting: HashMap<TokenId, Instant>,
}

impl Queue {
    /// How many due tokens to ask the store for.
    pub(super) fn limit(most: usize) -> NonZeroU16 {
        let wanted = u16::try_from(most.saturating_mul(CHOICE)).unwrap_or(u16::MAX);
        NonZeroU16::new(wanted.clamp(SHORTEST_LIST, LONGEST_LIST)).unwrap_or(NonZeroU16::MIN)
    }

    /// Takes some of the due tokens by chance, twice `most` at most; `true` where
    /// some were left.
    pub(super) fn fill(&mut self, due: Vec<DueToken>, most: usize, random: &dyn Random) -> bool {
        let now = Instant::now();
        self.resting.retain(|_, until| *until > now);
        let mut next: Vec<_> = due
            .into_iter()
            .map(|due| due.id)
            .filter(|id| !self.under_way.contains(id) && !self.resting.contains_key(id))
            .collect();
        shuffle(random, &mut next);
        let found = next.len();
        next.truncate(most.saturating_mul(2));
        self.next = next;
        self.filled_at = Some(now);
        self.next.len() < found
    }

    pub(super) fn take(&mut self) -> Option<TokenId> {
        let id = self.next.pop()?;
        self.under_way.insert(id);
        Some(id)
    }

    /// The visit is over; the token is left alone for a while.
    pub(super) fn ended(&mut self, id: TokenId, rest: Option<Duration>) {
        self.under_way.remove(&id);
        if let Some(rest) = rest {
            self.resting.insert(id, Instant::now() + rest);
        }
    }

    pub(super) fn clear(&mut self) {
        self.next.clear();
    }

    /// Whether what is left was found too long ago.
    pub(super) fn is_stale(&self) -> bool {
        !self.next.is_empty() && self.filled_at.is_some_and(|at| at.elapsed() > STALE)
    }

    pub(super) const fn len(&self) -> usize {
        self.next.len()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.next.is_empty()
    }
}
