//! From the record into the outbox.

use super::*;
use crate::testing::scene::{HOUR, scene};
use crate::testing::{StoreCall, StoreFault};

#[tokio::test]
async fn events_go_from_the_record_into_the_outbox() {
    let post = Post::new().await;
    let id = post.scene.stored_token().id;
    let (first, second) = (post.refresh(id).await, post.refresh(id).await);
    assert_eq!(post.events().relay().await.unwrap(), 1);
    assert_eq!(post.scene.token(id).upkeep.events, []);
    let mut told: Vec<_> = post.scene.stores.outbox();
    told.sort_by_key(|entry| entry.event.token.as_ref().unwrap().generation);
    let told: Vec<_> = told.into_iter().map(|entry| entry.event).collect();
    assert_eq!(told, [first, second]);
    assert_eq!(post.events().relay().await.unwrap(), 0);
}

#[tokio::test]
async fn a_crash_before_the_record_is_emptied_doubles_nothing() {
    let post = Post::new().await;
    let id = post.scene.stored_token().id;
    post.refresh(id).await;
    post.scene
        .stores
        .fail(StoreCall::TokenUpdate, StoreFault::Away, 1);
    post.events().relay().await.unwrap_err();
    assert_eq!(post.scene.token(id).upkeep.events.len(), 1);
    assert_eq!(post.events().relay().await.unwrap(), 1);
    assert_eq!(post.scene.stores.outbox().len(), 1);
}

#[tokio::test]
async fn a_change_in_between_keeps_its_own_event_and_is_not_overwritten() {
    let post = Post::new().await;
    let id = post.scene.stored_token().id;
    post.refresh(id).await;
    let (stores, events) = (post.scene.stores.clone(), post.events().clone());
    post.scene.stores.before(StoreCall::TokenUpdate, move || {
        stores.change_token(id, |token| {
            events.record(refreshed(token), refreshed_kind());
        });
    });
    post.events().relay().await.unwrap();
    let token = post.scene.token(id);
    assert_eq!((token.generation, &*token.upkeep.events), (3, &[][..]));
    assert_eq!(post.scene.stores.outbox().len(), 2);
}

#[tokio::test]
async fn more_records_than_are_read_at_once_are_all_emptied() {
    let post = Post::new().await;
    for number in 0..150 {
        let token = post.scene.token_of(&format!("person{number}"), "a");
        post.scene.stores.put_token(token.clone());
        post.refresh(token.id).await;
    }
    assert_eq!(post.events().relay().await.unwrap(), 150);
    assert_eq!(post.scene.stores.outbox().len(), 150);
}

#[tokio::test]
async fn what_nobody_wants_any_more_goes_after_a_while() {
    let post = Post::new().await;
    let id = post.scene.stored_token().id;
    post.refresh(id).await;
    // The next configuration has no destination.
    let next = scene().await;
    let mut events = next.oauth.events.events.clone();
    events.tokens = post.events().tokens.clone();
    events.clock = post.events().clock.clone();
    assert_eq!(events.relay().await.unwrap(), 0);
    post.scene.clock.advance(2 * HOUR);
    assert_eq!(events.relay().await.unwrap(), 1);
    assert_eq!(post.scene.token(id).upkeep.events, []);
}
