//! What bounds a refresh: leases and clocks, back-off, pauses, the quiet time.

use super::*;
use crate::broker::CheckedOut;
use crate::ports::{Pause, PauseReason, PauseStore as _};
use crate::testing::scene::integration;
use crate::token::Upkeep;

const SECOND: Duration = Duration::from_secs(1);

async fn check_out(
    scene: &Scene,
    id: TokenId,
    min_life: Duration,
) -> Result<CheckedOut, TokenError> {
    scene.oauth.broker.check_out(id, min_life, &caller()).await
}

async fn pause(scene: &Scene, reason: PauseReason) {
    let pause = Pause {
        integration: integration().client_id,
        reason,
        since: NOW + SECOND,
        until: NOW + 3 * MINUTE,
        counted_from: NOW,
        trips: 1,
        summary: "the provider asks for fewer calls".to_owned(),
        tracking_id: None,
    };
    scene.stores.prolong_pause(&pause).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_extended_while_the_provider_takes_its_time() {
    let scene = Arc::new(scene().await);
    let id = scene.stored_token().id;
    let gate = Arc::new(Semaphore::new(0));
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", None)).behind(&gate));
    let refreshing = spawn_refresh(&scene, id);
    scene.client.called(ProviderCall::Refresh, 1).await;
    let first = scene.token(id).lease.unwrap();
    scene.clock.advance(31 * SECOND);
    tokio::time::sleep(31 * SECOND).await;
    let extended = scene.token(id).lease.unwrap();
    assert_eq!(extended.owner, first.owner);
    assert_eq!(extended.expires_at, first.expires_at + 31 * SECOND);
    gate.add_permits(1);
    assert!(refreshing.await.unwrap().unwrap().called);
    assert_eq!(scene.opened(id).0, "new-access");
    assert_eq!(scene.token(id).lease, None);
    tokio::time::sleep(HOUR).await;
    assert_eq!(scene.stores.count(StoreCall::TokenExtendLease), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_was_lost_is_not_taken_again_and_the_answer_still_counts() {
    let scene = Arc::new(scene().await);
    let id = scene.stored_token().id;
    let gate = Arc::new(Semaphore::new(0));
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", None)).behind(&gate));
    let refreshing = spawn_refresh(&scene, id);
    scene.client.called(ProviderCall::Refresh, 1).await;
    hold(&scene, id, NOW + HOUR);
    let theirs = scene.token(id).lease;
    tokio::time::sleep(31 * SECOND).await;
    assert_eq!(scene.token(id).lease, theirs);
    gate.add_permits(1);
    assert!(refreshing.await.unwrap().unwrap().called);
    assert_eq!(scene.token(id).lease, theirs);
    assert_eq!(scene.opened(id).0, "new-access");
}

#[tokio::test(start_paused = true)]
async fn failure_written_by_a_clock_that_is_ahead_does_not_block_a_service() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    scene
        .client
        .on_refresh(Reply::error(SparkErrorKind::Unreachable))
        .on_refresh(Reply::of(answer("new-access", None)));
    check_out(&scene, id, 90 * MINUTE).await.unwrap();
    scene.stores.change_token(id, |token| {
        token.last_failure.as_mut().unwrap().at = NOW + 30 * MINUTE;
    });
    let api = RefreshTrigger::Api;
    let done = scene.oauth.broker.refresh(id, api, &caller()).await;
    assert!(done.unwrap().called);
}

#[tokio::test(start_paused = true)]
async fn while_a_failure_is_fresh_the_provider_is_not_asked() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    scene
        .client
        .on_refresh(Reply::error(SparkErrorKind::Unreachable));
    check_out(&scene, id, 90 * MINUTE).await.unwrap();
    let Upkeep {
        failures, retry_at, ..
    } = scene.token(id).upkeep;
    assert_eq!(failures, 1);
    let claims = scene.stores.count(StoreCall::TokenClaim);
    let valid = check_out(&scene, id, 90 * MINUTE).await.unwrap();
    assert_eq!(valid.access_token.expose_secret(), "old-access");
    let left = retry_at.unwrap().since(NOW);
    assert!(
        matches!(valid.warning, Some(TokenError::BackingOff { retry_after }) if retry_after == left)
    );
    let api = RefreshTrigger::Api;
    let refused = scene.oauth.broker.refresh(id, api, &caller()).await;
    assert!(
        matches!(refused, Err(TokenError::BackingOff { .. })),
        "{refused:?}"
    );
    assert_eq!(scene.client.count(ProviderCall::Refresh), 1);
    assert_eq!(scene.stores.count(StoreCall::TokenClaim), claims);
    // A service may a few seconds later, and what fails then is told.
    scene.clock.advance(5 * SECOND);
    scene
        .client
        .on_refresh(Reply::error(SparkErrorKind::Unreachable));
    let refused = scene.oauth.broker.refresh(id, api, &caller()).await;
    assert!(
        matches!(refused, Err(TokenError::Provider(_))),
        "{refused:?}"
    );
    // An admin may at once, and what succeeds ends it.
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", None)));
    assert!(refresh(&scene, id).await.unwrap().called);
    let upkeep = scene.token(id).upkeep;
    assert_eq!((upkeep.failures, upkeep.retry_at), (0, None));
    assert!(upkeep.due_at.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_dead_token_in_its_back_off_is_refused_until_then() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    scene.stores.change_token(id, |token| {
        token.access_expires_at = NOW;
        token.upkeep.retry_at = Some(NOW + MINUTE);
    });
    let refused = check_out(&scene, id, MINUTE).await.unwrap_err();
    assert_eq!(refused.retry_after(), Some(MINUTE), "{refused:?}");
    assert_eq!(scene.client.calls(), []);
    scene.clock.advance(MINUTE);
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", None)));
    let valid = check_out(&scene, id, MINUTE).await.unwrap();
    assert_eq!(valid.access_token.expose_secret(), "new-access");
}

#[tokio::test(start_paused = true)]
async fn while_refreshing_pauses_the_live_token_is_the_answer() {
    for reason in [PauseReason::RateLimited, PauseReason::Outage] {
        let scene = scene().await;
        let id = scene.stored_token().id;
        pause(&scene, reason).await;
        scene.clock.advance(2 * SECOND);
        let valid = check_out(&scene, id, 90 * MINUTE).await.unwrap();
        assert_eq!(valid.access_token.expose_secret(), "old-access");
        assert!(matches!(valid.warning, Some(TokenError::Paused { .. })));
        scene
            .stores
            .change_token(id, |token| token.access_expires_at = NOW);
        let refused = check_out(&scene, id, MINUTE).await.unwrap_err();
        let left = 178 * SECOND;
        assert_eq!(refused.retry_after(), Some(left), "{refused:?}");
        assert_eq!(scene.client.calls(), []);
        assert_eq!(scene.stores.count(StoreCall::TokenClaim), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_try_that_succeeds_ends_the_pause() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    pause(&scene, PauseReason::Outage).await;
    scene.clock.advance(3 * MINUTE);
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", None)));
    check_out(&scene, id, 90 * MINUTE).await.unwrap();
    scene.oauth.settle().await;
    let standing = scene.stores.pause(&integration().client_id).await.unwrap();
    assert_eq!(standing, None);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_asks_to_be_left_alone_pauses_all() {
    let scene = scene().await;
    let (ann, bob) = (
        scene.stored_token(),
        scene.token_of("bob", "spark:rooms_read"),
    );
    scene.stores.put_token(bob.clone());
    let retry_after = Some(MINUTE);
    scene
        .client
        .on_refresh(Reply::error(SparkErrorKind::RateLimited { retry_after }));
    check_out(&scene, ann.id, 90 * MINUTE).await.unwrap();
    let valid = check_out(&scene, bob.id, 90 * MINUTE).await.unwrap();
    assert!(matches!(valid.warning, Some(TokenError::Paused { .. })));
    assert_eq!(scene.client.count(ProviderCall::Refresh), 1);
}

#[tokio::test]
async fn a_token_that_ended_since_its_refresh_is_refreshed_however_recent_that_was() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let mut short = answer("short-access", None);
    short.expires_in = Some(10 * SECOND);
    scene.client.on_refresh(Reply::of(short));
    refresh(&scene, id).await.unwrap();
    scene.clock.advance(9 * SECOND);
    let valid = check_out(&scene, id, HOUR).await.unwrap();
    assert_eq!(valid.access_token.expose_secret(), "short-access");
    scene.clock.advance(SECOND);
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", None)));
    let valid = check_out(&scene, id, SECOND).await.unwrap();
    assert_eq!(valid.access_token.expose_secret(), "new-access");
}

#[tokio::test]
async fn a_provider_that_gives_no_life_is_not_hammered() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let mut bare = answer("bare-access", None);
    bare.expires_in = None;
    scene.client.on_refresh(Reply::of(bare));
    refresh(&scene, id).await.unwrap();
    scene.clock.advance(29 * SECOND);
    check_out(&scene, id, HOUR).await.unwrap();
    assert_eq!(scene.client.count(ProviderCall::Refresh), 1);
}
