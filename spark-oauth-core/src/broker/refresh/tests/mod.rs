//! The five steps of a refresh, with everything that can come between.

mod bounds;
mod clocks;
mod joined;
mod leases;
mod lineage;
mod parked;
mod scopes;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::audit::{AuditAction, Outcome};
use crate::broker::{Refreshed, TokenError};
use crate::ids::TokenId;
use crate::ports::{ErrorClass, SparkErrorKind};
use crate::testing::scene::{
    HOUR, MINUTE, NOW, Scene, answer, caller, refresh, scene, settle_down, spawn_refresh,
};
use crate::testing::{ProviderCall, Reply, StoreCall, StoreFault};
use crate::timestamp::Timestamp;
use crate::token::{ConsentLoss, LastRefresh, Lease, RefreshTrigger, Status, StatusKind};

fn hold(scene: &Scene, id: TokenId, expires_at: Timestamp) {
    let owner = scene.stranger();
    scene.stores.change_token(id, |token| {
        token.lease = Some(Lease { owner, expires_at });
    });
}

#[tokio::test]
async fn the_marker_stands_while_the_provider_is_asked_and_goes_with_the_answer() {
    let scene = Arc::new(scene().await);
    let id = scene.stored_token().id;
    let gate = Arc::new(Semaphore::new(0));
    let reply = Reply::of(answer("new-access", None)).behind(&gate);
    scene.client.on_refresh(reply);
    let caller = spawn_refresh(&scene, id);
    scene.client.called(ProviderCall::Refresh, 1).await;
    let during = scene.token(id);
    let lease = during.lease.expect("a lease");
    let attempt = during.attempt.expect("a marker");
    assert_eq!((attempt.owner, attempt.at), (lease.owner, NOW));
    assert!(lease.expires_at > NOW + MINUTE);
    scene.clock.advance(MINUTE);
    gate.add_permits(1);
    let done = caller.await.unwrap().unwrap();
    let after = scene.token(id);
    assert_eq!((after.lease, after.attempt), (None, None));
    assert_eq!(done.token, after);
    assert!(done.called);
    assert_eq!(after.generation, during.generation + 1);
    assert_eq!(
        after.last_refresh,
        Some(LastRefresh {
            at: NOW + MINUTE,
            by: RefreshTrigger::Admin
        })
    );
    assert_eq!(
        after.access_expires_at,
        NOW + 2 * HOUR,
        "a slow answer does not lengthen a life"
    );
    assert_eq!(scene.outcomes(AuditAction::TokenRefreshed), [Outcome::Done]);
}

#[tokio::test]
async fn nothing_is_asked_of_the_provider_before_the_marker_is_written() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    scene
        .stores
        .fail(StoreCall::TokenUpdate, StoreFault::Away, 1);
    let failed = refresh(&scene, id).await.unwrap_err();
    assert!(matches!(failed, TokenError::Store(_)), "{failed:?}");
    assert_eq!(scene.client.calls(), []);
    assert_eq!(scene.token(id).lease, None, "the lease was given back");
}

#[tokio::test]
async fn the_old_refresh_token_stays_where_the_answer_has_none() {
    for (given, kept) in [
        (None, "old-refresh"),
        (Some("old-refresh"), "old-refresh"),
        (Some("new-refresh"), "new-refresh"),
    ] {
        let scene = scene().await;
        let id = scene.stored_token().id;
        scene
            .client
            .on_refresh(Reply::of(answer("new-access", given)));
        refresh(&scene, id).await.unwrap();
        assert_eq!(scene.opened(id), ("new-access".into(), Some(kept.into())));
        let expected = NOW
            + if given.is_some() {
                48 * HOUR
            } else {
                24 * HOUR
            };
        assert_eq!(scene.token(id).refresh_expires_at, Some(expected));
        let sent = scene.client.refresh_tokens();
        assert_eq!(sent[0].expose_secret(), "old-refresh");
    }
}

#[tokio::test]
async fn an_answer_without_a_lifetime_does_not_cost_the_token() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let mut bare = answer("new-access", Some("new-refresh"));
    (bare.expires_in, bare.refresh_token_expires_in) = (None, None);
    scene.client.on_refresh(Reply::of(bare));
    refresh(&scene, id).await.unwrap();
    let stored = scene.opened(id);
    assert_eq!(stored, ("new-access".into(), Some("new-refresh".into())));
}

#[tokio::test(start_paused = true)]
async fn only_the_class_person_costs_the_consent() {
    for (kind, status, class) in [
        (
            SparkErrorKind::GrantRefused,
            StatusKind::NeedsConsent,
            ErrorClass::Person,
        ),
        (
            SparkErrorKind::IntegrationRefused,
            StatusKind::Active,
            ErrorClass::Application,
        ),
        (
            SparkErrorKind::Unavailable { retry_after: None },
            StatusKind::Active,
            ErrorClass::Passing,
        ),
        (
            SparkErrorKind::Unauthorized,
            StatusKind::Active,
            ErrorClass::Passing,
        ),
    ] {
        let scene = scene().await;
        let before = scene.stored_token();
        scene.client.on_refresh(Reply::error(kind));
        refresh(&scene, before.id).await.unwrap_err();
        let after = scene.token(before.id);
        assert_eq!(after.status.kind(), status, "{kind:?}");
        assert_eq!(
            (after.access, after.refresh),
            (before.access, before.refresh)
        );
        assert_eq!(after.last_failure.unwrap().class, class);
        assert_eq!((after.lease, after.attempt), (None, None), "{kind:?}");
    }
}

#[tokio::test]
async fn a_refused_refresh_token_that_had_ended_says_so() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    scene.clock.advance(24 * HOUR);
    scene
        .client
        .on_refresh(Reply::error(SparkErrorKind::GrantRefused));
    let lost = refresh(&scene, id).await.unwrap_err();
    let expected = ConsentLoss::RefreshTokenExpired;
    assert!(matches!(lost, TokenError::NeedsConsent { reason, .. } if reason == expected));
}

#[tokio::test]
async fn a_refusal_after_a_lost_race_changes_nothing() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let (stores, ring) = (scene.stores.clone(), scene.ring.clone());
    scene
        .client
        .on_refresh(Reply::error(SparkErrorKind::GrantRefused));
    scene.stores.before(StoreCall::TokenUpdate, || {});
    // Another process, whose lease we took over, writes its answer.
    scene.stores.before(StoreCall::TokenUpdate, move || {
        let access = ring.seal_access(id, &crate::AccessToken::new("their-access"));
        stores.change_token(id, |token| {
            token.generation += 1;
            token.access = access;
            token.last_refresh = Some(LastRefresh {
                at: NOW,
                by: RefreshTrigger::Worker,
            });
        });
    });
    let done = refresh(&scene, id).await.unwrap();
    assert_eq!(done.token.status, Status::Active);
    assert_eq!(scene.opened(id).0, "their-access");
    assert_eq!(scene.token(id).last_failure, None);
    assert_eq!(scene.token(id).lease, None);
}

#[tokio::test]
async fn a_conflict_at_the_marker_is_tried_again() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let stores = scene.stores.clone();
    scene.stores.before(StoreCall::TokenUpdate, move || {
        stores.change_token(id, |token| token.display_name = Some("Ann B.".into()));
    });
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", None)));
    refresh(&scene, id).await.unwrap();
    assert_eq!(scene.client.count(ProviderCall::Refresh), 1);
    let after = scene.token(id);
    assert_eq!(after.display_name.as_deref(), Some("Ann B."));
}

#[tokio::test]
async fn a_client_that_panics_leaves_nobody_waiting() {
    let scene = Arc::new(scene().await);
    let id = scene.stored_token().id;
    let gate = Arc::new(Semaphore::new(0));
    scene.client.on_refresh(Reply::panic().behind(&gate));
    let callers: Vec<_> = (0..5).map(|_| spawn_refresh(&scene, id)).collect();
    scene.client.called(ProviderCall::Refresh, 1).await;
    settle_down().await;
    gate.add_permits(1);
    for caller in callers {
        let failed = caller.await.unwrap().unwrap_err();
        assert!(matches!(failed, TokenError::Interrupted), "{failed:?}");
    }
    // The lease of this process is its own, so the next try needs not wait.
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", None)));
    assert!(refresh(&scene, id).await.unwrap().called);
    scene.oauth.settle().await;
}

#[tokio::test(start_paused = true)]
async fn who_joins_a_refresh_that_was_begun_for_less_gets_what_was_asked() {
    let scene = Arc::new(scene().await);
    let id = scene.stored_token().id;
    scene.clock.advance(59 * MINUTE);
    hold(&scene, id, NOW + 2 * HOUR);
    let check_out = |min_life| {
        let broker = scene.oauth.broker.clone();
        tokio::spawn(async move { broker.check_out(id, min_life, &caller()).await })
    };
    let short = check_out(2 * MINUTE);
    settle_down().await;
    let long = check_out(90 * MINUTE);
    settle_down().await;
    // Both wait; the other process makes the token live five minutes.
    scene.stores.change_token(id, |token| {
        token.access_expires_at = NOW + 64 * MINUTE;
        token.lease = None;
    });
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", None)));
    let short = short.await.unwrap().unwrap();
    assert_eq!(short.access_token.expose_secret(), "old-access");
    let long = long.await.unwrap().unwrap();
    assert_eq!(long.access_token.expose_secret(), "new-access");
    assert!(long.warning.is_none());
}
