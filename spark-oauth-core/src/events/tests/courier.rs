//! From the outbox to the destination.

use std::time::Duration;

use super::mailbox::{failed, failed_for, gone};
use super::*;
use crate::events::back_off::MOST_ATTEMPTS;
use crate::testing::scene::{HOUR, MINUTE, NOW};
use crate::testing::{StoreCall, StoreFault};

const DAY: Duration = Duration::from_hours(24);

async fn told(post: &Post) -> Event {
    let id = post.scene.stored_token().id;
    post.refresh(id).await
}

#[tokio::test]
async fn an_event_that_is_not_taken_is_offered_again_later() {
    let endings = [
        (DeliveryOutcome::Failed, 2),
        (DeliveryOutcome::Delivered, 1),
    ];
    let mut post = Post::observed_by(expecting(&endings)).await;
    let event = told(&post).await;
    post.mailbox.refuse([failed(), failed()]);
    post.relay_and_offer().await;
    let entry = post.scene.stores.outbox().remove(0);
    assert_eq!(entry.attempts, 1);
    assert_eq!(entry.last_error.as_deref(), Some("the box is full"));
    let pause = entry.next_at.since(NOW).as_millis();
    assert!((4_000..=6_000).contains(&pause), "{pause}");

    post.offer().await;
    assert_eq!(post.mailbox.offered().len(), 1, "not due yet");
    post.scene.clock.set(entry.next_at);
    post.offer().await;
    let entry = post.scene.stores.outbox().remove(0);
    let pause = entry
        .next_at
        .since(post.scene.oauth.events.events.clock.now());
    assert!(pause > Duration::from_secs(15), "{pause:?}");
    post.scene.clock.set(entry.next_at);
    post.offer().await;
    assert_eq!(post.mailbox.taken(), [event]);
    assert_eq!(types(&post.mailbox.offered()), [EventType::Refreshed; 3]);
    assert_eq!(post.scene.stores.outbox(), []);
}

#[tokio::test]
async fn an_event_that_is_never_taken_is_given_up_after_days() {
    let failures = MOST_ATTEMPTS as usize - 1;
    let endings = [
        (DeliveryOutcome::Failed, failures),
        (DeliveryOutcome::GivenUp, 1),
    ];
    let mut post = Post::observed_by(expecting(&endings)).await;
    told(&post).await;
    post.mailbox.refuse_all(Some(failed()));
    post.events().relay().await.unwrap();
    while let Some(entry) = post.scene.stores.outbox().first() {
        post.scene.clock.set(entry.next_at);
        post.offer().await;
    }
    assert_eq!(post.mailbox.offered().len(), MOST_ATTEMPTS as usize);
    let days = post.events().clock.now().since(NOW);
    assert!(days > 2 * DAY && days < 4 * DAY, "{days:?}");
}

#[tokio::test]
async fn a_destination_that_asks_for_a_pause_gets_it() {
    let mut post = Post::new().await;
    told(&post).await;
    post.mailbox.refuse([failed_for(Some(HOUR))]);
    post.relay_and_offer().await;
    let pause = post.scene.stores.outbox()[0].next_at.since(NOW);
    assert!(pause >= HOUR.mul_f64(0.8), "{pause:?}");
}

#[tokio::test]
async fn a_destination_that_is_gone_is_left_alone_and_its_events_end_some_day() {
    let endings = [(DeliveryOutcome::Failed, 2), (DeliveryOutcome::GivenUp, 1)];
    let mut post = Post::observed_by(expecting(&endings)).await;
    told(&post).await;
    post.mailbox.refuse_all(Some(gone()));
    post.relay_and_offer().await;
    // Others are not even offered.
    let other = post.scene.token_of("bob", "spark:rooms_read");
    post.scene.stores.put_token(other.clone());
    post.refresh(other.id).await;
    post.relay_and_offer().await;
    assert_eq!(post.mailbox.offered().len(), 1);
    assert_eq!(post.scene.stores.outbox().len(), 2);

    // After the rest one is offered; nobody waits for ever for the answer.
    post.scene.clock.advance(4 * DAY);
    post.offer().await;
    assert_eq!(post.mailbox.offered().len(), 2);
    post.offer().await;
    assert_eq!(post.mailbox.offered().len(), 2);
    assert_eq!(post.scene.stores.outbox().len(), 1);
}

#[tokio::test]
async fn a_failing_destination_is_spared_and_comes_back() {
    let mut post = Post::new().await;
    for number in 0..40 {
        let token = post.scene.token_of(&format!("person{number}"), "a");
        post.scene.stores.put_token(token.clone());
        post.refresh(token.id).await;
    }
    post.mailbox.refuse_all(Some(failed()));
    post.events().relay().await.unwrap();
    for _ in 0..20 {
        post.offer().await;
    }
    let offered = post.mailbox.offered().len();
    assert!((5..=8).contains(&offered), "{offered}");
    post.mailbox.refuse_all(None);
    for _ in 0..40 {
        post.scene.clock.advance(MINUTE);
        post.offer().await;
    }
    assert_eq!(post.mailbox.taken().len(), 40);
    assert_eq!(post.scene.stores.outbox(), []);
}

#[tokio::test]
async fn two_processes_share_the_work_and_offer_nothing_twice() {
    let mut post = Post::new().await;
    let mut others = courier(&post.scene);
    for number in 0..100 {
        let token = post.scene.token_of(&format!("person{number}"), "a");
        post.scene.stores.put_token(token.clone());
        post.refresh(token.id).await;
    }
    let (one, other) = tokio::join!(post.events().relay(), post.events().relay());
    assert!(one.is_ok() && other.is_ok());
    while !post.scene.stores.outbox().is_empty() {
        let (one, other) = tokio::join!(post.courier.sweep(), others.sweep());
        assert!(one.is_ok() && other.is_ok());
        tokio::join!(post.courier.finish(), others.finish());
    }
    let mut ids: Vec<_> = post
        .mailbox
        .offered()
        .iter()
        .map(|event| event.id)
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), post.mailbox.offered().len()), (100, 100));
}

#[tokio::test(start_paused = true)]
async fn an_ending_that_cannot_be_noted_brings_the_event_again_under_its_identifier() {
    let mut post = Post::new().await;
    let event = told(&post).await;
    post.events().relay().await.unwrap();
    post.scene
        .stores
        .fail(StoreCall::OutboxRemove, StoreFault::Away, 1_000);
    post.offer().await;
    post.scene.stores.heal();
    post.scene.clock.advance(MINUTE / 2);
    post.offer().await;
    assert_eq!(post.mailbox.offered().len(), 1, "it is ours for a while");
    post.scene.clock.advance(MINUTE);
    post.offer().await;
    assert_eq!(post.mailbox.taken(), [event.clone(), event]);
    assert_eq!(post.scene.stores.outbox(), []);
}

#[tokio::test]
async fn an_unknown_destination_is_kept_for_another_configuration_and_then_given_up() {
    let endings = [(DeliveryOutcome::GivenUp, 1)];
    let observer = {
        let mut observer = MockObserver::new();
        for (outcome, times) in endings {
            observer
                .expect_delivery_ended()
                .withf(move |destination, ended, _| destination == "old" && *ended == outcome)
                .times(times)
                .return_const(());
        }
        Arc::new(observer)
    };
    let mut post = Post::observed_by(observer).await;
    told(&post).await;
    post.events().relay().await.unwrap();
    let mut entry = post.scene.stores.outbox().remove(0);
    let outbox = post.events().outbox.clone();
    outbox
        .remove_from_outbox(entry.event.id, "box")
        .await
        .unwrap();
    entry.destination = "old".to_owned();
    outbox.add_to_outbox(&entry).await.unwrap();
    post.offer().await;
    assert_eq!(post.scene.stores.outbox().len(), 1);
    post.scene.clock.advance(4 * DAY);
    post.offer().await;
    assert_eq!(post.scene.stores.outbox(), []);
    assert_eq!(post.mailbox.offered(), []);
}
