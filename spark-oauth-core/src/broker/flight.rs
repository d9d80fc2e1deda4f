//! One refresh at a time for one token: who comes meanwhile waits for it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::broker::error::TokenError;
use crate::broker::refresh::Refreshed;
use crate::detached::Detached;
use crate::ids::TokenId;

type Answer = Result<Refreshed, TokenError>;

/// The refreshes under way in this process.
#[derive(Clone, Debug)]
pub(super) struct Flights {
    under_way: Arc<Mutex<HashMap<TokenId, Arc<Flight>>>>,
    detached: Detached,
}

/// One refresh, and those who wait for it. They are woken in the order in which they
/// came, so that nothing but their order decides who begins the next one.
#[derive(Debug, Default)]
struct Flight {
    answer: Mutex<Option<Answer>>,
    news: Notify,
}

/// Answers all who wait before the work is over.
#[derive(Clone, Debug)]
pub(super) struct EarlyAnswer(Arc<Flight>);

impl EarlyAnswer {
    /// Gives those who wait, and those who come until the work is over, this answer.
    pub(super) fn give(&self, answer: Answer) {
        self.0.give(answer);
    }
}

impl Flight {
    fn give(&self, answer: Answer) {
        *self.lock() = Some(answer);
        self.news.notify_waiters();
    }

    /// The work ended without an answer. One that was given early stands.
    fn give_up(&self) {
        self.lock().get_or_insert(Err(TokenError::Interrupted));
        self.news.notify_waiters();
    }

    async fn landed(&self) -> Answer {
        loop {
            // Made before the look, so that no news is missed in between.
            let news = self.news.notified();
            if let Some(answer) = self.lock().clone() {
                return answer;
            }
            news.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Answer>> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.find_or_begin(id, work).landed().await
    }

    fn find_or_begin<F>(&self, id: TokenId, work: impl FnOnce(EarlyAnswer) -> F) -> Arc<Flight>
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let flight = Arc::new(Flight::default());
        // The lock is given back before the task begins: should that panic, the
        // landing takes the lock again.
        match self.lock().entry(id) {
            Entry::Occupied(standing) => return standing.get().clone(),
            Entry::Vacant(place) => place.insert(flight.clone()),
        };
        let landing = Landing {
            flights: self.clone(),
            id,
            flight: flight.clone(),
            answer: None,
        };
        let work = work(EarlyAnswer(flight.clone()));
        drop(self.detached.start(async move {
            landing.end(work.await);
        }));
        flight
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TokenId, Arc<Flight>>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the flight off the list and gives the answer, also where its task panics or
/// is aborted.
struct Landing {
    flights: Flights,
    id: TokenId,
    flight: Arc<Flight>,
    answer: Option<Answer>,
}

impl Landing {
    fn end(mut self, answer: Answer) {
        self.answer.replace(answer);
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        // Whoever comes from here on begins anew: the answer is out.
        self.flights.lock().remove(&self.id);
        match self.answer.take() {
            Some(answer) => self.flight.give(answer),
            None => self.flight.give_up(),
        }
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
