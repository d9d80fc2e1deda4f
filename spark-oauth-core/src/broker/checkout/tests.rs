//! What a caller gets for "give me a valid access token".

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::audit::{AuditAction, Outcome};
use crate::broker::{CheckedOut, TokenError};
use crate::ids::TokenId;
use crate::ports::SparkErrorKind;
use crate::testing::scene::{HOUR, MINUTE, NOW, Scene, answer, caller, scene, settle_down};
use crate::testing::{ProviderCall, Reply, StoreCall};
use crate::token::{ConsentLoss, LastRefresh, RefreshTrigger, RevokedBy, Status, StatusKind};

async fn check_out(
    scene: &Scene,
    id: TokenId,
    min_life: Duration,
) -> Result<CheckedOut, TokenError> {
    scene.oauth.broker.check_out(id, min_life, &caller()).await
}

fn text(checked_out: &CheckedOut) -> &str {
    checked_out.access_token.expose_secret()
}

#[tokio::test]
async fn a_token_that_lives_long_enough_is_answered_as_it_is() {
    let scene = scene().await;
    let token = scene.stored_token();
    let valid = check_out(&scene, token.id, HOUR).await.unwrap();
    assert_eq!(text(&valid), "old-access");
    assert_eq!((valid.expires_in, valid.expires_at), (HOUR, NOW + HOUR));
    assert!(valid.warning.is_none());
    assert_eq!(scene.client.calls(), []);
    scene.oauth.settle().await;
    assert_eq!(
        scene.outcomes(AuditAction::TokenCheckedOut),
        [Outcome::Done]
    );
}

#[tokio::test]
async fn a_token_that_lives_too_short_is_refreshed() {
    let scene = scene().await;
    let token = scene.stored_token();
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", None)));
    let valid = check_out(&scene, token.id, HOUR + MINUTE).await.unwrap();
    assert_eq!(text(&valid), "new-access");
    assert_eq!(valid.expires_in, 2 * HOUR);
}

#[tokio::test]
async fn an_ended_token_is_refreshed_even_where_no_life_is_asked_for() {
    let scene = scene().await;
    let token = scene.stored_token();
    scene.clock.advance(HOUR);
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", None)));
    let valid = check_out(&scene, token.id, Duration::ZERO).await.unwrap();
    assert_eq!(text(&valid), "new-access");
}

/// For so many refreshes the store takes the answer only after the token's end.
fn delay_answers(scene: &Scene, refreshes: usize) {
    for _ in 0..refreshes {
        let clock = scene.clock.clone();
        // The first update sets the marker, the second is the answer's.
        scene.stores.before(StoreCall::TokenUpdate, || {});
        scene
            .stores
            .before(StoreCall::TokenUpdate, move || clock.advance(3 * HOUR));
    }
}

#[tokio::test]
async fn a_token_that_ended_before_the_store_had_it_is_not_handed_out() {
    for refreshes in [1, 2] {
        let scene = scene().await;
        let token = scene.stored_token();
        scene
            .client
            .on_refresh(Reply::of(answer("new-access", None)))
            .on_refresh(Reply::of(answer("newer-access", None)));
        delay_answers(&scene, refreshes);
        let outcome = check_out(&scene, token.id, 2 * HOUR).await;
        if refreshes == 1 {
            let valid = outcome.unwrap();
            assert_eq!(text(&valid), "newer-access");
            assert_eq!(valid.expires_in, 2 * HOUR);
        } else {
            assert!(matches!(outcome, Err(TokenError::Busy { .. })));
        }
    }
}

#[tokio::test]
async fn callers_that_arrive_meanwhile_wait_for_the_one_refresh() {
    let scene = Arc::new(scene().await);
    let id = scene.stored_token().id;
    let gate = Arc::new(Semaphore::new(0));
    let reply = Reply::of(answer("new-access", None)).behind(&gate);
    scene.client.on_refresh(reply);
    let callers: Vec<_> = (0..50)
        .map(|_| {
            let scene = scene.clone();
            tokio::spawn(async move { check_out(&scene, id, 90 * MINUTE).await })
        })
        .collect();
    scene.client.called(ProviderCall::Refresh, 1).await;
    settle_down().await;
    gate.add_permits(1);
    for caller in callers {
        assert_eq!(text(&caller.await.unwrap().unwrap()), "new-access");
    }
    assert_eq!(scene.client.count(ProviderCall::Refresh), 1);
}

#[tokio::test]
async fn a_caller_that_hangs_up_leaves_the_refresh_to_the_others() {
    let scene = Arc::new(scene().await);
    let id = scene.stored_token().id;
    let gate = Arc::new(Semaphore::new(0));
    let reply = Reply::of(answer("new-access", Some("new-refresh"))).behind(&gate);
    scene.client.on_refresh(reply);
    let caller = tokio::spawn({
        let scene = scene.clone();
        async move { check_out(&scene, id, 90 * MINUTE).await }
    });
    scene.client.called(ProviderCall::Refresh, 1).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    gate.add_permits(1);
    scene.oauth.settle().await;
    let stored = scene.opened(id);
    assert_eq!(stored, ("new-access".into(), Some("new-refresh".into())));
}

#[tokio::test(start_paused = true)]
async fn a_live_token_is_answered_with_a_warning_where_its_refresh_fails() {
    for kind in [
        SparkErrorKind::Unreachable,
        SparkErrorKind::TimedOut,
        SparkErrorKind::RateLimited { retry_after: None },
        SparkErrorKind::Unavailable { retry_after: None },
        SparkErrorKind::Unreadable,
        SparkErrorKind::Unexpected,
        SparkErrorKind::IntegrationRefused,
    ] {
        let scene = scene().await;
        let token = scene.stored_token();
        scene.client.on_refresh(Reply::error(kind));
        let valid = check_out(&scene, token.id, 90 * MINUTE).await.unwrap();
        assert_eq!(text(&valid), "old-access", "{kind:?}");
        assert!(
            matches!(valid.warning, Some(TokenError::Provider(error)) if error.kind == kind),
            "{kind:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_token_is_an_error_where_its_refresh_fails() {
    let scene = scene().await;
    let token = scene.stored_token();
    scene.clock.advance(HOUR);
    scene
        .client
        .on_refresh(Reply::error(SparkErrorKind::Unreachable));
    let refused = check_out(&scene, token.id, MINUTE).await.unwrap_err();
    assert!(matches!(refused, TokenError::Provider(_)), "{refused:?}");
    assert_eq!(
        scene.outcomes(AuditAction::TokenCheckedOut),
        [Outcome::Refused("provider".into())]
    );
    assert_eq!(scene.token(token.id).status, Status::Active);
}

#[tokio::test]
async fn a_token_refreshed_a_moment_ago_is_answered_whatever_life_is_asked_for() {
    let scene = scene().await;
    let token = scene.stored_token();
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", None)));
    check_out(&scene, token.id, 90 * MINUTE).await.unwrap();
    let writes = scene.stores.count(StoreCall::TokenClaim);
    scene.clock.advance(Duration::from_secs(29));
    let valid = check_out(&scene, token.id, 1_000 * HOUR).await.unwrap();
    assert_eq!(text(&valid), "new-access");
    assert_eq!(scene.client.count(ProviderCall::Refresh), 1);
    assert_eq!(
        scene.stores.count(StoreCall::TokenClaim),
        writes,
        "nobody can make us hammer the store either"
    );
    scene.clock.advance(Duration::from_secs(1));
    scene
        .client
        .on_refresh(Reply::of(answer("newer-access", None)));
    let valid = check_out(&scene, token.id, 1_000 * HOUR).await.unwrap();
    assert_eq!(text(&valid), "newer-access");
}

#[tokio::test]
async fn a_clock_that_was_set_back_does_not_make_an_old_refresh_look_recent() {
    let scene = scene().await;
    let mut token = scene.token_of("ann", "spark:rooms_read");
    token.last_refresh = Some(LastRefresh {
        at: NOW + 24 * HOUR,
        by: RefreshTrigger::Checkout,
    });
    scene.stores.put_token(token.clone());
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", None)));
    let valid = check_out(&scene, token.id, 90 * MINUTE).await.unwrap();
    assert_eq!(text(&valid), "new-access");
}

#[tokio::test]
async fn a_token_without_a_refresh_token_is_good_until_it_ends() {
    let scene = scene().await;
    let mut token = scene.token_of("ann", "spark:rooms_read");
    token.refresh = None;
    scene.stores.put_token(token.clone());
    let valid = check_out(&scene, token.id, 24 * HOUR).await.unwrap();
    assert_eq!(text(&valid), "old-access");
    assert!(valid.warning.is_some());
    assert_eq!(scene.token(token.id).status, Status::Active);
    assert_eq!(scene.token(token.id).lease, None);
    scene.clock.advance(HOUR);
    let refused = check_out(&scene, token.id, MINUTE).await.unwrap_err();
    let reason = ConsentLoss::NoRefreshToken;
    assert!(
        matches!(refused, TokenError::NeedsConsent { reason: told, .. } if told == reason),
        "{refused:?}"
    );
    assert_eq!(
        scene.token(token.id).status.kind(),
        StatusKind::NeedsConsent
    );
}

#[tokio::test]
async fn what_is_not_active_is_not_handed_out() {
    let scene = scene().await;
    let token = scene.stored_token();
    let revoked = Status::Active.revoke(RevokedBy::Admin, NOW).unwrap();
    scene
        .stores
        .change_token(token.id, |token| token.status = revoked);
    let refused = check_out(&scene, token.id, MINUTE).await.unwrap_err();
    assert!(matches!(refused, TokenError::Revoked { .. }), "{refused:?}");
    scene.stores.drop_token(token.id);
    let refused = check_out(&scene, token.id, MINUTE).await.unwrap_err();
    assert!(matches!(refused, TokenError::NotFound), "{refused:?}");
}

#[tokio::test]
async fn a_consent_given_during_the_refresh_is_the_answer() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let (stores, ring) = (scene.stores.clone(), scene.ring.clone());
    // The person consents anew while the provider answers: the write meets it.
    scene
        .client
        .on_refresh(Reply::of(answer("late-access", None)));
    scene.stores.before(StoreCall::TokenClaim, || {});
    scene.stores.before(StoreCall::TokenUpdate, || {});
    scene.stores.before(StoreCall::TokenUpdate, move || {
        let access = ring.seal_access(id, &crate::AccessToken::new("granted-access"));
        stores.change_token(id, |token| {
            token.generation += 1;
            token.access = access;
            token.access_expires_at = NOW + 24 * HOUR;
        });
    });
    let valid = check_out(&scene, id, 90 * MINUTE).await.unwrap();
    assert_eq!(text(&valid), "granted-access");
    assert_eq!(scene.token(id).lease, None, "the lease was given back");
    assert_eq!(scene.client.count(ProviderCall::Refresh), 1);
}
