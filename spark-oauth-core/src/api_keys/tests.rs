//! The rules of API keys, on stores in memory.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::audit::{AuditAction, Outcome};
use crate::auditor::Auditor;
use crate::detached::Detached;
use crate::ports::{Clock, ManualClock, SeededRandom, StoreError};
use crate::testing::scene::{NOW, caller, email};
use crate::testing::{MemoryStores, StoreCall, StoreFault};

const HOUR: Duration = Duration::from_hours(1);

struct Desk {
    stores: MemoryStores,
    clock: Arc<ManualClock>,
    keys: ApiKeyService,
    detached: Detached,
}

/// Another process on the same stores has its own memory of keys.
fn desk_on(stores: MemoryStores) -> Desk {
    let clock = Arc::new(ManualClock::at(NOW));
    let random = Arc::new(SeededRandom::new(7));
    let detached = Detached::default();
    let log = stores.stores().audit;
    let auditor = Auditor::new(log, clock.clone(), random.clone(), detached.clone());
    let keys = ApiKeyService::new(
        Arc::new(stores.clone()),
        clock.clone(),
        random,
        auditor,
        detached.clone(),
    );
    Desk {
        stores,
        clock,
        keys,
        detached,
    }
}

fn desk() -> Desk {
    desk_on(MemoryStores::new())
}

fn input() -> ApiKeyInput {
    ApiKeyInput {
        name: KeyName::parse("nightly report").unwrap(),
        scopes: vec![KeyScope::TokensUse],
        reach: Reach::of([email("ann@example.org")], []),
        requests_per_minute: None,
        expires_at: Some(NOW + HOUR),
    }
}

impl Desk {
    async fn create(&self) -> Created {
        let created = self.keys.create(input(), "root", &caller()).await;
        created.unwrap()
    }

    async fn refusal(&self, text: &str) -> KeyRefusal {
        self.keys.authenticate(text).await.unwrap().unwrap_err()
    }
}

#[tokio::test]
async fn a_key_is_accepted_by_its_text_and_stored_without_it() {
    let desk = desk();
    let created = desk.create().await;
    let text = created.secret.expose_secret();
    let key = desk.keys.authenticate(text).await.unwrap().unwrap();
    assert_eq!(*key, created.key);
    let stored = format!("{:?}", desk.keys.get(key.id).await.unwrap());
    assert!(!stored.contains(&text[5..]), "{stored}");
    let entries = desk.stores.audit_entries();
    assert_eq!(entries[0].action, AuditAction::ApiKeyCreated);
    assert_eq!(entries[0].api_key, Some(created.key.id));
    assert_eq!(entries[0].outcome, Outcome::Done);
    assert!(!format!("{entries:?}").contains(&text[5..]));
}

#[tokio::test]
async fn each_refusal_says_what_is_wrong() {
    let desk = desk();
    let created = desk.create().await;
    let text = created.secret.expose_secret();
    let stranger = KeyText::generate(&SeededRandom::new(99));
    let mut mistyped = text.to_owned();
    let last = if text.ends_with('0') { "1" } else { "0" };
    mistyped.replace_range(text.len() - 1.., last);
    assert_eq!(
        desk.refusal(stranger.secret().expose_secret()).await,
        KeyRefusal::Unknown
    );
    assert_eq!(
        desk.refusal(&mistyped).await,
        KeyRefusal::Text(WrongKeyText::Checksum)
    );
    assert_eq!(
        desk.refusal("Bearer").await,
        KeyRefusal::Text(WrongKeyText::Malformed)
    );
    desk.clock.advance(HOUR);
    assert_eq!(desk.refusal(text).await, KeyRefusal::Expired);
}

#[tokio::test(start_paused = true)]
async fn a_revoked_key_is_refused_here_at_once_and_elsewhere_within_a_second() {
    let here = desk();
    let elsewhere = desk_on(here.stores.clone());
    let created = here.create().await;
    let text = created.secret.expose_secret();
    assert!(elsewhere.keys.authenticate(text).await.unwrap().is_ok());
    here.keys.revoke(created.key.id, &caller()).await.unwrap();
    assert_eq!(here.refusal(text).await, KeyRefusal::Revoked);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(elsewhere.refusal(text).await, KeyRefusal::Revoked);
}

#[tokio::test(start_paused = true)]
async fn a_busy_key_costs_two_reads_a_second_and_one_write_a_minute() {
    let desk = desk();
    let created = desk.create().await;
    for _ in 0..600 {
        let text = created.secret.expose_secret();
        assert!(desk.keys.authenticate(text).await.unwrap().is_ok());
        tokio::time::advance(Duration::from_millis(100)).await;
    }
    desk.detached.settle().await;
    let reads = desk.stores.count(StoreCall::ApiKeyFindByHash);
    assert!((1..=121).contains(&reads), "{reads}");
    assert_eq!(desk.stores.count(StoreCall::ApiKeyNoteUse), 1);
    let key = desk.keys.get(created.key.id).await.unwrap();
    assert_eq!(key.last_used_at, Some(NOW));
}

#[tokio::test]
async fn that_there_is_no_key_to_revoke_is_written_down() {
    let desk = desk();
    let id = crate::ids::ApiKeyId::generate(NOW, &SeededRandom::new(9));
    let refused = desk.keys.revoke(id, &caller()).await;
    assert!(matches!(refused, Err(ApiKeyError::NotFound)));
    let entry = desk.stores.audit_entries().pop().unwrap();
    assert_eq!(entry.action, AuditAction::ApiKeyRevoked);
    assert_eq!((entry.api_key, entry.subject), (Some(id), None));
    assert_eq!(entry.outcome, Outcome::Refused("not_found".to_owned()));
}

#[tokio::test]
async fn a_store_that_is_away_is_not_taken_for_an_unknown_key() {
    let desk = desk();
    let created = desk.create().await;
    desk.stores
        .fail(StoreCall::ApiKeyFindByHash, StoreFault::Away, 1);
    let answer = desk.keys.authenticate(created.secret.expose_secret()).await;
    assert!(matches!(answer, Err(StoreError::Unavailable { .. })));
}

#[tokio::test]
async fn a_key_that_may_do_nothing_or_has_ended_is_not_made() {
    let desk = desk();
    let mut without_scope = input();
    without_scope.scopes.clear();
    let mut ended = input();
    ended.expires_at = Some(desk.clock.now());
    for (input, expected) in [
        (without_scope, InputProblem::NoScope),
        (ended, InputProblem::Expired),
    ] {
        let refused = desk.keys.create(input, "root", &caller()).await;
        assert!(matches!(refused, Err(ApiKeyError::Input(problem)) if problem == expected));
    }
    assert!(desk.stores.audit_entries().is_empty());
}
