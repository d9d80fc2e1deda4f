//! Who joins a refresh that is about to end.

use super::*;
use crate::secret::{AccessToken, RefreshToken};

/// The provider refuses; when that is written, the refresh is held before its end.
async fn refused_and_held(scene: &Arc<Scene>, id: TokenId) -> Arc<Semaphore> {
    let gate = Arc::new(Semaphore::new(0));
    scene
        .client
        .on_refresh(Reply::error(SparkErrorKind::GrantRefused));
    let (stores, held) = (scene.stores.clone(), gate.clone());
    scene.stores.before(StoreCall::TokenUpdate, || {});
    scene.stores.before(StoreCall::TokenUpdate, move || {
        stores.hold(StoreCall::TokenGet, &held);
    });
    let first = spawn_refresh(scene, id);
    settle_down().await;
    assert!(!first.is_finished(), "it is held");
    assert_eq!(scene.token(id).status.kind(), StatusKind::NeedsConsent);
    gate
}

fn consent_anew(scene: &Scene, id: TokenId) {
    let access = scene.ring.seal_access(id, &AccessToken::new("granted"));
    let refresh = RefreshToken::new("granted-refresh");
    let refresh = scene.ring.seal_refresh(id, &refresh);
    scene.stores.change_token(id, |token| {
        token.status = Status::Active;
        (token.access, token.refresh) = (access, Some(refresh));
        token.generation += 1;
    });
}

#[tokio::test]
async fn a_consent_that_stood_before_it_joined_is_not_refused() {
    let scene = Arc::new(scene().await);
    let id = scene.stored_token().id;
    let gate = refused_and_held(&scene, id).await;
    consent_anew(&scene, id);
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", None)));
    let late = spawn_refresh(&scene, id);
    settle_down().await;
    let claims = scene.stores.count(StoreCall::TokenClaim);
    assert_eq!(claims, 1, "it has joined");
    gate.add_permits(1);
    let done = late.await.unwrap().unwrap();
    assert!(done.called);
    let sent = scene.client.refresh_tokens();
    assert_eq!(sent[1].expose_secret(), "granted-refresh");
    assert_eq!(scene.opened(id).0, "new-access");
}

#[tokio::test]
async fn what_is_lost_is_refused_to_all_who_waited() {
    let scene = Arc::new(scene().await);
    let id = scene.stored_token().id;
    let gate = Arc::new(Semaphore::new(0));
    let refused = Reply::error(SparkErrorKind::GrantRefused).behind(&gate);
    scene.client.on_refresh(refused);
    let callers: Vec<_> = (0..5).map(|_| spawn_refresh(&scene, id)).collect();
    settle_down().await;
    gate.add_permits(1);
    for caller in callers {
        let refused = caller.await.unwrap().unwrap_err();
        assert!(matches!(refused, TokenError::NeedsConsent { .. }));
    }
    assert_eq!(scene.stores.count(StoreCall::TokenClaim), 1);
}

#[tokio::test]
async fn a_token_that_cannot_be_refreshed_is_looked_at_once_for_all() {
    let scene = Arc::new(scene().await);
    let id = scene.stored_token().id;
    scene.stores.change_token(id, |token| token.refresh = None);
    let gate = Arc::new(Semaphore::new(0));
    scene.stores.hold(StoreCall::TokenClaim, &gate);
    let callers: Vec<_> = (0..5).map(|_| spawn_refresh(&scene, id)).collect();
    settle_down().await;
    gate.add_permits(1);
    for caller in callers {
        let refused = caller.await.unwrap().unwrap_err();
        let expected = ConsentLoss::NoRefreshToken;
        assert!(matches!(refused, TokenError::NeedsConsent { reason, .. } if reason == expected));
    }
    assert_eq!(scene.stores.count(StoreCall::TokenClaim), 1);
    assert_eq!(scene.token(id).status, Status::Active);
}
