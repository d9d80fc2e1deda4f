//! Looking up, revealing and removing.

use crate::audit::{AuditAction, Outcome};
use crate::broker::TokenError;
use crate::keyring::{OpenError, Sealed};
use crate::testing::scene::{caller, email, scene};
use crate::testing::{ProviderCall, StoreCall, StoreFault};
use crate::token::{RefreshTrigger, RevokedBy};

#[tokio::test]
async fn revealing_shows_both_secrets_and_is_written_down() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let revealed = scene.oauth.broker.reveal(id, &caller()).await.unwrap();
    assert_eq!(revealed.access_token.expose_secret(), "old-access");
    let refresh = revealed.refresh_token.expect("a refresh token");
    assert_eq!(refresh.expose_secret(), "old-refresh");
    assert_eq!(scene.outcomes(AuditAction::TokenRevealed), [Outcome::Done]);
}

#[tokio::test]
async fn a_value_of_another_record_is_not_revealed() {
    let scene = scene().await;
    let (id, other) = (
        scene.stored_token().id,
        scene.token_of("bob", "spark:rooms_read"),
    );
    scene
        .stores
        .change_token(id, |token| token.access = other.access);
    let refused = scene.oauth.broker.reveal(id, &caller()).await.unwrap_err();
    assert!(matches!(
        refused,
        TokenError::Vault(OpenError::NotAuthentic)
    ));
    scene.stores.change_token(id, |token| {
        token.access = Sealed::from_bytes(vec![1, 2, 3]);
    });
    let refused = scene.oauth.broker.reveal(id, &caller()).await.unwrap_err();
    assert!(matches!(refused, TokenError::Vault(OpenError::Malformed)));
    assert_eq!(
        scene.outcomes(AuditAction::TokenRevealed),
        [
            Outcome::Failed("vault".into()),
            Outcome::Failed("vault".into())
        ]
    );
}

#[tokio::test]
async fn removing_deletes_the_record_and_tells_nobody() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let broker = &scene.oauth.broker;
    assert_eq!(broker.remove(id, &caller()).await.unwrap().id, id);
    assert!(scene.stores.tokens().is_empty());
    assert_eq!(scene.client.count(ProviderCall::Revoke), 0);
    assert_eq!(scene.outcomes(AuditAction::TokenRemoved), [Outcome::Done]);
    let again = broker.remove(id, &caller()).await.unwrap_err();
    assert!(matches!(again, TokenError::NotFound), "{again:?}");
}

#[tokio::test]
async fn what_is_asked_of_a_token_that_is_gone_is_written_down() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let broker = &scene.oauth.broker;
    broker.remove(id, &caller()).await.unwrap();
    let (reason, caller) = (Outcome::Refused("not_found".to_owned()), caller());
    assert!(broker.remove(id, &caller).await.is_err());
    assert!(broker.reveal(id, &caller).await.is_err());
    assert!(
        broker
            .refresh(id, RefreshTrigger::Admin, &caller)
            .await
            .is_err()
    );
    assert!(broker.revoke(id, RevokedBy::Admin, &caller).await.is_err());
    for action in [
        AuditAction::TokenRemoved,
        AuditAction::TokenRevealed,
        AuditAction::TokenRefreshed,
        AuditAction::TokenRevoked,
    ] {
        assert!(scene.outcomes(action).contains(&reason), "{action:?}");
    }
}

#[tokio::test]
async fn a_store_that_fails_is_told() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    scene
        .stores
        .fail(StoreCall::TokenRemove, StoreFault::Away, 1);
    let failed = scene.oauth.broker.remove(id, &caller()).await.unwrap_err();
    assert!(matches!(failed, TokenError::Store(_)), "{failed:?}");
    assert_eq!(scene.stores.tokens().len(), 1);
}

#[tokio::test]
async fn an_audit_log_that_fails_does_not_undo_what_was_done() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    scene
        .stores
        .fail(StoreCall::AuditAppend, StoreFault::Away, 1);
    scene.oauth.broker.remove(id, &caller()).await.unwrap();
    assert!(scene.stores.tokens().is_empty());
}

#[tokio::test]
async fn a_person_is_found_whatever_the_case_of_the_address() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let found = scene
        .oauth
        .broker
        .find_by_email(&email("ANN@Example.com"))
        .await
        .unwrap();
    assert_eq!(found.iter().map(|token| token.id).collect::<Vec<_>>(), [id]);
}
