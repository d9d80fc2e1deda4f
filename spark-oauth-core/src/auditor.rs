//! Writes the audit log on behalf of the services.

mod refusals;
mod waiting;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;

use self::refusals::{Alike, Refusals};
use self::waiting::Waiting;
use crate::audit::{Actor, AuditAction, AuditEntry, Caller, Outcome};
use crate::detached::Detached;
use crate::ids::{ApiKeyId, AuditId, TokenId};
use crate::ports::{AuditFilter, AuditLog, Clock, Random};
use crate::timestamp::Timestamp;

/// How long a fetch of a token waits for others of the same kind before it is
/// written: together with the write itself less than a second.
const COLLECTED_FOR: Duration = Duration::from_millis(500);

/// How many fetches wait at most. The next one is written at once, so that whoever
/// fetches waits for the log.
const MOST_COLLECTED: usize = 10_000;

/// How many entries are written at once.
const CONCURRENCY: usize = 64;

/// What an entry is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Subject {
    token: Option<TokenId>,
    api_key: Option<ApiKeyId>,
    name: Option<String>,
}

impl Subject {
    pub(crate) fn token(id: TokenId, email: &str) -> Self {
        Self {
            token: Some(id),
            name: Some(email.to_owned()),
            ..Self::default()
        }
    }

    /// What was searched for.
    pub(crate) fn searched(filter: &AuditFilter) -> Self {
        Self {
            token: filter.token,
            api_key: filter.api_key,
            name: filter.subject.clone(),
        }
    }

    /// A token of which nothing but the identifier is known.
    pub(crate) fn unknown_token(id: TokenId) -> Self {
        Self {
            token: Some(id),
            ..Self::default()
        }
    }

    pub(crate) fn api_key(id: ApiKeyId, name: &str) -> Self {
        Self {
            api_key: Some(id),
            ..Self::named(name)
        }
    }

    /// A key of which nothing but the identifier is known.
    pub(crate) fn unknown_api_key(id: ApiKeyId) -> Self {
        Self {
            api_key: Some(id),
            ..Self::default()
        }
    }

    /// A call, and the token that it was about.
    pub(crate) fn call(name: &str, token: Option<TokenId>) -> Self {
        Self {
            token,
            ..Self::named(name)
        }
    }

    pub(crate) fn named(name: impl Into<String>) -> Self {
        Self {
            name: Some(name.into()),
            ..Self::default()
        }
    }
}

/// Writes the audit log.
///
/// Each entry is written before the call goes on, but for one kind: the same caller
/// that fetches the same token several times within a second makes one entry, and
/// does not wait for it.
#[derive(Clone, Debug)]
pub(crate) struct Auditor {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    detached: Detached,
    waiting: Waiting,
    collected: Arc<Mutex<HashMap<Fetch, AuditEntry>>>,
    refusals: Refusals,
}

/// Fetches that make one entry.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Fetch {
    token: Option<TokenId>,
    actor: Actor,
    address: Option<IpAddr>,
    second: i64,
}

impl Fetch {
    fn of(caller: &Caller, token: Option<TokenId>, at: Timestamp) -> Self {
        Self {
            token,
            actor: caller.actor.clone(),
            address: caller.origin.address,
            second: at.as_millis().div_euclid(1_000),
        }
    }
}

impl Auditor {
    pub(crate) fn new(
        log: Arc<dyn AuditLog>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        detached: Detached,
    ) -> Self {
        Self {
            clock,
            random,
            detached,
            waiting: Waiting::new(log),
            collected: Arc::default(),
            refusals: Refusals::new(),
        }
    }

    /// Adds an entry. What was done is done: where the store is away, the entry waits
    /// for it, and the call goes on.
    pub(crate) async fn record(
        &self,
        caller: &Caller,
        action: AuditAction,
        subject: Subject,
        outcome: Outcome,
    ) {
        let at = self.clock.now();
        let entry = || AuditEntry {
            id: AuditId::generate(at, &*self.random),
            at,
            caller: caller.clone(),
            action,
            token: subject.token,
            api_key: subject.api_key.or(caller.actor.api_key()),
            subject: subject.name.clone(),
            outcome: outcome.clone(),
        };
        let is_fetch = action == AuditAction::TokenCheckedOut && outcome == Outcome::Done;
        if is_fetch && self.collect(Fetch::of(caller, subject.token, at), entry) {
            return;
        }
        self.waiting.append(entry()).await;
    }

    /// Adds an entry about a refusal that whoever is refused can bring about as often as
    /// they like, or the log would grow at their will: the first of its action, reason,
    /// key and network in a second, before the call goes on. The application's log tells
    /// how many others there were.
    pub(crate) async fn record_refusal(
        &self,
        caller: &Caller,
        action: AuditAction,
        subject: Subject,
        outcome: Outcome,
    ) {
        if self.refusals.is_first(Alike::of(caller, action, &outcome)) {
            self.record(caller, action, subject, outcome).await;
        }
    }

    /// Keeps a fetch for the next round of writing; `false` where too many wait
    /// already.
    fn collect(&self, fetch: Fetch, entry: impl FnOnce() -> AuditEntry) -> bool {
        let mut collected = self.lock();
        if collected.contains_key(&fetch) {
            return true;
        }
        if collected.len() >= MOST_COLLECTED {
            return false;
        }
        let is_first = collected.is_empty();
        collected.insert(fetch, entry());
        drop(collected);
        if is_first {
            let auditor = self.clone();
            drop(self.detached.start(async move {
                tokio::time::sleep(COLLECTED_FOR).await;
                auditor.write_collected().await;
            }));
        }
        true
    }

    async fn write_collected(&self) {
        let mut entries: Vec<_> = std::mem::take(&mut *self.lock()).into_values().collect();
        entries.sort_by_key(|entry| (entry.at, entry.id));
        let mut writing = JoinSet::new();
        for entry in entries {
            if writing.len() >= CONCURRENCY {
                writing.join_next().await;
            }
            // Nobody waits for it: it need not find out again that the store is away.
            if self.waiting.is_empty() || !self.waiting.keep(entry.clone()) {
                let log = self.waiting.clone();
                writing.spawn(async move { log.append(entry).await });
            }
        }
        while writing.join_next().await.is_some() {}
    }

    /// Offers what waits for the store once more, before the process ends.
    pub(crate) async fn settle(&self) {
        self.waiting.settle().await;
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Fetch, AuditEntry>> {
        self.collected
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{ManualClock, SeededRandom};
    use crate::testing::scene::{NOW, caller};
    use crate::testing::{MemoryStores, StoreCall};

    struct Desk {
        stores: MemoryStores,
        clock: Arc<ManualClock>,
        detached: Detached,
        auditor: Auditor,
    }

    fn desk() -> Desk {
        let stores = MemoryStores::new();
        let clock = Arc::new(ManualClock::at(NOW));
        let detached = Detached::default();
        let random = Arc::new(SeededRandom::new(1));
        let log = stores.stores().audit;
        let auditor = Auditor::new(log, clock.clone(), random, detached.clone());
        Desk {
            stores,
            clock,
            detached,
            auditor,
        }
    }

    impl Desk {
        async fn fetch(&self, number: u64) {
            let id = TokenId::generate(NOW, &SeededRandom::new(number));
            let subject = Subject::token(id, "ann@example.org");
            let action = AuditAction::TokenCheckedOut;
            self.auditor
                .record(&caller(), action, subject, Outcome::Done)
                .await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn fetches_of_one_second_make_one_entry_that_is_written_within_it() {
        let desk = desk();
        for _ in 0..100 {
            desk.fetch(1).await;
        }
        desk.fetch(2).await;
        assert_eq!(desk.stores.count(StoreCall::AuditAppend), 0);
        let begun = tokio::time::Instant::now();
        desk.detached.settle().await;
        assert!(begun.elapsed() < Duration::from_secs(1));
        assert_eq!(desk.stores.audit_entries().len(), 2);

        desk.clock.advance(Duration::from_secs(1));
        desk.fetch(1).await;
        desk.detached.settle().await;
        assert_eq!(desk.stores.audit_entries().len(), 3);
    }

    #[tokio::test]
    async fn whatever_else_happens_is_written_before_the_call_goes_on() {
        let desk = desk();
        let refused = Outcome::Refused("needs_consent".to_owned());
        for (action, outcome) in [
            (AuditAction::TokenCheckedOut, refused),
            (AuditAction::TokenRevealed, Outcome::Done),
        ] {
            desk.auditor
                .record(&caller(), action, Subject::default(), outcome)
                .await;
        }
        assert_eq!(desk.stores.audit_entries().len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_that_comes_again_and_again_makes_one_entry_a_second() {
        let desk = desk();
        let refuse = async |action| {
            let outcome = Outcome::Refused("throttled".to_owned());
            desk.auditor
                .record_refusal(&caller(), action, Subject::default(), outcome)
                .await;
        };
        for expected in 1..=3 {
            for _ in 0..100 {
                refuse(AuditAction::SignIn).await;
                assert_eq!(desk.stores.audit_entries().len(), expected);
            }
            tokio::time::advance(refusals::ONE_EACH).await;
        }
        refuse(AuditAction::SuperAdminSetUp).await;
        assert_eq!(desk.stores.audit_entries().len(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn where_too_many_wait_the_next_is_written_at_once() {
        let desk = desk();
        let most = u64::try_from(MOST_COLLECTED).unwrap();
        for number in 0..=most {
            desk.fetch(number).await;
        }
        assert_eq!(desk.stores.audit_entries().len(), 1);
        desk.detached.settle().await;
        assert_eq!(desk.stores.audit_entries().len(), MOST_COLLECTED + 1);
    }
}
