//! Step one: the lease, and what happens while somebody else holds it.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_lease_held_elsewhere_is_waited_for_and_then_busy() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    hold(&scene, id, NOW + HOUR);
    let begun = tokio::time::Instant::now();
    let busy = refresh(&scene, id).await.unwrap_err();
    let waited = begun.elapsed();
    let TokenError::Busy { retry_after } = busy else {
        panic!("{busy:?}");
    };
    assert!(waited <= Duration::from_secs(10), "{waited:?}");
    assert!(waited > Duration::from_secs(9), "{waited:?}");
    assert_eq!(retry_after, Duration::from_secs(10));
    assert_eq!(scene.client.calls(), []);
    assert!(scene.token(id).lease.is_some(), "theirs stands");
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_given_back_is_taken_at_once() {
    let scene = Arc::new(scene().await);
    let id = scene.stored_token().id;
    hold(&scene, id, NOW + HOUR);
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", None)));
    let caller = spawn_refresh(&scene, id);
    tokio::time::sleep(Duration::from_secs(1)).await;
    scene.stores.change_token(id, |token| token.lease = None);
    assert!(caller.await.unwrap().unwrap().called);
}

#[tokio::test(start_paused = true)]
async fn what_another_process_refreshed_is_the_answer() {
    let (scene, other) = {
        let scene = scene().await;
        let other = scene.another_process().await;
        (Arc::new(scene), Arc::new(other))
    };
    let id = scene.stored_token().id;
    let gate = Arc::new(Semaphore::new(0));
    let reply = Reply::of(answer("their-access", None)).behind(&gate);
    other.client.on_refresh(reply);
    let theirs = spawn_refresh(&other, id);
    other.client.called(ProviderCall::Refresh, 1).await;
    let ours = spawn_refresh(&scene, id);
    settle_down().await;
    gate.add_permits(1);
    assert!(theirs.await.unwrap().unwrap().called);
    assert!(!ours.await.unwrap().unwrap().called);
    assert_eq!(scene.client.calls(), [], "one refresh for both");
}

/// A store may carry a release out long after it was given up on: one that went by
/// its owner alone would end the lease of the owner's next refresh.
#[tokio::test]
async fn a_lease_is_given_back_by_compare_and_set() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let stores = scene.stores.clone();
    // Another process was faster: the claim finds a fresh token.
    scene.stores.before(StoreCall::TokenClaim, move || {
        stores.change_token(id, |token| {
            token.last_refresh = Some(LastRefresh {
                at: NOW,
                by: RefreshTrigger::Worker,
            });
        });
    });
    let (stores, owner) = (scene.stores.clone(), scene.oauth.broker.process());
    let expires_at = NOW + HOUR;
    // The record changes before the release takes effect.
    scene.stores.before(StoreCall::TokenUpdate, move || {
        stores.change_token(id, |token| token.lease = Some(Lease { owner, expires_at }));
    });
    let done = refresh(&scene, id).await.unwrap();
    assert!(!done.called);
    assert_eq!(scene.stores.count(StoreCall::TokenReleaseLease), 0);
    assert_eq!(
        scene.stores.count(StoreCall::TokenUpdate),
        2,
        "one conflicts"
    );
    assert_eq!(scene.token(id).lease, None);
}

#[tokio::test(start_paused = true)]
async fn who_sees_the_goal_reached_never_refreshes_without_the_lease() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    hold(&scene, id, NOW + HOUR);
    let stores = scene.stores.clone();
    // The other process has just answered and still holds the lease.
    scene.stores.before(StoreCall::TokenGet, || {});
    scene.stores.before(StoreCall::TokenGet, move || {
        stores.change_token(id, |token| {
            token.last_refresh = Some(LastRefresh {
                at: NOW,
                by: RefreshTrigger::Worker,
            });
        });
    });
    let done = refresh(&scene, id).await.unwrap();
    assert!(!done.called);
    assert_eq!(scene.stores.count(StoreCall::TokenReleaseLease), 0);
    assert_eq!(scene.stores.count(StoreCall::TokenUpdate), 0);
}

/// However the clock of its owner goes: an hour ahead, an hour behind, days apart.
#[tokio::test(start_paused = true)]
async fn a_lease_is_taken_over_when_it_was_seen_unchanged_for_as_long_as_one_lasts() {
    let lasts = Duration::from_secs(95);
    for (expires_at, after) in [
        (NOW, lasts),
        (NOW - HOUR, lasts),
        (NOW + HOUR, 4 * lasts),
        (NOW + 48 * HOUR, 4 * lasts),
        // It ended before any clock that may be right.
        (NOW - 30 * HOUR, Duration::ZERO),
    ] {
        let scene = scene().await;
        let id = scene.stored_token().id;
        hold(&scene, id, expires_at);
        if !after.is_zero() {
            let millisecond = Duration::from_millis(1);
            for passed in [after.saturating_sub(millisecond), millisecond] {
                let busy = refresh(&scene, id).await.unwrap_err();
                assert!(matches!(busy, TokenError::Busy { .. }), "{busy:?}");
                assert_eq!(scene.client.calls(), []);
                scene.clock.advance(passed);
            }
        }
        scene
            .client
            .on_refresh(Reply::of(answer("new-access", None)));
        assert!(refresh(&scene, id).await.unwrap().called, "{expires_at}");
        assert_eq!(scene.token(id).lease, None);
    }
}

/// Its owner lives, since it extends it, however long ago its times seem to be.
#[tokio::test(start_paused = true)]
async fn a_lease_that_is_extended_is_never_taken_over() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    hold(&scene, id, NOW - HOUR);
    for _ in 0..20 {
        let busy = refresh(&scene, id).await.unwrap_err();
        assert!(matches!(busy, TokenError::Busy { .. }), "{busy:?}");
        scene.clock.advance(Duration::from_secs(80));
        scene.stores.change_token(id, |token| {
            let lease = token.lease.as_mut().unwrap();
            lease.expires_at = lease.expires_at + Duration::from_secs(30);
        });
    }
    assert_eq!(scene.client.calls(), []);
}
