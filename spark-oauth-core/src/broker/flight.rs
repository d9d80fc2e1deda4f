//! One refresh at a time for one token: who comes meanwhile waits for it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::broker::error::TokenError;
use crate::broker::refresh::Refreshed;
use crate::detached::Detached;
use crate::ids::TokenId;

type Answer = Result<Refreshed, TokenError>;

/// The refreshes under way in this process.
#[derive(Clone, Debug)]
pub(super) struct Flights {
    under_way: Arc<Mutex<HashMap<TokenId, watch::Receiver<Option<Answer>>>>>,
    detached: Detached,
}

/// Answers all who wait before the work is over.
#[derive(Clone, Debug)]
pub(super) struct EarlyAnswer(watch::Sender<Option<Answer>>);

impl EarlyAnswer {
    /// Gives those who wait, and those who come until the work is over, this answer.
    pub(super) fn give(&self, answer: Answer) {
        self.0.send_replace(Some(answer));
    }
}

impl Flights {
    pub(super) fn new(detached: Detached) -> Self {
        Self {
            under_way: Arc::default(),
            detached,
        }
    }

    /// Joins the refresh of this token, or begins it with `work`.
    ///
    /// The work is a task of its own: a caller that hangs up does not end it. A
    /// task that panics wakes all who wait, with [`TokenError::Interrupted`].
    pub(super) async fn join<F>(&self, id: TokenId, work: impl FnOnce(EarlyAnswer) -> F) -> Answer
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let mut answer = self.find_or_begin(id, work);
        let landed = answer.wait_for(Option::is_some).await;
        landed
            .ok()
            .and_then(|answer| answer.clone())
            .unwrap_or(Err(TokenError::Interrupted))
    }

    fn find_or_begin<F>(
        &self,
        id: TokenId,
        work: impl FnOnce(EarlyAnswer) -> F,
    ) -> watch::Receiver<Option<Answer>>
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let (sender, receiver) = watch::channel(None);
        // The lock is given back before the task begins: should that panic, the
        // landing takes the lock again.
        match self.lock().entry(id) {
            Entry::Occupied(flight) => return flight.get().clone(),
            Entry::Vacant(place) => place.insert(receiver.clone()),
        };
        let landing = Landing {
            flights: self.clone(),
            id,
        };
        let work = work(EarlyAnswer(sender.clone()));
        drop(self.detached.start(async move {
            let answer = work.await;
            // Whoever comes from here on begins anew: the answer is out.
            drop(landing);
            sender.send_replace(Some(answer));
        }));
        receiver
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<TokenId, watch::Receiver<Option<Answer>>>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the flight off the list, also where its task panics or is aborted.
struct Landing {
    flights: Flights,
    id: TokenId,
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.flights.lock().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Semaphore;

    use super::*;
    use crate::ports::SystemRandom;
    use crate::timestamp::Timestamp;

    fn id() -> TokenId {
        TokenId::generate(Timestamp::EPOCH, &SystemRandom)
    }

    #[tokio::test]
    async fn all_who_come_meanwhile_wait_for_the_one_refresh() {
        let (flights, id) = (Flights::new(Detached::default()), id());
        let (gate, begun) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
        let callers: Vec<_> = (0..200)
            .map(|_| {
                let (flights, gate, begun) = (flights.clone(), gate.clone(), begun.clone());
                tokio::spawn(async move {
                    flights
                        .join(id, |_| async move {
                            begun.fetch_add(1, Ordering::SeqCst);
                            let _open = gate.acquire().await;
                            Err(TokenError::NotFound)
                        })
                        .await
                })
            })
            .collect();
        while begun.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        gate.add_permits(1);
        for caller in callers {
            assert!(matches!(caller.await.unwrap(), Err(TokenError::NotFound)));
        }
        assert_eq!(begun.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_refresh_that_panics_leaves_nobody_waiting() {
        let (flights, id) = (Flights::new(Detached::default()), id());
        let answer = flights.join(id, |_| async { panic!("a defect") }).await;
        assert!(matches!(answer, Err(TokenError::Interrupted)));
        let next = flights
            .join(id, |_| async { Err(TokenError::NotFound) })
            .await;
        assert!(matches!(next, Err(TokenError::NotFound)));
    }

    #[tokio::test]
    async fn a_caller_that_hangs_up_does_not_end_the_refresh() {
        let (flights, id) = (Flights::new(Detached::default()), id());
        let (gate, done) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let caller = tokio::spawn({
            let (flights, gate, done) = (flights.clone(), gate.clone(), done.clone());
            async move {
                let work = |_| async move {
                    let _open = gate.acquire().await;
                    done.add_permits(1);
                    Err(TokenError::NotFound)
                };
                let _ = flights.join(id, work).await;
            }
        });
        tokio::task::yield_now().await;
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        gate.add_permits(1);
        done.acquire().await.unwrap().forget();
    }

    #[tokio::test]
    async fn an_early_answer_reaches_all_until_the_work_is_over() {
        let (flights, id) = (Flights::new(Detached::default()), id());
        let gate = Arc::new(Semaphore::new(0));
        let work = |early: EarlyAnswer| {
            let gate = gate.clone();
            async move {
                early.give(Err(TokenError::Superseded));
                let _open = gate.acquire().await;
                Err(TokenError::NotFound)
            }
        };
        for _ in 0..2 {
            let answer = flights.join(id, work).await;
            assert!(matches!(answer, Err(TokenError::Superseded)));
        }
        gate.add_permits(1);
        flights.detached.settle().await;
        let next = flights.join(id, |_| async { Err(TokenError::NotFound) });
        assert!(matches!(next.await, Err(TokenError::NotFound)));
    }
}
