//! One refresh at a time for one token: who comes meanwhile waits for it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tracing::Instrument as _;

use crate::broker::error::TokenError;
use crate::broker::refresh::Refreshed;
use crate::ids::TokenId;

type Answer = Result<Refreshed, TokenError>;

/// The refreshes under way in this process.
#[derive(Clone, Debug, Default)]
pub(super) struct Flights(Arc<Mutex<HashMap<TokenId, watch::Receiver<Option<Answer>>>>>);

impl Flights {
    /// Joins the refresh of this token, or begins it with `work`.
    ///
    /// The work is a task of its own: a caller that hangs up does not end it. A
    /// task that panics wakes all who wait, with [`TokenError::Interrupted`].
    pub(super) async fn join<F>(&self, id: TokenId, work: impl FnOnce() -> F) -> Answer
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
        work: impl FnOnce() -> F,
    ) -> watch::Receiver<Option<Answer>>
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match flights.entry(id) {
            Entry::Occupied(flight) => flight.get().clone(),
            Entry::Vacant(place) => {
                let (sender, receiver) = watch::channel(None);
                place.insert(receiver.clone());
                let landing = Landing {
                    flights: self.clone(),
                    id,
                };
                let work = work();
                tokio::spawn(
                    async move {
                        let answer = work.await;
                        // Whoever comes from here on begins anew: the answer is out.
                        drop(landing);
                        sender.send_replace(Some(answer));
                    }
                    .in_current_span(),
                );
                receiver
            }
        }
    }
}

/// Takes the flight off the list, also where its task panics or is aborted.
struct Landing {
    flights: Flights,
    id: TokenId,
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.flights
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.id);
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
        let (flights, id) = (Flights::default(), id());
        let (gate, begun) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
        let callers: Vec<_> = (0..200)
            .map(|_| {
                let (flights, gate, begun) = (flights.clone(), gate.clone(), begun.clone());
                tokio::spawn(async move {
                    flights
                        .join(id, || async move {
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
        let (flights, id) = (Flights::default(), id());
        let answer = flights.join(id, || async { panic!("a defect") }).await;
        assert!(matches!(answer, Err(TokenError::Interrupted)));
        let next = flights
            .join(id, || async { Err(TokenError::NotFound) })
            .await;
        assert!(matches!(next, Err(TokenError::NotFound)));
    }

    #[tokio::test]
    async fn a_caller_that_hangs_up_does_not_end_the_refresh() {
        let (flights, id) = (Flights::default(), id());
        let (gate, done) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let caller = tokio::spawn({
            let (flights, gate, done) = (flights.clone(), gate.clone(), done.clone());
            async move {
                let work = || async move {
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
}
