//! Moves events from the records of tokens into the outbox.

use std::num::NonZeroU16;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::event::Event;
use crate::events::raise::Events;
use crate::ids::EventId;
use crate::ports::StoreError;
use crate::token::Token;

/// How many records are read and emptied at once.
const AT_ONCE: NonZeroU16 = NonZeroU16::new(64).unwrap();

/// Events that nobody wants any more stay this long: while a configuration rolls
/// out, another process may want them.
const UNWANTED: Duration = Duration::from_hours(1);

impl Events {
    /// Moves all events that wait in records, and answers how many records were
    /// emptied. Any number of processes may do this at once.
    ///
    /// # Errors
    /// The store's; what was not moved waits on.
    pub(super) async fn relay(&self) -> Result<usize, StoreError> {
        let mut emptied = 0;
        loop {
            let telling = self.tokens.list_with_events(AT_ONCE).await?;
            let full = telling.len() == usize::from(AT_ONCE.get());
            let moved = self.empty_all(telling).await?;
            emptied += moved;
            if !full || moved == 0 {
                return Ok(emptied);
            }
        }
    }

    /// Empties records at the same time: a store may commit their writes together.
    async fn empty_all(&self, telling: Vec<Token>) -> Result<usize, StoreError> {
        let mut work = JoinSet::new();
        for token in telling {
            let events = self.clone();
            work.spawn(async move { events.empty(token).await });
        }
        let (mut emptied, mut failure) = (0, None);
        while let Some(done) = work.join_next().await {
            match done {
                Ok(Ok(moved)) => emptied += usize::from(moved),
                Ok(Err(error)) => failure = Some(error),
                // A panic was shown by its hook.
                Err(_) => {}
            }
        }
        failure.map_or(Ok(emptied), Err)
    }

    /// Moves the events of one record: into the outbox first, then out of the
    /// record. A crash in between moves them again, which changes nothing.
    async fn empty(&self, mut token: Token) -> Result<bool, StoreError> {
        let mut moved: Vec<EventId> = Vec::new();
        loop {
            for event in &token.upkeep.events {
                if self.is_ready(event) && !moved.contains(&event.id) {
                    self.dispatch(event).await?;
                    moved.push(event.id);
                }
            }
            let before = token.upkeep.events.len();
            token
                .upkeep
                .events
                .retain(|event| !moved.contains(&event.id));
            if token.upkeep.events.len() == before {
                return Ok(false);
            }
            match self.tokens.update(&token).await {
                // Where the record is gone, its events are not.
                Ok(_) | Err(StoreError::NotFound) => return Ok(true),
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error),
            }
            match self.tokens.get(token.id).await? {
                Some(current) => token = current,
                None => return Ok(true),
            }
        }
    }

    fn is_ready(&self, event: &Event) -> bool {
        !self.routes.is_empty() || self.clock.now().since(event.at) > UNWANTED
    }
}
