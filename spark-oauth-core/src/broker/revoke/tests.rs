//! Revoking ends every record of the person; withdrawing removes in any case.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::audit::{AuditAction, Outcome};
use crate::broker::TokenError;
use crate::ids::TokenId;
use crate::ports::{Revocation, SparkErrorKind};
use crate::testing::scene::{NOW, Scene, answer, caller, scene};
use crate::testing::{ProviderCall, Reply, StoreCall, StoreFault};
use crate::token::{ConsentLoss, RevokedBy, Status, StatusKind};

async fn revoke(scene: &Scene, id: TokenId) -> Result<Revocation, TokenError> {
    let by = RevokedBy::Admin;
    scene.oauth.broker.revoke(id, by, &caller()).await
}

/// Another token of Ann's, with other scopes.
fn sibling(scene: &Scene) -> TokenId {
    let token = scene.token_of("ann", "spark:messages_write");
    scene.stores.put_token(token.clone());
    token.id
}

fn kind(scene: &Scene, id: TokenId) -> StatusKind {
    scene.token(id).status.kind()
}

#[tokio::test]
async fn every_record_of_the_person_is_marked_and_no_other() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let sibling = sibling(&scene);
    let bob = scene.token_of("bob", "spark:rooms_read");
    scene.stores.put_token(bob.clone());
    scene.client.on_revoke(Reply::of(Revocation::Confirmed));
    assert_eq!(revoke(&scene, id).await.unwrap(), Revocation::Confirmed);
    for id in [id, sibling] {
        let by = RevokedBy::Admin;
        assert_eq!(scene.token(id).status, Status::Revoked { by, at: NOW });
        assert_eq!(scene.token(id).generation, 2);
    }
    assert_eq!(scene.token(bob.id), bob);
    assert_eq!(scene.outcomes(AuditAction::TokenRevoked), [Outcome::Done]);
    let again = revoke(&scene, id).await.unwrap_err();
    assert!(matches!(again, TokenError::Revoked { .. }), "{again:?}");
    assert_eq!(scene.client.count(ProviderCall::Revoke), 1);
}

#[tokio::test]
async fn what_the_provider_does_not_permit_leaves_the_records() {
    let scene = scene().await;
    let before = scene.stored_token();
    scene.client.on_revoke(Reply::of(Revocation::NotPermitted));
    let outcome = revoke(&scene, before.id).await.unwrap();
    assert_eq!(outcome, Revocation::NotPermitted);
    assert_eq!(scene.token(before.id), before);
    assert_eq!(
        scene.outcomes(AuditAction::TokenRevoked),
        [Outcome::Refused("not_permitted".into())],
        "the audit log does not claim what did not happen"
    );
}

#[tokio::test]
async fn a_provider_that_fails_leaves_the_records() {
    let scene = scene().await;
    let before = scene.stored_token();
    scene
        .client
        .on_revoke(Reply::error(SparkErrorKind::TimedOut));
    revoke(&scene, before.id).await.unwrap_err();
    assert_eq!(scene.token(before.id), before);
}

#[tokio::test]
async fn where_one_token_has_ended_another_of_the_person_revokes() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let sibling = sibling(&scene);
    scene.stores.change_token(id, |token| {
        let reason = ConsentLoss::RefreshRefused;
        token.status = token.status.lose_consent(reason, NOW).unwrap();
    });
    scene.client.on_revoke(Reply::of(Revocation::Confirmed));
    assert_eq!(revoke(&scene, id).await.unwrap(), Revocation::Confirmed);
    assert_eq!(scene.client.count(ProviderCall::Revoke), 1);
    assert_eq!(kind(&scene, sibling), StatusKind::Revoked);
    assert_eq!(kind(&scene, id), StatusKind::Revoked);
}

/// No access token is left to ask with, and a grant may still exist at the provider.
#[tokio::test]
async fn without_any_live_token_no_revocation_is_claimed() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    scene.stores.change_token(id, |token| {
        let reason = ConsentLoss::RefreshRefused;
        token.status = token.status.lose_consent(reason, NOW).unwrap();
    });
    assert_eq!(revoke(&scene, id).await.unwrap(), Revocation::NotConfirmed);
    assert_eq!(scene.client.calls(), []);
    assert_eq!(kind(&scene, id), StatusKind::NeedsConsent);
    assert_not_claimed(&scene);
}

/// Neither the audit log nor an event says that something was revoked.
fn assert_not_claimed(scene: &Scene) {
    let outcomes = scene.outcomes(AuditAction::TokenRevoked);
    assert!(
        !outcomes.is_empty() && !outcomes.contains(&Outcome::Done),
        "{outcomes:?}"
    );
    for token in scene.stores.tokens() {
        assert_ne!(token.status.kind(), StatusKind::Revoked);
    }
}

/// A refused access token says nothing about the grant.
#[tokio::test]
async fn a_refused_access_token_is_refreshed_once_and_the_revocation_repeated() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    scene
        .client
        .on_revoke(Reply::error(SparkErrorKind::Unauthorized))
        .on_refresh(Reply::of(answer("new-access", Some("new-refresh"))))
        .on_revoke(Reply::of(Revocation::Confirmed));
    assert_eq!(revoke(&scene, id).await.unwrap(), Revocation::Confirmed);
    assert_eq!(scene.client.count(ProviderCall::Refresh), 1);
    assert_eq!(kind(&scene, id), StatusKind::Revoked);
    assert_eq!(scene.outcomes(AuditAction::TokenRevoked), [Outcome::Done]);
}

#[tokio::test(start_paused = true)]
async fn only_a_confirmed_revocation_is_claimed() {
    let unauthorized = || Reply::error(SparkErrorKind::Unauthorized);
    let new_tokens = || Reply::of(answer("new-access", Some("new-refresh")));
    let dead = || Reply::error(SparkErrorKind::GrantRefused);
    for (first, refresh, second) in [
        (Reply::of(Revocation::NotConfirmed), None, None),
        (Reply::of(Revocation::NotPermitted), None, None),
        (Reply::error(SparkErrorKind::Unreachable), None, None),
        (
            Reply::error(SparkErrorKind::Unavailable { retry_after: None }),
            None,
            None,
        ),
        (
            Reply::error(SparkErrorKind::RateLimited { retry_after: None }),
            None,
            None,
        ),
        (Reply::error(SparkErrorKind::Unreadable), None, None),
        (Reply::error(SparkErrorKind::Unexpected), None, None),
        (unauthorized(), Some(new_tokens()), Some(unauthorized())),
        (
            unauthorized(),
            Some(new_tokens()),
            Some(Reply::of(Revocation::NotConfirmed)),
        ),
        (
            unauthorized(),
            Some(Reply::error(SparkErrorKind::TimedOut)),
            None,
        ),
        (unauthorized(), Some(dead()), None),
    ] {
        let scene = scene().await;
        let id = scene.stored_token().id;
        scene.client.on_revoke(first);
        if let Some(reply) = refresh {
            scene.client.on_refresh(reply);
        }
        if let Some(reply) = second {
            scene.client.on_revoke(reply);
        }
        let outcome = revoke(&scene, id).await;
        assert!(!matches!(outcome, Ok(Revocation::Confirmed)), "{outcome:?}");
        assert_not_claimed(&scene);
    }
}

/// The page of a withdrawal promises that the record is deleted in any case.
#[tokio::test(start_paused = true)]
async fn a_withdrawal_deletes_the_record_and_claims_no_more_than_was_confirmed() {
    for reply in [
        Reply::of(Revocation::NotConfirmed),
        Reply::of(Revocation::NotPermitted),
        Reply::error(SparkErrorKind::Unreachable),
    ] {
        let scene = scene().await;
        let id = scene.stored_token().id;
        let sibling = sibling(&scene);
        scene.client.on_revoke(reply);
        let said = scene.oauth.broker.withdraw(id, &caller()).await.unwrap();
        assert!(!matches!(said, Ok(Revocation::Confirmed)), "{said:?}");
        assert_eq!(scene.stores.tokens().len(), 1);
        assert_eq!(kind(&scene, sibling), StatusKind::Active);
        assert_not_claimed(&scene);
        let withdrawn = scene.outcomes(AuditAction::ConsentWithdrawn);
        assert_eq!(withdrawn, [Outcome::Done]);
    }
}

#[tokio::test]
async fn a_consent_that_is_newer_than_the_revocation_stands() {
    let scene = Arc::new(scene().await);
    let id = scene.stored_token().id;
    let gate = Arc::new(Semaphore::new(0));
    scene
        .client
        .on_revoke(Reply::of(Revocation::Confirmed).behind(&gate));
    let caller = tokio::spawn({
        let scene = scene.clone();
        async move { revoke(&scene, id).await }
    });
    scene.client.called(ProviderCall::Revoke, 1).await;
    scene.stores.change_token(id, |token| {
        token.granted_at = NOW;
        token.generation += 1;
    });
    gate.add_permits(1);
    caller.await.unwrap().unwrap();
    assert_eq!(kind(&scene, id), StatusKind::Active);
}

#[tokio::test]
async fn a_caller_that_hangs_up_leaves_nothing_half_revoked() {
    let scene = Arc::new(scene().await);
    let id = scene.stored_token().id;
    let sibling = sibling(&scene);
    let gate = Arc::new(Semaphore::new(0));
    scene
        .client
        .on_revoke(Reply::of(Revocation::Confirmed).behind(&gate));
    let caller = tokio::spawn({
        let scene = scene.clone();
        async move { revoke(&scene, id).await }
    });
    scene.client.called(ProviderCall::Revoke, 1).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    gate.add_permits(1);
    scene.oauth.settle().await;
    assert_eq!(kind(&scene, id), StatusKind::Revoked);
    assert_eq!(kind(&scene, sibling), StatusKind::Revoked);
    assert_eq!(scene.outcomes(AuditAction::TokenRevoked), [Outcome::Done]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_for_a_while_still_marks_them_all() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let sibling = sibling(&scene);
    let fault = StoreFault::Away;
    scene.client.on_revoke(Reply::of(Revocation::Confirmed));
    scene.stores.fail(StoreCall::TokenUpdate, fault, 4);
    scene
        .stores
        .fail(StoreCall::TokenUpdate, StoreFault::Conflict, 4);
    revoke(&scene, id).await.unwrap();
    assert_eq!(kind(&scene, id), StatusKind::Revoked);
    assert_eq!(kind(&scene, sibling), StatusKind::Revoked);
}

#[tokio::test(start_paused = true)]
async fn a_marking_that_was_cut_short_can_be_asked_for_again() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let sibling = sibling(&scene);
    scene.client.on_revoke(Reply::of(Revocation::Confirmed));
    // One record is marked, then the store goes.
    let stores = scene.stores.clone();
    scene.stores.before(StoreCall::TokenUpdate, move || {
        stores.fail(StoreCall::TokenUpdate, StoreFault::Away, 1_000);
    });
    let failed = revoke(&scene, id).await.unwrap_err();
    assert!(matches!(failed, TokenError::Store(_)), "{failed:?}");
    assert_eq!(kind(&scene, id), StatusKind::Active);
    // The provider knows nothing of it by now, so that no second revocation is claimed.
    let fresh = scene.another_process().await;
    fresh
        .client
        .on_revoke(Reply::error(SparkErrorKind::Unauthorized))
        .on_refresh(Reply::error(SparkErrorKind::GrantRefused));
    scene.stores.heal();
    let again = revoke(&fresh, id).await.unwrap();
    assert_eq!(again, Revocation::NotConfirmed);
    assert_eq!(kind(&scene, id), StatusKind::NeedsConsent);
    assert_eq!(kind(&scene, sibling), StatusKind::Revoked);
}

#[tokio::test]
async fn withdrawing_revokes_and_removes() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    let sibling = sibling(&scene);
    scene.client.on_revoke(Reply::of(Revocation::Confirmed));
    let said = scene.oauth.broker.withdraw(id, &caller()).await.unwrap();
    assert_eq!(said.unwrap(), Revocation::Confirmed);
    assert_eq!(scene.stores.tokens().len(), 1);
    let by = RevokedBy::Person;
    assert_eq!(scene.token(sibling).status, Status::Revoked { by, at: NOW });
    assert_eq!(
        scene.outcomes(AuditAction::ConsentWithdrawn),
        [Outcome::Done]
    );
}

#[tokio::test(start_paused = true)]
async fn withdrawing_removes_whatever_the_provider_says() {
    for (reply, status) in [
        (Reply::of(Revocation::NotPermitted), Status::Active),
        (Reply::error(SparkErrorKind::Unreachable), Status::Active),
        (Reply::panic(), Status::Active),
        (
            Reply::of(Revocation::Confirmed),
            Status::Active.revoke(RevokedBy::Admin, NOW).unwrap(),
        ),
    ] {
        let scene = scene().await;
        let id = scene.stored_token().id;
        scene.stores.change_token(id, |token| token.status = status);
        scene.client.on_revoke(reply);
        let _ = scene.oauth.broker.withdraw(id, &caller()).await;
        assert!(scene.stores.tokens().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn withdrawing_waits_for_a_store_and_knows_what_it_did() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    scene.client.on_revoke(Reply::of(Revocation::Confirmed));
    scene
        .stores
        .fail(StoreCall::TokenRemove, StoreFault::Away, 2);
    scene
        .stores
        .fail(StoreCall::TokenRemove, StoreFault::AnswerLost, 1);
    let said = scene.oauth.broker.withdraw(id, &caller()).await.unwrap();
    assert_eq!(said.unwrap(), Revocation::Confirmed);
    assert!(scene.stores.tokens().is_empty());
    let again = scene.oauth.broker.withdraw(id, &caller()).await;
    assert!(matches!(again, Err(TokenError::NotFound)), "{again:?}");
}
