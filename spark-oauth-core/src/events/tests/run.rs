//! Relay and courier as they run in a process.

use tokio::sync::oneshot;

use super::mailbox::failed;
use super::*;
use crate::testing::scene::{scene, settle_down};
use crate::testing::{StoreCall, StoreFault};

#[tokio::test(start_paused = true)]
async fn an_event_reaches_its_destination_without_anybody_asking() {
    let post = Post::new().await;
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(post.scene.oauth.events.clone().run(async {
        let _ = stopped.await;
    }));
    settle_down().await;
    let id = post.scene.stored_token().id;
    let event = post.refresh(id).await;
    post.events().published(std::slice::from_ref(&event));
    post.mailbox.wait_for_taken(1).await;
    assert_eq!(post.mailbox.taken(), [event]);
    drop(stop);
    running.await.unwrap();
    assert_eq!(post.scene.stores.outbox(), []);
}

#[tokio::test(start_paused = true)]
async fn what_another_process_left_behind_is_found() {
    let post = Post::new().await;
    let id = post.scene.stored_token().id;
    let event = post.refresh(id).await;
    let running = tokio::spawn(post.scene.oauth.events.clone().run(std::future::pending()));
    post.mailbox.wait_for_taken(1).await;
    assert_eq!(post.mailbox.taken(), [event]);
    running.abort();
}

#[tokio::test(start_paused = true)]
async fn a_store_that_comes_back_finds_everything_waiting() {
    let post = Post::new().await;
    let id = post.scene.stored_token().id;
    let event = post.refresh(id).await;
    let stores = &post.scene.stores;
    for call in [
        StoreCall::TokenListWithEvents,
        StoreCall::OutboxAdd,
        StoreCall::OutboxDue,
        StoreCall::OutboxReschedule,
    ] {
        stores.fail(call, StoreFault::Away, 2);
    }
    let running = tokio::spawn(post.scene.oauth.events.clone().run(std::future::pending()));
    post.mailbox.wait_for_taken(1).await;
    assert_eq!(post.mailbox.offered(), [event]);
    running.abort();
}

#[tokio::test(start_paused = true)]
async fn the_end_waits_for_a_delivery_under_way_and_begins_no_other() {
    let post = Post::new().await;
    let gate = post.mailbox.hold();
    let id = post.scene.stored_token().id;
    post.refresh(id).await;
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(post.scene.oauth.events.clone().run(async {
        let _ = stopped.await;
    }));
    post.mailbox.wait_for_offers(1).await;
    drop(stop);
    settle_down().await;
    assert!(!running.is_finished());
    post.refresh(id).await;
    gate.add_permits(1);
    running.await.unwrap();
    assert_eq!(post.mailbox.taken().len(), 1);
    assert_eq!(post.scene.stores.outbox(), []);
    assert_eq!(
        post.scene.token(id).upkeep.events.len(),
        1,
        "for the next start"
    );
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_hangs_is_ended_and_offered_again() {
    let post = Post::new().await;
    let _gate = post.mailbox.hold();
    let id = post.scene.stored_token().id;
    post.refresh(id).await;
    let mut running = courier(&post.scene);
    post.events().relay().await.unwrap();
    running.sweep().await.unwrap();
    running.finish().await;
    let entry = post.scene.stores.outbox().remove(0);
    assert_eq!(
        entry.last_error.as_deref(),
        Some("the delivery took too long")
    );
    assert_ne!(entry.last_error, Some(failed().to_string()));
}

#[tokio::test(start_paused = true)]
async fn without_a_destination_the_store_is_left_in_peace() {
    let scene = scene().await;
    let running = tokio::spawn(scene.oauth.events.clone().run(std::future::pending()));
    settle_down().await;
    let mut token = scene.stored_token();
    let events = &scene.oauth.events.events;
    for _ in 0..10 {
        let event = events.record(refreshed(&mut token), refreshed_kind());
        events.published(&[event]);
        settle_down().await;
    }
    assert_eq!(scene.stores.count(StoreCall::TokenListWithEvents), 1);
    assert_eq!(scene.stores.count(StoreCall::OutboxDue), 1);
    running.abort();
}
