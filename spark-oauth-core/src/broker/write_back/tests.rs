//! An answer of the provider is written where it still belongs, and never lost.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::broker::{Refreshed, TokenError};
use crate::ids::TokenId;
use crate::ports::SparkErrorKind;
use crate::testing::scene::{
    MINUTE, NOW, Scene, answer, caller, refresh, scene, settle_down, spawn_refresh,
};
use crate::testing::{ProviderCall, Reply, StoreCall, StoreFault};
use crate::token::{ConsentLoss, Lease, RevokedBy, Status, Token};

/// A refresh during which somebody else changes the record.
async fn refresh_while(
    scene: &Scene,
    id: TokenId,
    change: impl FnOnce(&mut Token) + Send + 'static,
) -> Result<Refreshed, TokenError> {
    let stores = scene.stores.clone();
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", Some("new-refresh"))));
    scene.stores.before(StoreCall::TokenUpdate, || {});
    scene.stores.before(StoreCall::TokenUpdate, move || {
        stores.change_token(id, change);
    });
    refresh(scene, id).await
}

#[tokio::test(start_paused = true)]
async fn after_a_conflict_the_same_generation_means_write_again() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let owner = scene.stranger();
    let theirs = Lease {
        owner,
        expires_at: NOW + MINUTE,
    };
    let done = refresh_while(&scene, id, move |token| token.lease = Some(theirs)).await;
    assert!(done.unwrap().called);
    let stored = scene.opened(id);
    assert_eq!(stored, ("new-access".into(), Some("new-refresh".into())));
    assert_eq!(
        scene.token(id).lease,
        Some(theirs),
        "a lease that is not ours any more stays"
    );
}

#[tokio::test(start_paused = true)]
async fn a_revocation_meanwhile_discards_the_answer() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let done = refresh_while(&scene, id, |token| {
        token.status = token.status.revoke(RevokedBy::Admin, NOW).unwrap();
        token.generation += 1;
    })
    .await;
    assert!(matches!(done, Err(TokenError::Revoked { .. })), "{done:?}");
    assert_eq!(scene.opened(id).0, "old-access");
    assert_eq!(scene.token(id).lease, None);
}

#[tokio::test(start_paused = true)]
async fn a_removal_meanwhile_discards_the_answer() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let stores = scene.stores.clone();
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", None)));
    scene.stores.before(StoreCall::TokenUpdate, || {});
    scene
        .stores
        .before(StoreCall::TokenUpdate, move || stores.drop_token(id));
    let done = refresh(&scene, id).await;
    assert!(matches!(done, Err(TokenError::NotFound)), "{done:?}");
    assert!(scene.stores.tokens().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_passing_failure_after_a_removal_is_a_removal() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let stores = scene.stores.clone();
    scene
        .client
        .on_refresh(Reply::error(SparkErrorKind::Unreachable));
    scene.stores.before(StoreCall::TokenUpdate, || {});
    scene
        .stores
        .before(StoreCall::TokenUpdate, move || stores.drop_token(id));
    let done = refresh(&scene, id).await;
    assert!(matches!(done, Err(TokenError::NotFound)), "{done:?}");
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_revives_what_another_process_gave_up() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    // It had only the old refresh token, which the provider no longer takes.
    let done = refresh_while(&scene, id, |token| {
        let reason = ConsentLoss::RefreshRefused;
        token.status = token.status.lose_consent(reason, NOW).unwrap();
    })
    .await;
    assert_eq!(done.unwrap().token.status, Status::Active);
    assert_eq!(scene.token(id).status, Status::Active);
    assert_eq!(scene.opened(id).1.as_deref(), Some("new-refresh"));
}

#[tokio::test(start_paused = true)]
async fn a_short_outage_is_waited_out() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let stores = scene.stores.clone();
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", Some("new-refresh"))));
    scene.stores.before(StoreCall::TokenUpdate, || {});
    scene.stores.before(StoreCall::TokenUpdate, move || {
        stores.fail(StoreCall::TokenUpdate, StoreFault::Away, 3);
        stores.fail(StoreCall::TokenGet, StoreFault::Away, 3);
    });
    assert!(refresh(&scene, id).await.unwrap().called);
    assert_eq!(scene.opened(id).1.as_deref(), Some("new-refresh"));
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_was_lost_is_recognised() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let stores = scene.stores.clone();
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", Some("new-refresh"))));
    scene.stores.before(StoreCall::TokenUpdate, move || {
        stores.fail(StoreCall::TokenUpdate, StoreFault::AnswerLost, 1);
    });
    let done = refresh(&scene, id).await.unwrap();
    assert!(done.called);
    assert_eq!(done.token, scene.token(id));
    assert_eq!(done.token.generation, 2, "written once");
}

#[tokio::test(start_paused = true)]
async fn new_tokens_wait_for_a_store_for_as_long_as_the_process_lives() {
    let scene = Arc::new(scene().await);
    let id = scene.stored_token().id;
    let gate = Arc::new(Semaphore::new(0));
    let reply = Reply::of(answer("new-access", Some("new-refresh"))).behind(&gate);
    scene.client.on_refresh(reply);
    let caller = spawn_refresh(&scene, id);
    scene.client.called(ProviderCall::Refresh, 1).await;
    scene.stores.set_away(true);
    gate.add_permits(1);
    let begun = tokio::time::Instant::now();
    let told = caller.await.unwrap().unwrap_err();
    assert!(matches!(told, TokenError::Store(_)), "{told:?}");
    assert!(begun.elapsed() <= Duration::from_secs(61));
    // An hour later the tokens are still there, and the store comes back.
    tokio::time::sleep(Duration::from_hours(1)).await;
    scene.stores.set_away(false);
    scene.oauth.settle().await;
    let stored = scene.opened(id);
    assert_eq!(stored, ("new-access".into(), Some("new-refresh".into())));
    assert_eq!(scene.token(id).lease, None);
    assert_eq!(scene.client.count(ProviderCall::Refresh), 1);
}

#[tokio::test(start_paused = true)]
async fn while_new_tokens_wait_the_live_one_is_handed_out() {
    let scene = Arc::new(scene().await);
    let id = scene.stored_token().id;
    let gate = Arc::new(Semaphore::new(0));
    let reply = Reply::of(answer("new-access", Some("new-refresh"))).behind(&gate);
    scene.client.on_refresh(reply);
    let caller_one = spawn_refresh(&scene, id);
    scene.client.called(ProviderCall::Refresh, 1).await;
    // Only the record of this token cannot be written.
    scene
        .stores
        .fail(StoreCall::TokenUpdate, StoreFault::Away, 1_000);
    gate.add_permits(1);
    caller_one.await.unwrap().unwrap_err();
    let broker = &scene.oauth.broker;
    let valid = broker.check_out(id, 90 * MINUTE, &caller()).await.unwrap();
    assert_eq!(valid.access_token.expose_secret(), "old-access");
    assert!(matches!(valid.warning, Some(TokenError::Store(_))));
    assert_eq!(
        scene.client.count(ProviderCall::Refresh),
        1,
        "the old refresh token is not used a second time"
    );
    settle_down().await;
}

#[tokio::test(start_paused = true)]
async fn a_store_limit_of_zero_does_not_make_the_writing_spin() {
    let scene = crate::testing::scene::scene_with(|builder| {
        builder.refresh_limits(crate::broker::RefreshLimits {
            write: Duration::ZERO,
            ..Default::default()
        })
    })
    .await;
    let id = scene.stored_token().id;
    let stores = scene.stores.clone();
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", None)));
    scene.stores.before(StoreCall::TokenUpdate, move || {
        stores.fail(StoreCall::TokenUpdate, StoreFault::Away, 5);
    });
    refresh(&scene, id).await.unwrap_err();
    scene.oauth.settle().await;
    assert_eq!(scene.opened(id).0, "new-access");
    assert_eq!(scene.stores.count(StoreCall::TokenUpdate), 7);
}
