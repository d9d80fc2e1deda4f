//! What a process leaves behind is not lost, and nothing overtakes it.

use std::sync::Arc;
use std::time::Duration;

use crate::broker::{Refreshed, TokenError};
use crate::ids::{ProcessId, TokenId};
use crate::keyring::{KeyRing, OpenError, SealingKey};
use crate::ports::{SeededRandom, SparkErrorKind, TokenFilter};
use crate::testing::scene::{MINUTE, NOW, Scene, answer, caller, refresh, scene, settle_down};
use crate::testing::{MemoryJournals, ProviderCall, Reply, StoreCall, StoreFault};
use crate::token::{Attempt, Lease, RefreshTrigger, StatusKind};

const SECOND: Duration = Duration::from_secs(1);

fn name(number: u64) -> ProcessId {
    ProcessId::generate(NOW, &SeededRandom::new(number))
}

async fn process(scene: &Scene, disk: &MemoryJournals, number: u64) -> Scene {
    let journal = disk.journal(name(number));
    scene
        .process_with(number, |builder| builder.journal(journal))
        .await
}

/// The store goes away when the provider has answered.
async fn refresh_into_an_outage(scene: &Scene, id: TokenId) -> Result<Refreshed, TokenError> {
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", Some("new-refresh"))));
    let stores = scene.stores.clone();
    // This update sets the marker, and is the last that the store takes.
    scene
        .stores
        .before(StoreCall::TokenUpdate, move || stores.set_away(true));
    refresh(scene, id).await
}

/// A process that ended after it had set its marker.
fn leave(scene: &Scene, id: TokenId, owner: ProcessId, lease_ends: Duration) {
    scene.stores.change_token(id, |token| {
        token.lease = Some(Lease {
            owner,
            expires_at: NOW + lease_ends,
        });
        token.attempt = Some(Attempt { owner, at: NOW });
    });
}

fn new_tokens() -> (String, Option<String>) {
    ("new-access".into(), Some("new-refresh".into()))
}

#[tokio::test(start_paused = true)]
async fn the_journal_keeps_what_the_store_does_not_take_and_the_caller_gets_it() {
    let (world, disk) = (scene().await, MemoryJournals::new());
    let id = world.stored_token().id;
    let first = process(&world, &disk, 1).await;
    let begun = tokio::time::Instant::now();
    let told = refresh_into_an_outage(&first, id).await.unwrap();
    assert_eq!(
        begun.elapsed(),
        Duration::ZERO,
        "nobody waits for the store"
    );
    assert!(told.called);
    let access = first.ring.open_access(id, &told.token.access).unwrap();
    assert_eq!(access.expose_secret(), "new-access");
    assert_eq!(disk.entries(name(1)).len(), 1);
    assert_eq!(first.opened(id).0, "old-access");
    first.stores.set_away(false);
    first.oauth.settle().await;
    assert_eq!(first.opened(id), new_tokens());
    assert_eq!(disk.entries(name(1)), []);
    assert_eq!(first.client.count(ProviderCall::Refresh), 1);
}

#[tokio::test(start_paused = true)]
async fn the_next_start_stores_what_a_crash_left_in_the_journal() {
    let (world, disk) = (scene().await, MemoryJournals::new());
    let id = world.stored_token().id;
    let first = process(&world, &disk, 1).await;
    refresh_into_an_outage(&first, id).await.unwrap();
    // Its connection stays away: it never writes.
    disk.crash(name(1));
    let second = process(&world, &disk, 2).await;
    assert_eq!(world.opened(id), new_tokens());
    let after = world.token(id);
    assert_eq!((after.lease, after.attempt), (None, None));
    assert_eq!((after.generation, after.upkeep.interrupted), (2, 0));
    assert_eq!(disk.entries(name(1)), []);
    assert!(!refresh(&second, id).await.unwrap().called);
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_belongs_nowhere_any_more_is_dropped() {
    for removed in [true, false] {
        let (world, disk) = (scene().await, MemoryJournals::new());
        let id = world.stored_token().id;
        let first = process(&world, &disk, 1).await;
        refresh_into_an_outage(&first, id).await.unwrap();
        disk.crash(name(1));
        if removed {
            world.stores.drop_token(id);
        } else {
            world.stores.change_token(id, |token| token.generation += 1);
        }
        process(&world, &disk, 2).await;
        assert_eq!(disk.entries(name(1)), []);
        if !removed {
            assert_eq!(world.opened(id).0, "old-access", "a consent is newer");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_running_process_takes_over_what_it_stumbles_upon() {
    let (world, disk) = (scene().await, MemoryJournals::new());
    let id = world.stored_token().id;
    let (first, second) = (
        process(&world, &disk, 1).await,
        process(&world, &disk, 2).await,
    );
    refresh_into_an_outage(&first, id).await.unwrap();
    disk.crash(name(1));
    let done = refresh(&second, id).await.unwrap();
    assert!(!done.called, "the lease stands for a minute, nobody waits");
    assert_eq!(world.opened(id), new_tokens());
    assert_eq!(second.client.calls(), []);
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_does_not_open_is_kept_until_the_key_is_there() {
    let (world, disk) = (scene().await, MemoryJournals::new());
    let id = world.stored_token().id;
    let first = process(&world, &disk, 1).await;
    // It had a newer key than the others.
    let newer = KeyRing::new(
        SealingKey::generate(&SeededRandom::new(7)),
        Arc::new(SeededRandom::new(8)),
    );
    first.oauth.adopt_keys(&newer).await.unwrap();
    refresh_into_an_outage(&first, id).await.unwrap();
    disk.crash(name(1));
    // As a start whose store does not need that key.
    let fingerprint = newer.sealing_fingerprint();
    let vault = world.stores.stores().vault;
    vault.remove_key_fingerprint(fingerprint).await.unwrap();
    let second = process(&world, &disk, 2).await;
    let refused = refresh(&second, id).await.unwrap_err();
    assert!(
        matches!(refused, TokenError::Vault(OpenError::MissingKey(key)) if key == fingerprint),
        "{refused:?}"
    );
    assert_eq!(disk.entries(name(1)).len(), 1);
    assert_eq!(second.client.calls(), [], "the old one may be spent");
    let broker = &second.oauth.broker;
    let valid = broker.check_out(id, 90 * MINUTE, &caller()).await.unwrap();
    assert_eq!(valid.access_token.expose_secret(), "old-access");
    second.oauth.adopt_keys(&newer).await.unwrap();
    refresh(&second, id).await.unwrap();
    assert_eq!(second.opened(id), new_tokens());
    assert_eq!(disk.entries(name(1)), []);
    assert_eq!(second.client.calls(), []);
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_leaves_the_answer_in_memory_until_there_is_room() {
    let (world, disk) = (scene().await, MemoryJournals::new());
    let id = world.stored_token().id;
    let first = process(&world, &disk, 1).await;
    disk.set_full(true);
    let told = refresh_into_an_outage(&first, id).await.unwrap_err();
    assert!(matches!(told, TokenError::Store(_)), "{told:?}");
    assert_eq!(disk.entries(name(1)), []);
    disk.set_full(false);
    tokio::time::sleep(2 * MINUTE).await;
    assert_eq!(disk.entries(name(1)).len(), 1);
    first.stores.set_away(false);
    first.oauth.settle().await;
    assert_eq!(first.opened(id), new_tokens());
    assert_eq!(disk.entries(name(1)), []);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_at_the_start_gets_the_entry_later() {
    let (world, disk) = (scene().await, MemoryJournals::new());
    let id = world.stored_token().id;
    let first = process(&world, &disk, 1).await;
    refresh_into_an_outage(&first, id).await.unwrap();
    disk.crash(name(1));
    // Only the reading of tokens fails, so that the vault opens.
    let journal = disk.journal(name(2));
    let second = world
        .process_with_faults(
            2,
            |stores| {
                stores.fail(StoreCall::TokenGet, crate::testing::StoreFault::Away, 20);
            },
            |builder| builder.journal(journal),
        )
        .await;
    let busy = second
        .oauth
        .broker
        .refresh(id, RefreshTrigger::Admin, &caller())
        .await;
    assert!(busy.is_err(), "{busy:?}");
    assert_eq!(second.client.calls(), []);
    second.oauth.settle().await;
    assert_eq!(second.opened(id), new_tokens());
    assert!(!refresh(&second, id).await.unwrap().called);
}

#[tokio::test(start_paused = true)]
async fn a_lease_stands_until_what_its_owner_left_behind_is_stored() {
    let (world, disk) = (scene().await, MemoryJournals::new());
    let id = world.stored_token().id;
    let first = process(&world, &disk, 1).await;
    refresh_into_an_outage(&first, id).await.unwrap();
    disk.crash(name(1));
    let journal = disk.journal(name(2));
    let second = world
        .process_with_faults(
            2,
            |stores| stores.fail(StoreCall::TokenUpdate, StoreFault::Away, 1_000),
            |builder| builder.journal(journal),
        )
        .await;
    // The store is back, and fails once more.
    second.stores.heal();
    second
        .stores
        .fail(StoreCall::TokenUpdate, StoreFault::Away, 1);
    let busy = refresh(&second, id).await.unwrap_err();
    assert!(matches!(busy, TokenError::Busy { .. }), "{busy:?}");
    let owner = world.token(id).lease.map(|lease| lease.owner);
    assert_eq!(owner, Some(name(1)), "a third process would spend it twice");
    second.oauth.settle().await;
    assert_eq!(world.opened(id), new_tokens());
    assert_eq!(world.token(id).lease, None);
}

#[tokio::test(start_paused = true)]
async fn whoever_may_refresh_a_token_stores_what_was_left_behind() {
    // The lease stands, and is taken back; or its time is over, and it is claimed.
    for passed in [Duration::ZERO, 2 * MINUTE] {
        let (world, disk) = (scene().await, MemoryJournals::new());
        let id = world.stored_token().id;
        let first = process(&world, &disk, 1).await;
        refresh_into_an_outage(&first, id).await.unwrap();
        disk.crash(name(1));
        let journal = disk.journal(name(2));
        let second = world
            .process_with_faults(
                2,
                |stores| stores.fail(StoreCall::TokenUpdate, StoreFault::Away, 1_000),
                |builder| builder.journal(journal),
            )
            .await;
        world.clock.advance(passed);
        second.stores.heal();
        let begun = tokio::time::Instant::now();
        let broker = &second.oauth.broker;
        let valid = broker.check_out(id, 90 * MINUTE, &caller()).await.unwrap();
        assert_eq!(valid.access_token.expose_secret(), "new-access");
        assert!(valid.warning.is_none(), "{:?}", valid.warning);
        assert_eq!(begun.elapsed(), Duration::ZERO, "nobody waits for a round");
        assert_eq!(world.opened(id), new_tokens());
        let after = world.token(id);
        assert_eq!((after.lease, after.attempt), (None, None));
        assert_eq!((after.generation, after.upkeep.interrupted), (2, 0));
        assert_eq!(second.client.calls(), [], "the old one is spent");
        second.oauth.settle().await;
        assert_eq!(disk.entries(name(1)), []);
        assert_eq!(world.token(id), after, "the next round changes nothing");
    }
}

#[tokio::test(start_paused = true)]
async fn what_another_process_began_is_left_alone_for_a_while() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    leave(&scene, id, scene.stranger(), 10 * SECOND);
    scene.stores.change_token(id, |token| token.lease = None);
    scene.clock.advance(15 * SECOND);
    let busy = refresh(&scene, id).await.unwrap_err();
    let TokenError::Busy { retry_after } = busy else {
        panic!("{busy:?}");
    };
    // It counts from when the marker was seen: by its own time alone it may be old.
    assert_eq!(retry_after, MINUTE);
    let broker = &scene.oauth.broker;
    let valid = broker.check_out(id, 90 * MINUTE, &caller()).await.unwrap();
    assert_eq!(valid.access_token.expose_secret(), "old-access");
    assert_eq!(scene.client.calls(), []);
    let between = scene.token(id);
    assert_eq!(between.lease, None);
    assert!(between.attempt.is_some(), "the marker is not ours");
    scene.clock.advance(MINUTE);
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", None)));
    assert!(refresh(&scene, id).await.unwrap().called);
    let after = scene.token(id);
    assert_eq!((after.attempt, after.upkeep.interrupted), (None, 1));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_failed_meanwhile_prolongs_the_patience() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    leave(&scene, id, scene.stranger(), SECOND);
    refresh(&scene, id).await.unwrap_err();
    scene.clock.advance(10 * MINUTE);
    scene
        .stores
        .fail(StoreCall::TokenList, crate::testing::StoreFault::Away, 1);
    let page = crate::ports::PageRequest::first(std::num::NonZeroU16::MIN);
    let broker = &scene.oauth.broker;
    broker
        .list(&TokenFilter::default(), &page)
        .await
        .unwrap_err();
    let busy = refresh(&scene, id).await.unwrap_err();
    assert_eq!(busy.retry_after(), Some(MINUTE), "{busy:?}");
    scene.clock.advance(MINUTE);
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", None)));
    assert!(refresh(&scene, id).await.unwrap().called);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_the_lease_of_a_process_that_is_known_to_have_ended() {
    let (world, disk) = (scene().await, MemoryJournals::new());
    let id = world.stored_token().id;
    disk.journal(name(1));
    let second = process(&world, &disk, 2).await;
    leave(&world, id, name(1), 90 * SECOND);
    let busy = refresh(&second, id).await.unwrap_err();
    assert!(
        matches!(busy, TokenError::Busy { .. }),
        "it lives: {busy:?}"
    );
    disk.crash(name(1));
    second
        .client
        .on_refresh(Reply::of(answer("new-access", None)));
    let begun = tokio::time::Instant::now();
    assert!(refresh(&second, id).await.unwrap().called);
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(world.token(id).upkeep.interrupted, 1);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_after_an_interruption_says_what_may_have_happened() {
    let (world, disk) = (scene().await, MemoryJournals::new());
    let id = world.stored_token().id;
    disk.journal(name(1));
    let second = process(&world, &disk, 2).await;
    leave(&world, id, name(1), 90 * SECOND);
    disk.crash(name(1));
    second
        .client
        .on_refresh(Reply::error(SparkErrorKind::GrantRefused));
    let lost = refresh(&second, id).await.unwrap_err();
    assert!(matches!(lost, TokenError::NeedsConsent { .. }), "{lost:?}");
    let after = world.token(id);
    assert_eq!(after.status.kind(), StatusKind::NeedsConsent);
    assert_eq!(after.upkeep.interrupted, 1);
    let summary = after.last_failure.unwrap().summary;
    assert!(summary.contains("may have been lost"), "{summary}");
    settle_down().await;
}
