//! Beginning a consent, and the cap on how many one address begins.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::audit::Origin;
use crate::consent::{BeginError, BrowserSecret, ConsentLimits};
use crate::ports::StateHash;
use crate::testing::scene::{MINUTE, NOW, Scene, origin, scene, scene_with};
use crate::testing::{StoreCall, StoreFault};

async fn begin(scene: &Scene, origin: &Origin) -> Result<url::Url, BeginError> {
    let browser = BrowserSecret::generate(scene.random());
    scene.oauth.consents.begin(&browser, origin).await
}

async fn capped(cap: u64) -> Scene {
    scene_with(|builder| {
        builder.consent_limits(ConsentLimits {
            open_per_address: cap,
            ..ConsentLimits::default()
        })
    })
    .await
}

fn is_too_many(begun: &Result<url::Url, BeginError>) -> bool {
    matches!(begun, Err(BeginError::TooMany { .. }))
}

#[tokio::test]
async fn what_is_stored_is_hashed_or_sealed() {
    let scene = scene().await;
    let browser = BrowserSecret::generate(scene.random());
    let url = scene
        .oauth
        .consents
        .begin(&browser, &origin(1))
        .await
        .unwrap();
    let of = |name: &str| {
        let found = url.query_pairs().find(|(key, _)| key == name);
        found.expect("the parameter").1.into_owned()
    };
    let stored = scene.stores.consents().pop().expect("a row");
    let state = crate::consent::State::from_callback(of("state"));
    assert_eq!(stored.state, state.hash());
    assert_eq!(stored.browser, browser.hash());
    assert_eq!(stored.expires_at, NOW + 10 * MINUTE);
    assert_eq!(stored.scopes.to_string(), of("scope"));
    let shown = format!("{stored:?}");
    assert!(!shown.contains(&of("state")));
    assert!(!shown.contains(browser.expose_secret()));
    let verifier = scene
        .ring
        .open_verifier(stored.state, &stored.verifier)
        .unwrap();
    let verifier = crate::consent::CodeVerifier::from_text(verifier);
    assert_eq!(verifier.challenge().as_str(), of("code_challenge"));
    assert!(
        scene
            .ring
            .open_verifier(StateHash([0; 32]), &stored.verifier)
            .is_err(),
        "the verifier is bound to its state"
    );
}

#[tokio::test]
async fn two_consents_share_neither_state_nor_verifier() {
    let scene = scene().await;
    let (one, two) = (
        begin(&scene, &origin(1)).await.unwrap(),
        begin(&scene, &origin(1)).await.unwrap(),
    );
    assert_ne!(one, two);
    assert_eq!(scene.stores.consents().len(), 2);
}

#[tokio::test]
async fn one_address_has_only_so_many_open_until_they_end() {
    let scene = capped(2).await;
    for _ in 0..2 {
        begin(&scene, &origin(1)).await.unwrap();
    }
    assert!(is_too_many(&begin(&scene, &origin(1)).await));
    assert!(begin(&scene, &origin(2)).await.is_ok(), "another address");
    scene.clock.advance(10 * MINUTE);
    assert!(begin(&scene, &origin(1)).await.is_ok(), "they have ended");
    assert_eq!(scene.oauth.consents.remove_expired().await.unwrap(), 3);
}

#[tokio::test]
async fn an_ipv6_network_counts_as_one_address() {
    let scene = capped(2).await;
    let from = |last: u32| Origin {
        address: Some(format!("2001:db8::{last:x}").parse::<IpAddr>().unwrap()),
        request_id: None,
    };
    for last in 0..2 {
        begin(&scene, &from(last)).await.unwrap();
    }
    assert!(is_too_many(&begin(&scene, &from(3)).await));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_cannot_slip_past_the_cap() {
    let scene = Arc::new(capped(5).await);
    let callers: Vec<_> = (0..200)
        .map(|_| {
            let scene = scene.clone();
            tokio::spawn(async move { begin(&scene, &origin(1)).await })
        })
        .collect();
    for caller in callers {
        let begun = caller.await.unwrap();
        assert!(begun.is_ok() || is_too_many(&begun));
    }
    assert!(scene.stores.consents().len() <= 5);
    assert!(!scene.stores.consents().is_empty());
}

#[tokio::test]
async fn a_store_that_fails_leaves_nothing_counted() {
    let scene = capped(1).await;
    scene
        .stores
        .fail(StoreCall::ConsentInsert, StoreFault::Away, 1);
    let failed = begin(&scene, &origin(1)).await;
    assert!(matches!(failed, Err(BeginError::Store(_))), "{failed:?}");
    assert!(begin(&scene, &origin(1)).await.is_ok());
    let refused = begin(&scene, &origin(1)).await;
    let Err(BeginError::TooMany { retry_after }) = refused else {
        panic!("{refused:?}");
    };
    assert!(retry_after > Duration::ZERO);
}
