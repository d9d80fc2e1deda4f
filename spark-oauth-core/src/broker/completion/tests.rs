//! An imported record learns whose it is.

use crate::ids::TokenId;
use crate::ports::SparkErrorKind;
use crate::testing::scene::{Scene, answer, caller, email, person, scene};
use crate::testing::{ProviderCall, Reply};
use crate::timestamp::Timestamp;
use crate::token::{RefreshTrigger, Status};

/// As the import leaves it: nobody knows how old the tokens are.
fn imported(scene: &Scene) -> TokenId {
    let mut token = scene.token_of("ann", "spark:rooms_read");
    token.person = None;
    token.display_name = None;
    token.email = email("ANN@example.com");
    token.access_expires_at = Timestamp::EPOCH;
    scene.stores.put_token(token.clone());
    token.id
}

async fn refresh(scene: &Scene, id: TokenId) {
    scene
        .client
        .on_refresh(Reply::of(answer("new-access", Some("new-refresh"))));
    let trigger = RefreshTrigger::Checkout;
    let broker = &scene.oauth.broker;
    broker.refresh(id, trigger, &caller()).await.unwrap();
    scene.oauth.settle().await;
}

#[tokio::test]
async fn the_first_refresh_completes_the_record() {
    let scene = scene().await;
    let id = imported(&scene);
    scene.client.on_me(Reply::of(person("ann")));
    refresh(&scene, id).await;
    let token = scene.token(id);
    assert_eq!(token.person, Some(person("ann").id));
    assert_eq!(token.email.as_str(), "ann@example.com");
    assert_eq!(token.display_name.as_deref(), Some("ann"));
    assert_eq!(token.generation, 2, "the refresh alone changes it");
    assert_eq!(scene.opened(id).0, "new-access");
}

#[tokio::test]
async fn a_provider_that_does_not_say_costs_no_token() {
    let scene = scene().await;
    let id = imported(&scene);
    scene.client.on_me(Reply::error(SparkErrorKind::TimedOut));
    refresh(&scene, id).await;
    let token = scene.token(id);
    assert_eq!((token.person, token.status), (None, Status::Active));
    assert_eq!(scene.opened(id).0, "new-access");
    // The next refresh asks again.
    scene.clock.advance(crate::testing::scene::HOUR);
    scene.client.on_me(Reply::of(person("ann")));
    refresh(&scene, id).await;
    assert!(scene.token(id).person.is_some());
}

#[tokio::test]
async fn where_the_person_has_consented_anew_both_records_stay() {
    let scene = scene().await;
    let id = imported(&scene);
    let consented = scene.stored_token();
    scene.client.on_me(Reply::of(person("ann")));
    refresh(&scene, id).await;
    let token = scene.token(id);
    assert_eq!((token.person, token.status), (None, Status::Active));
    assert_eq!(scene.opened(id).0, "new-access");
    assert_eq!(scene.token(consented.id), consented);
}

#[tokio::test]
async fn a_record_that_knows_its_person_is_not_asked_about() {
    let scene = scene().await;
    let id = scene.stored_token().id;
    refresh(&scene, id).await;
    assert_eq!(scene.client.count(ProviderCall::Me), 0);
}
