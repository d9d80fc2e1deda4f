//! A refresh token is sent only with the credentials of the integration that obtained
//! it.

use std::num::NonZeroU16;
use std::time::Duration;

use crate::audit::{AuditAction, Outcome};
use crate::broker::TokenError;
use crate::integration::ClientId;
use crate::ports::{PageRequest, Revocation, TokenFilter};
use crate::testing::scene::{HOUR, NOW, Scene, caller, refresh, scene};
use crate::testing::{ProviderCall, Reply};
use crate::token::{RefreshTrigger, Status, Token};

/// Ann's token, obtained by this client ID; the configured one is `C0ffee`.
fn token_of(scene: &Scene, client_id: &str) -> Token {
    let mut token = scene.token_of("ann", "spark:rooms_read");
    token.integration = ClientId::new(client_id);
    token.upkeep.due_at = Some(NOW - HOUR);
    scene.stores.put_token(token.clone());
    token
}

fn assert_parked<T: std::fmt::Debug>(outcome: Result<T, TokenError>, client_id: &str) {
    match outcome {
        Err(TokenError::IntegrationUnknown { integration }) => {
            assert_eq!(integration.as_str(), client_id);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_token_of_another_integration_is_never_refreshed() {
    for client_id in ["another", "C0FFEE", "C0ffee ", ""] {
        let scene = scene().await;
        let token = token_of(&scene, client_id);
        assert!(scene.oauth.broker.is_parked(&token));
        assert_parked(refresh(&scene, token.id).await, client_id);
        for trigger in [RefreshTrigger::Api, RefreshTrigger::Worker] {
            let caller = caller();
            let outcome = scene.oauth.broker.refresh(token.id, trigger, &caller);
            assert_parked(outcome.await, client_id);
        }
        let refresher = &scene.oauth.broker.refresher;
        let goal = super::super::Goal::New;
        let outcome = refresher.refresh(token.id, goal, RefreshTrigger::Checkout);
        assert_parked(outcome.await, client_id);
        assert_eq!(scene.client.calls(), []);
        let now = scene.token(token.id);
        assert_eq!(
            (now.status, now.generation),
            (Status::Active, token.generation)
        );
        assert_eq!((now.refresh, now.attempt), (token.refresh, None));
        let outcomes = scene.outcomes(AuditAction::TokenRefreshed);
        assert_eq!(outcomes[0], Outcome::Failed("integration_unknown".into()));
    }
}

#[tokio::test]
async fn a_stored_access_token_is_answered_while_it_is_valid() {
    let scene = scene().await;
    let id = token_of(&scene, "another").id;
    let caller = caller();
    let check_out = |life| scene.oauth.broker.check_out(id, life, &caller);
    let valid = check_out(Duration::from_mins(1)).await.unwrap();
    assert_eq!(valid.access_token.expose_secret(), "old-access");
    assert!(valid.warning.is_none());
    let short = check_out(2 * HOUR).await.unwrap();
    assert_parked(Err::<(), _>(short.warning.unwrap()), "another");
    scene.clock.advance(HOUR);
    assert_parked(check_out(Duration::ZERO).await, "another");
    assert_eq!(scene.client.calls(), []);
}

#[tokio::test]
async fn a_parked_token_is_listed() {
    let scene = scene().await;
    let token = token_of(&scene, "another");
    let filter = TokenFilter::default();
    let page = PageRequest {
        after: None,
        limit: NonZeroU16::MAX,
    };
    let page = scene.oauth.broker.list(&filter, &page);
    assert_eq!(page.await.unwrap().items, [token]);
}

/// Its access token may revoke under the client ID that obtained it, which takes no
/// secret.
#[tokio::test]
async fn a_parked_token_is_revoked_while_its_access_token_is_valid() {
    let scene = scene().await;
    let id = token_of(&scene, "another").id;
    scene.client.on_revoke(Reply::of(Revocation::Confirmed));
    let said = scene.oauth.broker.withdraw(id, &caller()).await.unwrap();
    assert_eq!(said.unwrap(), Revocation::Confirmed);
    assert!(scene.stores.tokens().is_empty());

    let id = token_of(&scene, "another").id;
    scene.clock.advance(HOUR);
    let said = scene.oauth.broker.withdraw(id, &caller()).await.unwrap();
    assert_eq!(said.unwrap(), Revocation::NotConfirmed);
    assert!(scene.stores.tokens().is_empty());
    assert_eq!(scene.client.count(ProviderCall::Revoke), 1);
    assert_eq!(scene.client.count(ProviderCall::Refresh), 0);
}
