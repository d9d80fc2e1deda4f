//! From the outbox to the destination.

use std::time::Duration;

use super::mailbox::{failed, failed_for, gone};
use super::*;
use crate::audit::AuditAction;
use crate::events::DeliveryTrouble;
use crate::events::back_off::MOST_ATTEMPTS;
use crate::testing::scene::{HOUR, MINUTE, NOW, caller};
use crate::testing::{StoreCall, StoreFault};

const DAY: Duration = Duration::from_hours(24);

impl Post {
    async fn trouble(&self) -> Option<DeliveryTrouble> {
        let statuses = self.scene.oauth.events.destinations().await;
        statuses.unwrap().remove(0).trouble
    }
}

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
    let endings = [(DeliveryOutcome::Failed, 1), (DeliveryOutcome::GivenUp, 2)];
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

    // Events that are older than three days by then are given up.
    post.scene.clock.advance(4 * DAY);
    post.offer().await;
    assert_eq!(post.mailbox.offered().len(), 1);
    assert_eq!(post.scene.stores.outbox(), []);
}

#[tokio::test]
async fn a_destination_that_was_gone_is_tried_again_after_half_a_day() {
    let mut post = Post::new().await;
    let event = told(&post).await;
    post.mailbox.refuse([gone()]);
    post.relay_and_offer().await;
    post.scene.clock.advance(11 * HOUR);
    post.offer().await;
    assert_eq!(post.mailbox.offered().len(), 1);
    post.scene.clock.advance(HOUR);
    post.offer().await;
    assert_eq!(post.mailbox.taken(), [event]);
    assert_eq!(post.trouble().await, None);
}

#[tokio::test]
async fn a_suspension_is_shown_and_resumed() {
    let mut post = Post::new().await;
    let first = told(&post).await;
    post.mailbox.refuse([gone()]);
    post.relay_and_offer().await;
    let other = post.scene.token_of("bob", "spark:rooms_read");
    post.scene.stores.put_token(other.clone());
    post.scene.clock.advance(HOUR);
    let second = post.refresh(other.id).await;
    post.relay_and_offer().await;
    let trouble = post.trouble().await.unwrap();
    assert!(trouble.suspended);
    assert_eq!(
        (trouble.since, trouble.next_attempt_at),
        (NOW, NOW + DAY / 2)
    );
    assert_eq!(trouble.reason, "the box is gone");
    let statuses = post.scene.oauth.events.destinations().await.unwrap();
    assert_eq!((statuses.len(), statuses[0].waiting), (1, 2));

    let resumed = post.scene.oauth.events.resume("box", &caller()).await;
    // What failed is due again by now, too.
    assert_eq!(resumed.unwrap(), 0);
    post.offer().await;
    let mut taken = post.mailbox.taken();
    taken.sort_by_key(|event| event.id);
    let mut expected = [first, second];
    expected.sort_by_key(|event| event.id);
    assert_eq!(taken, expected);
    assert_eq!(post.trouble().await, None);
    let entry = post.scene.stores.audit_entries().pop().unwrap();
    assert_eq!(entry.action, AuditAction::DeliveryResumed);
    assert_eq!(entry.subject.as_deref(), Some("box"));
}

#[tokio::test]
async fn a_failure_is_shown_until_its_event_is_taken() {
    let mut post = Post::new().await;
    let event = told(&post).await;
    assert_eq!(post.trouble().await, None);
    post.mailbox.refuse([failed_for(Some(5 * DAY))]);
    post.relay_and_offer().await;
    let trouble = post.trouble().await.unwrap();
    assert!(!trouble.suspended);
    assert_eq!(
        (trouble.since, trouble.reason.as_str()),
        (event.at, "the box is full")
    );
    let pause = trouble.next_attempt_at.since(NOW);
    assert!(pause > 8 * HOUR && pause < 15 * HOUR, "{pause:?}");
    let resumed = post.scene.oauth.events.resume("box", &caller()).await;
    assert_eq!(resumed.unwrap(), 1);
    post.offer().await;
    assert_eq!(post.mailbox.taken(), [event]);
    assert_eq!(post.trouble().await, None);
}

#[tokio::test]
async fn another_endpoint_gets_at_once_what_the_last_one_did_not_take() {
    for refusal in [gone(), failed_for(Some(5 * DAY))] {
        let post = Post::new().await;
        let event = told(&post).await;
        let mut post = post.restarted("one").await;
        post.mailbox.refuse([refusal]);
        post.relay_and_offer().await;
        let mut post = post.restarted("other").await;
        post.offer().await;
        assert_eq!(post.mailbox.taken(), [event]);
    }
}

#[tokio::test]
async fn a_restart_with_the_same_endpoint_keeps_the_pause_that_the_endpoint_asked_for() {
    let post = Post::new().await;
    told(&post).await;
    let mut post = post.restarted("one").await;
    post.mailbox.refuse([failed_for(Some(5 * DAY))]);
    post.relay_and_offer().await;
    let entry = post.scene.stores.outbox().remove(0);
    let mut post = post.restarted("one").await;
    post.offer().await;
    assert_eq!(post.scene.stores.outbox(), [entry]);
    assert!(
        post.trouble().await.is_some(),
        "it is shown after a restart"
    );
}

#[tokio::test]
async fn events_that_waited_for_an_unknown_destination_are_sent_once_it_is_known() {
    let mut post = Post::new().await;
    let event = told(&post).await;
    post.events().relay().await.unwrap();
    let mut entry = post.scene.stores.outbox().remove(0);
    let seen = entry.next_at;
    entry.next_at = NOW + HOUR;
    let outbox = post.events().outbox.clone();
    assert!(outbox.reschedule_in_outbox(&entry, seen).await.unwrap());
    post.offer().await;
    assert_eq!(post.mailbox.taken(), [event]);
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
            observer.expect_destination_suspended().return_const(());
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
