//! What a record tells of its refreshes: races, lost answers, events.

use std::sync::{Mutex, PoisonError};

use super::*;
use crate::event::{Event, EventType};
use crate::ports::EventSink;
use crate::testing::scene::scene_with;
use crate::token::Token;

#[derive(Clone, Debug, Default)]
struct Heard(Arc<Mutex<Vec<Event>>>);

impl EventSink for Heard {
    fn publish(&self, event: &Event) {
        let mut events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        events.push(event.clone());
    }
}

impl Heard {
    fn types(&self) -> Vec<EventType> {
        let events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let types = events.iter().map(|event| event.kind.event_type());
        types.collect()
    }
}

/// A refresh that is answered in this way while somebody changes the record.
async fn refresh_while(
    scene: &Scene,
    id: TokenId,
    change: impl FnOnce(&mut Token) + Send + 'static,
) -> Result<Refreshed, TokenError> {
    let stores = scene.stores.clone();
    scene.stores.before(StoreCall::TokenUpdate, || {});
    scene.stores.before(StoreCall::TokenUpdate, move || {
        stores.change_token(id, change);
    });
    refresh(scene, id).await
}

fn refused() -> Reply<crate::ports::TokenAnswer> {
    Reply::error(SparkErrorKind::GrantRefused)
}

#[tokio::test(start_paused = true)]
async fn a_refusal_after_another_was_faster_is_a_lost_race() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    scene.client.on_refresh(refused());
    let done = refresh_while(&scene, id, |token| {
        token.generation += 1;
        token.last_refresh = Some(LastRefresh {
            at: NOW,
            by: RefreshTrigger::Worker,
        });
    })
    .await;
    assert!(!done.unwrap().called);
    let after = scene.token(id);
    assert_eq!(after.status, Status::Active);
    assert_eq!((after.upkeep.lost_races, after.upkeep.interrupted), (1, 0));
    assert_eq!((after.lease, after.attempt), (None, None));
}

#[tokio::test(start_paused = true)]
async fn another_refresh_token_in_the_record_is_a_lost_race_whatever_the_generation() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let other = scene
        .ring
        .seal_refresh(id, &crate::RefreshToken::new("their-refresh"));
    scene
        .client
        .on_refresh(refused())
        .on_refresh(Reply::of(answer("new-access", None)));
    let done = refresh_while(&scene, id, |token| token.refresh = Some(other)).await;
    assert!(done.unwrap().called);
    assert_eq!(scene.token(id).upkeep.lost_races, 1);
    let sent = scene.client.refresh_tokens();
    assert_eq!(sent[1].expose_secret(), "their-refresh");
}

#[tokio::test(start_paused = true)]
async fn the_same_refresh_token_under_another_seal_is_no_race() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let same = scene
        .ring
        .seal_refresh(id, &crate::RefreshToken::new("old-refresh"));
    scene.client.on_refresh(refused());
    let lost = refresh_while(&scene, id, |token| token.refresh = Some(same)).await;
    assert!(matches!(lost, Err(TokenError::NeedsConsent { .. })));
    let after = scene.token(id);
    assert_eq!(after.status.kind(), StatusKind::NeedsConsent);
    assert_eq!(after.upkeep.lost_races, 0);
    assert_eq!(after.upkeep.due_at, None, "the worker leaves it alone");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_too_late_is_a_lost_race() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    scene
        .client
        .on_refresh(Reply::of(answer("late-access", None)));
    let done = refresh_while(&scene, id, |token| {
        token.generation += 1;
        token.last_refresh = Some(LastRefresh {
            at: NOW,
            by: RefreshTrigger::Worker,
        });
    })
    .await;
    assert!(!done.unwrap().called);
    assert_eq!(scene.opened(id).0, "old-access");
    assert_eq!(scene.token(id).upkeep.lost_races, 1);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_counted_and_explains_a_refusal_that_follows() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    scene
        .client
        .on_refresh(Reply::error(SparkErrorKind::TimedOut))
        .on_refresh(Reply::error(SparkErrorKind::Unreachable))
        .on_refresh(refused());
    for _ in 0..3 {
        refresh(&scene, id).await.unwrap_err();
    }
    let after = scene.token(id);
    assert_eq!(after.status.kind(), StatusKind::NeedsConsent);
    assert_eq!(
        after.upkeep.interrupted, 1,
        "a refused connection loses none"
    );
    let summary = after.last_failure.unwrap().summary;
    assert!(summary.contains("may have been lost"), "{summary}");
}

#[tokio::test(start_paused = true)]
async fn lost_answer_is_counted_when_the_failure_note_is_not_stored() {
    for (kind, interrupted) in [
        (SparkErrorKind::TimedOut, 1),
        (SparkErrorKind::Unreachable, 0),
    ] {
        let scene = scene().await;
        let id = scene.stored_token().id;
        let stores = scene.stores.clone();
        scene.client.on_refresh(Reply::error(kind));
        // The store fails after the marker is written, until the engine gives up the note.
        scene.stores.before(StoreCall::TokenUpdate, move || {
            stores.fail(StoreCall::TokenUpdate, StoreFault::Away, 9);
        });
        refresh(&scene, id).await.unwrap_err();
        let between = scene.token(id);
        assert_eq!((between.lease, between.last_failure), (None, None));
        assert_eq!(between.attempt.is_some(), interrupted > 0, "{kind:?}");
        // A refresh that does not reach the provider leaves the marker as it is.
        scene
            .stores
            .fail(StoreCall::TokenUpdate, StoreFault::Away, 1);
        refresh(&scene, id).await.unwrap_err();
        assert_eq!(scene.token(id).attempt, between.attempt, "{kind:?}");
        scene.client.on_refresh(refused());
        refresh(&scene, id).await.unwrap_err();
        let after = scene.token(id);
        assert_eq!(after.status.kind(), StatusKind::NeedsConsent);
        assert_eq!(after.upkeep.interrupted, interrupted, "{kind:?}");
        let summary = after.last_failure.unwrap().summary;
        assert_eq!(
            summary.contains("may have been lost"),
            interrupted > 0,
            "{summary}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_forgets_a_lost_answer() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    scene
        .client
        .on_refresh(Reply::error(SparkErrorKind::TimedOut))
        .on_refresh(Reply::of(answer("new-access", None)))
        .on_refresh(refused());
    refresh(&scene, id).await.unwrap_err();
    refresh(&scene, id).await.unwrap();
    scene.clock.advance(MINUTE);
    refresh(&scene, id).await.unwrap_err();
    let summary = scene.token(id).last_failure.unwrap().summary;
    assert!(!summary.contains("lost"), "{summary}");
}

#[tokio::test(start_paused = true)]
async fn every_change_is_told_once_its_write_is_durable() {
    let heard = Heard::default();
    let sink = Arc::new(heard.clone());
    let scene = scene_with(|builder| builder.event_sink(sink)).await;
    let id = scene.stored_token().id;
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", None)))
        .on_refresh(Reply::error(SparkErrorKind::Unreachable))
        .on_refresh(refused());
    // The answer of the store is lost: the write is told all the same, and once.
    let stores = scene.stores.clone();
    scene.stores.before(StoreCall::TokenUpdate, move || {
        stores.fail(StoreCall::TokenUpdate, StoreFault::AnswerLost, 1);
    });
    refresh(&scene, id).await.unwrap();
    scene.clock.advance(MINUTE);
    refresh(&scene, id).await.unwrap_err();
    refresh(&scene, id).await.unwrap_err();
    scene.oauth.broker.remove(id, &caller()).await.unwrap();
    assert_eq!(
        heard.types(),
        [
            EventType::Refreshed,
            EventType::RefreshFailed,
            EventType::NeedsConsent,
            EventType::Removed,
        ]
    );
}
