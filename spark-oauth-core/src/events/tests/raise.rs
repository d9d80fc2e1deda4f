//! One change is one event.

use super::*;
use crate::consent::{BrowserSecret, Callback, State};
use crate::events::raise::MOST_IN_A_RECORD;
use crate::ports::{ErrorClass, MockEventSink, PauseReason};
use crate::secret::AuthorizationCode;
use crate::testing::scene::{MINUTE, NOW, answer, origin, person};
use crate::testing::{Reply, StoreCall, StoreFault};
use crate::token::{ConsentLoss, LastFailure, RevokedBy, Status};

#[tokio::test]
async fn a_write_that_is_tried_again_tells_of_the_same_event() {
    let post = Post::new().await;
    let mut token = post.scene.stored_token();
    let first = post
        .events()
        .record(refreshed(&mut token), refreshed_kind());
    post.scene.clock.advance(MINUTE);
    let mut again = post.scene.token(token.id);
    again.version += 1;
    let second = post
        .events()
        .record(refreshed(&mut again), refreshed_kind());
    assert_eq!(second.id, first.id);
    let third = post.events().record(&mut again, refreshed_kind());
    assert_eq!(third.id, first.id);
    assert_eq!(again.upkeep.events.len(), 1, "{:?}", again.upkeep.events);
    let next = post
        .events()
        .record(refreshed(&mut again), refreshed_kind());
    assert_ne!(next.id, first.id);
}

#[tokio::test]
async fn changes_of_one_record_are_told_apart() {
    let post = Post::new().await;
    let events = post.events();
    let mut token = post.scene.stored_token();
    let mut ids = Vec::new();
    for since in [NOW, NOW + MINUTE] {
        let reason = ConsentLoss::RefreshRefused;
        token.status = Status::NeedsConsent { reason, since };
        ids.push(
            events
                .record(&mut token, EventKind::NeedsConsent { reason })
                .id,
        );
        let by = RevokedBy::Admin;
        token.status = Status::Revoked { by, at: since };
        ids.push(events.record(&mut token, EventKind::Revoked { by }).id);
        token.last_failure = Some(LastFailure {
            at: since,
            class: ErrorClass::Passing,
            summary: "a fault".to_owned(),
            tracking_id: None,
        });
        let failed = EventKind::RefreshFailed {
            class: ErrorClass::Passing,
            summary: "a fault".to_owned(),
            tracking_id: None,
            retry_at: None,
        };
        ids.push(events.record(&mut token, failed).id);
        token.granted_at = since;
        let renewed = true;
        ids.push(events.record(&mut token, EventKind::Granted { renewed }).id);
        token.refresh_expires_at = Some(since);
        let refresh_expires_at = since;
        let expiring = EventKind::RefreshTokenExpiring { refresh_expires_at };
        ids.push(events.record(&mut token, expiring).id);
    }
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[tokio::test]
async fn a_record_that_nobody_empties_drops_refreshes_and_nothing_else() {
    let mut observer = MockObserver::new();
    observer.expect_events_dropped().return_const(());
    let post = Post::observed_by(Arc::new(observer)).await;
    let mut token = post.scene.stored_token();
    let by = RevokedBy::Person;
    token.status = Status::Revoked { by, at: NOW };
    let revoked = post.events().record(&mut token, EventKind::Revoked { by });
    for _ in 0..2 * MOST_IN_A_RECORD {
        post.events()
            .record(refreshed(&mut token), refreshed_kind());
    }
    let waiting = &token.upkeep.events;
    assert_eq!(waiting.len(), MOST_IN_A_RECORD);
    assert_eq!(waiting[0], revoked);
    assert_eq!(
        waiting.last().unwrap().token.as_ref().unwrap().generation,
        token.generation,
        "the newest is kept"
    );
}

#[tokio::test]
async fn without_a_destination_nothing_is_written_but_the_sinks_hear() {
    let mut sink = MockEventSink::new();
    sink.expect_publish()
        .withf(|event| event.kind.event_type() == EventType::Paused)
        .once()
        .return_const(());
    let scene = scene_with(|builder| builder.event_sink(Arc::new(sink))).await;
    let mut token = scene.stored_token();
    let events = &scene.oauth.events.events;
    events.record(refreshed(&mut token), refreshed_kind());
    assert_eq!(token.upkeep.events, []);
    events.integration(EventKind::Paused {
        reason: PauseReason::Outage,
        until: NOW + MINUTE,
    });
    scene.oauth.settle().await;
    assert_eq!(scene.stores.outbox(), []);
}

#[tokio::test(start_paused = true)]
async fn an_event_of_the_integration_waits_for_a_store_that_is_away() {
    let post = Post::new().await;
    post.scene
        .stores
        .fail(StoreCall::OutboxAdd, StoreFault::Away, 3);
    post.events().integration(EventKind::Resumed);
    post.scene.oauth.settle().await;
    let outbox = post.scene.stores.outbox();
    assert_eq!(outbox.len(), 1);
    assert_eq!(outbox[0].event.kind, EventKind::Resumed);
}

#[tokio::test(start_paused = true)]
async fn a_consent_is_told_once_however_often_it_is_written() {
    let mailbox = Mailbox::default();
    let destination = Destination::new("box", Arc::new(mailbox.clone()));
    let scene = scene_with(|builder| builder.destination(destination)).await;
    let consents = &scene.oauth.consents;
    scene
        .client
        .on_exchange(Reply::of(answer("new-access", Some("new-refresh"))))
        .on_me(Reply::of(person("ann")));
    // The record is there, but the store failed to say so: it is renewed.
    scene
        .stores
        .fail(StoreCall::TokenInsert, StoreFault::AnswerLost, 1);
    let browser = BrowserSecret::generate(scene.random());
    let url = consents.begin(&browser, &origin(1)).await.unwrap();
    let state = url.query_pairs().find(|(key, _)| key == "state").unwrap();
    let callback = Callback {
        state: Some(State::from_callback(&*state.1)),
        code: Some(AuthorizationCode::new("the-code")),
        refusal: None,
        issuer: None,
    };
    consents
        .complete(callback, Some(&browser), &origin(1))
        .await
        .unwrap();
    let waiting = &scene.stores.tokens()[0].upkeep.events;
    assert_eq!(types(waiting), [EventType::Granted]);
    assert_eq!(waiting[0].kind, EventKind::Granted { renewed: false });
}

#[tokio::test]
async fn a_destination_gets_what_it_wants_alone() {
    let mailbox = Mailbox::default();
    let destination = Destination::new("box", Arc::new(mailbox)).only([EventType::NeedsConsent]);
    let scene = scene_with(|builder| builder.destination(destination)).await;
    let events = &scene.oauth.events.events;
    let mut token = scene.stored_token();
    events.record(refreshed(&mut token), refreshed_kind());
    let reason = ConsentLoss::RefreshRefused;
    events.record(&mut token, EventKind::NeedsConsent { reason });
    assert_eq!(types(&token.upkeep.events), [EventType::NeedsConsent]);
}
