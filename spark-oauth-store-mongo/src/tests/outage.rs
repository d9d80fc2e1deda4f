//! The server goes away and comes back, while many work with it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use spark_oauth_core::conformance::samples;
use spark_oauth_core::ports::{AuditLog as _, StoreError, TokenStore as _};
use spark_oauth_core::token::Token;
use tokio::sync::watch;
use tokio::task::{JoinSet, block_in_place};

use crate::testing::{self, Server};
use crate::{MongoOptions, MongoStore};

const WORKERS: usize = 16;

/// How long one operation may take, with what a loaded machine adds. A change that
/// fails is two of them.
const SLOWEST: Duration = Duration::from_secs(7);

/// What one worker has seen.
#[derive(Clone, Default)]
struct Seen {
    /// How often its record was changed.
    changes: u64,
    /// How often it was told that the store is unavailable.
    refusals: u64,
    /// Whether the last attempt was a change.
    well: bool,
    slowest: Duration,
}

/// Workers that change a record of their own each, for as long as they are let.
struct Load {
    seen: watch::Receiver<Vec<Seen>>,
    stop: Arc<watch::Sender<bool>>,
    workers: JoinSet<Token>,
}

impl Load {
    async fn start(store: &MongoStore) -> Self {
        let (report, seen) = watch::channel(vec![Seen::default(); WORKERS]);
        let (report, stop) = (Arc::new(report), Arc::new(watch::Sender::new(false)));
        let mut workers = JoinSet::new();
        for (number, index) in (0_u32..).zip(0..WORKERS) {
            let token = Token {
                display_name: Some("1".to_owned()),
                ..samples::token(number)
            };
            store.insert(&token).await.unwrap();
            let (store, report, stop) = (store.clone(), report.clone(), stop.clone());
            workers.spawn(async move {
                let mut token = token;
                while !*stop.borrow() {
                    let begun = Instant::now();
                    let answer = change(&store, &mut token).await;
                    report.send_modify(|seen| seen[index].note(begun.elapsed(), answer));
                }
                token
            });
        }
        Self {
            seen,
            stop,
            workers,
        }
    }

    async fn until(&mut self, every: impl Fn(&Seen) -> bool) {
        let seen = self.seen.wait_for(|seen| seen.iter().all(&every));
        seen.await.unwrap();
    }

    /// What every worker has seen, and the last record it knows to be written.
    async fn end(self) -> (Vec<Seen>, Vec<Token>) {
        self.stop.send_replace(true);
        let tokens = self.workers.join_all().await;
        let seen = self.seen.borrow().clone();
        (seen, tokens)
    }
}

impl Seen {
    fn note(&mut self, took: Duration, answer: Result<(), StoreError>) {
        self.slowest = self.slowest.max(took);
        self.well = answer.is_ok();
        match answer {
            Ok(()) => self.changes += 1,
            Err(StoreError::Unavailable { .. }) => self.refusals += 1,
            // A write whose answer was lost has taken place.
            Err(StoreError::Conflict) if self.refusals > 0 => {}
            Err(error) => panic!("an outage makes a store unavailable: {error:?}"),
        }
    }
}

/// Changes two fields together, and goes on from what is stored where somebody (an
/// earlier attempt) was first.
async fn change(store: &MongoStore, token: &mut Token) -> Result<(), StoreError> {
    let generation = token.generation + 1;
    let change = Token {
        generation,
        display_name: Some(generation.to_string()),
        ..token.clone()
    };
    match store.update(&change).await {
        Ok(version) => {
            *token = Token { version, ..change };
            Ok(())
        }
        Err(error) => {
            if let Err(StoreError::Unavailable { .. }) =
                store.append(&samples::audit_entry(1)).await
            {
                return Err(error);
            }
            *token = store.get(token.id).await?.ok_or(StoreError::NotFound)?;
            Err(error)
        }
    }
}

/// No answered change is lost, and none is there by half.
async fn assert_whole(store: &MongoStore, tokens: &[Token]) {
    for known in tokens {
        let stored = store.get(known.id).await.unwrap().unwrap();
        assert!(stored.generation >= known.generation, "an answered change");
        assert_eq!(
            stored.version, stored.generation,
            "each change is one write"
        );
        assert_eq!(stored.display_name, Some(stored.generation.to_string()));
    }
}

async fn start() -> Option<(Server, MongoStore)> {
    let program: PathBuf = testing::program()?;
    let server = block_in_place(|| Server::start(&program));
    let store = MongoStore::connect(MongoOptions::new(server.uri()))
        .await
        .unwrap();
    Some((server, store))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_fails_quickly_and_heals_by_itself() {
    let Some((mut server, store)) = start().await else {
        return;
    };
    let mut load = Load::start(&store).await;
    load.until(|seen| seen.changes > 5).await;
    block_in_place(|| server.stop());
    load.until(|seen| seen.refusals > 0).await;
    block_in_place(|| server.start_again());
    let returned = Instant::now();
    load.until(|seen| seen.well).await;
    assert!(
        returned.elapsed() < Duration::from_secs(5),
        "every worker goes on soon: {:?}",
        returned.elapsed()
    );
    let (seen, tokens) = load.end().await;
    let slowest = seen.iter().map(|seen| seen.slowest).max().unwrap();
    assert!(slowest < 2 * SLOWEST, "an operation took {slowest:?}");
    assert_whole(&store, &tokens).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_of_the_server_loses_no_answered_write() {
    let Some((mut server, store)) = start().await else {
        return;
    };
    let mut load = Load::start(&store).await;
    load.until(|seen| seen.changes > 5).await;
    block_in_place(|| server.kill());
    load.until(|seen| seen.refusals > 0).await;
    let (_, tokens) = load.end().await;
    block_in_place(|| server.start_again());
    assert_whole(&store, &tokens).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_fails_quickly_and_heals_by_itself() {
    let Some((mut server, store)) = start().await else {
        return;
    };
    let mut load = Load::start(&store).await;
    load.until(|seen| seen.changes > 5).await;
    server.freeze();
    load.until(|seen| seen.refusals > 0).await;
    server.thaw();
    let returned = Instant::now();
    load.until(|seen| seen.well).await;
    assert!(
        returned.elapsed() < Duration::from_secs(5),
        "every worker goes on soon: {:?}",
        returned.elapsed()
    );
    let (seen, tokens) = load.end().await;
    let slowest = seen.iter().map(|seen| seen.slowest).max().unwrap();
    assert!(slowest < 2 * SLOWEST, "an operation took {slowest:?}");
    assert_whole(&store, &tokens).await;
}
