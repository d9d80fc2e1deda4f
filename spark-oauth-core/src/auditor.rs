//! Writes the audit log on behalf of the services.

mod refusals;
mod waiting;

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;

use self::refusals::{Alike, Noted, ONE_EACH, Refusals};
use self::waiting::Waiting;
use crate::audit::{Actor, AuditAction, AuditEntry, Caller, Outcome};
use crate::detached::Detached;
use crate::ids::{ApiKeyId, AuditId, TokenId};
use crate::ports::{AuditFilter, AuditLog, Clock, Random};
use crate::timestamp::Timestamp;
use crate::token::Token;

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
    pub(crate) fn token(token: &Token) -> Self {
        Self {
            token: Some(token.id),
            name: token.subject().map(ToOwned::to_owned),
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
/// Each entry is written before the call continues, with two exceptions that make one
/// entry with a count: fetches of the same token by the same caller within a second, and
/// repeated rejections ([`record_refusal`](Self::record_refusal)).
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
        let is_fetch = action == AuditAction::TokenCheckedOut && outcome == Outcome::Done;
        if is_fetch && self.collect(caller, &subject) {
            return;
        }
        let entry = self.entry(caller, action, subject, outcome);
        self.waiting.append(entry).await;
    }

    fn entry(
        &self,
        caller: &Caller,
        action: AuditAction,
        subject: Subject,
        outcome: Outcome,
    ) -> AuditEntry {
        let at = self.clock.now();
        AuditEntry {
            id: AuditId::generate(at, &*self.random),
            at,
            caller: caller.clone(),
            action,
            token: subject.token,
            api_key: subject.api_key.or(caller.actor.api_key()),
            subject: subject.name,
            outcome,
            count: NonZeroU32::MIN,
            last_request_id: None,
        }
    }

    /// Adds an entry about a rejection that an attacker can trigger at will. The first with
    /// its action, reason, key and network in a second is written before the call
    /// continues. The following ones within that second share one entry with a count.
    pub(crate) async fn record_refusal(
        &self,
        caller: &Caller,
        action: AuditAction,
        subject: Subject,
        outcome: Outcome,
    ) {
        let kind = Alike::of(caller, action, &outcome);
        let entry = self.entry(caller, action, subject, outcome);
        match self.refusals.note(kind, entry) {
            Noted::First(entry) => self.waiting.append(*entry).await,
            Noted::Repeated {
                first_of_window: true,
            } => {
                let auditor = self.clone();
                drop(self.detached.start(async move {
                    tokio::time::sleep(ONE_EACH).await;
                    auditor.write_all(auditor.refusals.take_ended()).await;
                }));
            }
            Noted::Repeated { .. } | Noted::LeftOut => {}
        }
    }

    /// Keeps a fetch for the next round of writing; `false` where too many wait
    /// already.
    fn collect(&self, caller: &Caller, subject: &Subject) -> bool {
        let fetch = Fetch::of(caller, subject.token, self.clock.now());
        let mut collected = self.lock();
        if let Some(first) = collected.get_mut(&fetch) {
            first.repeat(caller.origin.request_id.clone());
            return true;
        }
        if collected.len() >= MOST_COLLECTED {
            return false;
        }
        let is_first = collected.is_empty();
        let action = AuditAction::TokenCheckedOut;
        let entry = self.entry(caller, action, subject.clone(), Outcome::Done);
        collected.insert(fetch, entry);
        drop(collected);
        if is_first {
            let auditor = self.clone();
            drop(self.detached.start(async move {
                tokio::time::sleep(COLLECTED_FOR).await;
                let collected = std::mem::take(&mut *auditor.lock());
                auditor.write_all(collected.into_values().collect()).await;
            }));
        }
        true
    }

    async fn write_all(&self, mut entries: Vec<AuditEntry>) {
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
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::ports::{ManualClock, SeededRandom};
    use crate::testing::scene::{NOW, caller};
    use crate::testing::{MemoryStores, StoreCall};

    struct Desk {
        stores: MemoryStores,
        clock: Arc<ManualClock>,
        detached: Detached,
        auditor: Auditor,
        requests: AtomicU32,
    }

    fn request(number: u32) -> String {
        format!("request {number:03}")
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
            requests: AtomicU32::new(1),
        }
    }

    impl Desk {
        /// The caller, with another request each time.
        fn caller(&self) -> Caller {
            let number = self.requests.fetch_add(1, Ordering::Relaxed);
            let mut caller = caller();
            caller.origin.request_id = Some(request(number));
            caller
        }

        /// How many events each entry stands for, and its first and last request.
        fn counts(&self) -> Vec<(u32, String, String)> {
            let entries = self.stores.audit_entries().into_iter();
            let mut counts: Vec<_> = entries
                .map(|entry| {
                    let first = entry.caller.origin.request_id.unwrap_or_default();
                    let last = entry.last_request_id.unwrap_or_default();
                    (entry.count.get(), first, last)
                })
                .collect();
            counts.sort_by(|one, other| one.1.cmp(&other.1));
            counts
        }

        async fn fetch(&self, number: u64) {
            let id = TokenId::generate(NOW, &SeededRandom::new(number));
            let subject = Subject::call("ann@example.org", Some(id));
            let action = AuditAction::TokenCheckedOut;
            self.auditor
                .record(&self.caller(), action, subject, Outcome::Done)
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
        let expected = [
            (100, request(1), request(100)),
            (1, request(101), String::new()),
        ];
        assert_eq!(desk.counts(), expected);

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
    async fn repeated_rejections_make_two_entries_a_second_that_count_all_of_them() {
        let desk = desk();
        let refuse = async |action| {
            let outcome = Outcome::Refused("throttled".to_owned());
            desk.auditor
                .record_refusal(&desk.caller(), action, Subject::default(), outcome)
                .await;
        };
        for second in 0..3 {
            for _ in 0..100 {
                refuse(AuditAction::SignIn).await;
                assert_eq!(desk.stores.audit_entries().len(), 2 * second + 1);
            }
            desk.detached.settle().await;
        }
        refuse(AuditAction::SuperAdminSetUp).await;
        let expected = [
            (1, request(1), String::new()),
            (99, request(2), request(100)),
            (1, request(101), String::new()),
            (99, request(102), request(200)),
            (1, request(201), String::new()),
            (99, request(202), request(300)),
            (1, request(301), String::new()),
        ];
        assert_eq!(desk.counts(), expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_rejection_right_after_the_window_costs_no_count() {
        let desk = desk();
        for _ in 0..3 {
            for _ in 0..5 {
                let outcome = Outcome::Refused("key_invalid".to_owned());
                let action = AuditAction::ApiCalled;
                desk.auditor
                    .record_refusal(&desk.caller(), action, Subject::default(), outcome)
                    .await;
            }
            // The window ends, and the task that writes its counts has not run yet.
            tokio::time::advance(ONE_EACH).await;
        }
        desk.detached.settle().await;
        let counts = desk.counts();
        assert_eq!(counts.iter().map(|(count, ..)| count).sum::<u32>(), 15);
        assert_eq!(counts.len(), 6, "{counts:?}");
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
