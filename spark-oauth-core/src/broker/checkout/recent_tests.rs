//! A checkout that believes what was read a moment ago.

use std::time::Duration;

use crate::audit::AuditAction;
use crate::broker::{RefreshLimits, TokenError};
use crate::ports::Revocation;
use crate::testing::scene::{HOUR, Scene, answer, caller, scene_with};
use crate::testing::{ProviderCall, Reply, StoreCall};
use crate::token::RevokedBy;

const BELIEVED_FOR: Duration = Duration::from_millis(500);

async fn believing_scene() -> Scene {
    scene_with(|builder| {
        builder.refresh_limits(RefreshLimits {
            believed_for: BELIEVED_FOR,
            ..RefreshLimits::default()
        })
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn the_store_is_asked_once_in_the_time_and_sees_the_change_of_others_after_it() {
    let scene = believing_scene().await;
    let token = scene.stored_token();
    let before = scene.stores.count(StoreCall::TokenGet);
    for _ in 0..100 {
        let broker = &scene.oauth.broker;
        broker.check_out(token.id, HOUR, &caller()).await.unwrap();
    }
    assert_eq!(scene.stores.count(StoreCall::TokenGet), before + 1);

    scene.stores.drop_token(token.id);
    tokio::time::advance(BELIEVED_FOR).await;
    let broker = &scene.oauth.broker;
    let gone = broker.check_out(token.id, HOUR, &caller()).await;
    assert!(matches!(gone, Err(TokenError::NotFound)));
}

#[tokio::test(start_paused = true)]
async fn what_this_process_changes_is_seen_at_once() {
    let scene = believing_scene().await;
    let token = scene.stored_token();
    let broker = &scene.oauth.broker;
    broker.check_out(token.id, HOUR, &caller()).await.unwrap();
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", None)));
    let longer = broker.check_out(token.id, 2 * HOUR, &caller()).await;
    assert_eq!(longer.unwrap().access_token.expose_secret(), "new-access");
    let again = broker.check_out(token.id, HOUR, &caller()).await.unwrap();
    assert_eq!(again.access_token.expose_secret(), "new-access");
    assert_eq!(scene.client.count(ProviderCall::Refresh), 1);

    scene.client.on_revoke(Reply::of(Revocation::Confirmed));
    broker
        .revoke(token.id, RevokedBy::Admin, &caller())
        .await
        .unwrap();
    let revoked = broker.check_out(token.id, HOUR, &caller()).await;
    assert!(matches!(revoked, Err(TokenError::Revoked { .. })));
    broker.remove(token.id, &caller()).await.unwrap();
    let gone = broker.check_out(token.id, HOUR, &caller()).await;
    assert!(matches!(gone, Err(TokenError::NotFound)));
    assert!(!scene.outcomes(AuditAction::TokenCheckedOut).is_empty());
}
