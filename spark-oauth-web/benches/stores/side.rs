//! What is measured of a store and of a bare driver alike.

use std::time::{Duration, Instant};

use crate::Outcome;

/// How many tokens a page of the list shows. One more is read, which tells whether
/// there is a next page.
pub(crate) const PAGE: u16 = 50;

/// How many pages are read before it begins at the newest again.
pub(crate) const PAGES: usize = 10;

/// What is done with tokens, one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation {
    ById,
    ByEmail,
    Page,
    Insert,
    CompareAndSet,
}

impl Operation {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ById => "look-up by id",
            Self::ByEmail => "look-up by e-mail",
            Self::Page => "list page",
            Self::Insert => "insert",
            Self::CompareAndSet => "compare-and-set",
        }
    }
}

/// Who does it.
pub(crate) trait Side: Sized {
    /// So many callers of the same store, each with tokens of its own to change.
    fn split(self, callers: usize) -> Vec<Self>;

    /// Does it once, to the next token; fails where the token is not found.
    async fn run(&mut self, operation: Operation) -> Outcome;
}

/// How long the operations of one turn took, each by itself.
pub(crate) async fn take_turn(
    side: &mut impl Side,
    operation: Operation,
    time: Duration,
) -> Outcome<Vec<Duration>> {
    let end = Instant::now() + time;
    let mut took = Vec::new();
    while Instant::now() < end {
        let begun = Instant::now();
        side.run(operation).await?;
        took.push(begun.elapsed());
    }
    Ok(took)
}

/// How many operations there were in one turn, by all callers together.
pub(crate) async fn take_turn_together(
    callers: &mut [impl Side],
    operation: Operation,
    time: Duration,
) -> Outcome<usize> {
    let turns = callers
        .iter_mut()
        .map(|caller| take_turn(caller, operation, time));
    let turns = futures_util::future::try_join_all(turns).await?;
    Ok(turns.iter().map(Vec::len).sum())
}
