//! What the clients of an application have seen so far.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::harness::{Browser, Page};

/// What the page says where the store does not answer.
const AWAY: &str = "Our storage does not answer";

/// What one client has seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// How often it was served.
    pub(super) served: u64,
    /// How often it was told that the store is away.
    pub(super) refused: u64,
    /// Whether the last answer served it. Not while the provider has been asked for
    /// a token: that answer waits for the store, since the token would be lost.
    pub(super) well: bool,
    /// Whether it waits for such an answer.
    pub(super) granting: bool,
    /// The longest that it waited for another answer.
    pub(super) slowest: Duration,
}

/// What all have seen, and whom the application told that access was granted, in
/// which browser.
#[derive(Debug, Default)]
pub(super) struct Sights {
    pub(super) clients: Vec<Seen>,
    pub(super) confirmed: BTreeMap<String, Browser>,
}

/// Where one client writes down what it sees.
#[derive(Clone, Debug)]
pub(super) struct Diary {
    sights: Arc<watch::Sender<Sights>>,
    client: usize,
}

/// What an answer meant to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Served,
    Refused,
}

impl Diary {
    pub(super) fn new(sights: Arc<watch::Sender<Sights>>) -> Self {
        let mut client = 0;
        sights.send_modify(|sights| {
            client = sights.clients.len();
            sights.clients.push(Seen::default());
        });
        Self { sights, client }
    }

    fn note(&self, change: impl FnOnce(&mut Seen)) {
        self.sights
            .send_modify(|sights| change(&mut sights.clients[self.client]));
    }

    fn judge(&self, page: &Page, served: u16) -> Answer {
        if page.status.as_u16() == served {
            self.count(Answer::Served)
        } else {
            page.assert_error(503, AWAY);
            self.count(Answer::Refused)
        }
    }

    fn count(&self, answer: Answer) -> Answer {
        self.note(|seen| {
            seen.well = answer == Answer::Served;
            match answer {
                Answer::Served => seen.served += 1,
                Answer::Refused => seen.refused += 1,
            }
        });
        answer
    }

    async fn timed(&self, asking: impl Future<Output = Page>) -> Page {
        let begun = Instant::now();
        let page = asking.await;
        let took = begun.elapsed();
        self.note(|seen| seen.slowest = seen.slowest.max(took));
        page
    }

    /// Waits for an answer: either this status or the page that says that the store
    /// is away.
    pub(super) async fn ask(
        &self,
        asking: impl Future<Output = Page>,
        served: u16,
    ) -> (Answer, Page) {
        let page = self.timed(asking).await;
        (self.judge(&page, served), page)
    }

    /// The same for `/readyz`, which answers programs with a bare word.
    pub(super) async fn ask_for_readiness(&self, asking: impl Future<Output = Page>) {
        let page = self.timed(asking).await;
        match (page.status.as_u16(), &*page.text()) {
            (200, "ready") => self.count(Answer::Served),
            (503, "unready") => self.count(Answer::Refused),
            _ => panic!("{page:?}"),
        };
    }

    /// The same for the callback of a consent, whose answer may wait for the store.
    /// `None` where the link is dead: it was used, and the answer was lost.
    pub(super) async fn grant(&self, asking: impl Future<Output = Page>) -> Option<Answer> {
        self.note(|seen| {
            seen.granting = true;
            seen.well = false;
        });
        let page = asking.await;
        self.note(|seen| seen.granting = false);
        let is_dead = page.status == 303 && page.location() != "/granted";
        (!is_dead).then(|| self.judge(&page, 303))
    }

    pub(super) fn confirm(&self, email: String, browser: Browser) {
        self.sights
            .send_modify(|sights| drop(sights.confirmed.insert(email, browser)));
    }
}
