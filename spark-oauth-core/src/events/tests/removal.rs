//! The event of a removal, which no record can carry.

use std::time::Duration;

use super::*;
use crate::testing::scene::{HOUR, MINUTE};

#[tokio::test]
async fn a_removal_is_told_when_the_record_is_gone_and_not_before() {
    let mut post = Post::new().await;
    let token = post.scene.stored_token();
    let event = post.events().removed(&token).await.unwrap();
    post.offer().await;
    assert_eq!(post.mailbox.offered(), []);

    post.scene.stores.drop_token(token.id);
    post.scene.clock.advance(Duration::from_secs(2));
    post.offer().await;
    assert_eq!(post.mailbox.taken(), [event]);
    assert_eq!(post.scene.stores.outbox(), []);
}

#[tokio::test]
async fn a_removal_that_does_not_take_place_is_never_told() {
    let mut post = Post::new().await;
    let token = post.scene.stored_token();
    post.events().removed(&token).await.unwrap();
    post.scene.clock.advance(MINUTE);
    post.offer().await;
    assert_eq!(post.scene.stores.outbox().len(), 1, "it may come yet");
    post.scene.clock.advance(HOUR);
    post.offer().await;
    assert_eq!(post.scene.stores.outbox(), []);
    assert_eq!(post.mailbox.offered(), []);
}

#[tokio::test]
async fn a_second_try_begins_the_wait_anew_and_tells_once() {
    let mut post = Post::new().await;
    let token = post.scene.stored_token();
    let first = post.events().removed(&token).await.unwrap();
    post.scene.clock.advance(HOUR);
    let second = post.events().removed(&token).await.unwrap();
    assert_eq!(first.id, second.id);
    post.offer().await;
    assert_eq!(post.scene.stores.outbox().len(), 1);
    post.scene.stores.drop_token(token.id);
    post.scene.clock.advance(MINUTE);
    post.offer().await;
    assert_eq!(post.mailbox.taken(), [second]);
}

#[tokio::test]
async fn what_waits_in_the_record_does_not_go_with_it() {
    let mut post = Post::new().await;
    let token = post.scene.stored_token();
    let refreshed = post.refresh(token.id).await;
    // What the caller read before may be older than the record.
    let removed = post.events().removed(&token).await.unwrap();
    post.scene.stores.drop_token(token.id);
    post.offer().await;
    let mut arrived = post.mailbox.taken();
    arrived.sort_by_key(|event| event.kind == EventKind::Removed);
    assert_eq!(arrived, [refreshed, removed]);
}
