//! The provider is back after an outage: nobody waits longer than half a minute.

use std::time::Duration;

use reqwest::Method;
use webex_emulator::Fault;

use crate::api::Scene;
use crate::harness::{BOB, until};

const TOKENS: &str = "POST /v1/access_token";

/// However long it lasted.
const OUTAGES: [Duration; 2] = [Duration::from_secs(150), Duration::from_hours(5)];

/// Alice's token has expired, and the provider has not worked for so long. Time passes
/// in steps, in which the service and the worker ask again and again.
async fn outage(lasts: Duration) -> Scene {
    let scene = Scene::new().await;
    let token = scene.service.read(&scene.path("/access-token")).await;
    scene.rig.upstream.spoil(Fault {
        status: Some(503),
        times: u32::MAX,
        ..Fault::on(TOKENS)
    });
    let left = token["expires_in"].as_u64().unwrap();
    scene.rig.advance(Duration::from_secs(left));
    let steps = 30;
    for _ in 0..steps {
        let answer = scene.service.get(&scene.path("/access-token")).await;
        assert_eq!(answer.status, 503, "{answer:?}");
        scene.rig.advance(lasts / steps);
    }
    // The last failure is as fresh as can be.
    let answer = scene.service.get(&scene.path("/access-token")).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    scene
}

async fn is_served(scene: &Scene) -> bool {
    let answer = scene.service.get(&scene.path("/access-token")).await;
    answer.status == 200
}

#[tokio::test]
async fn half_a_minute_after_the_outage_the_token_is_served() {
    for lasts in OUTAGES {
        let scene = outage(lasts).await;
        scene.rig.upstream.provider.clear_faults();
        scene.rig.advance(Duration::from_secs(30));
        assert!(is_served(&scene).await, "{lasts:?}");
    }
}

#[tokio::test]
async fn so_it_is_after_a_restart() {
    let scene = outage(OUTAGES[1]).await;
    scene.rig.upstream.provider.clear_faults();
    let scene = scene.restart().await;
    scene.rig.advance(Duration::from_secs(30));
    assert!(is_served(&scene).await);
}

/// What shows that the provider is back ends the wait of all others at once.
#[tokio::test]
async fn a_consent_ends_the_wait_of_all_tokens() {
    let scene = outage(OUTAGES[1]).await;
    scene.rig.upstream.provider.clear_faults();
    scene.rig.browser().grant(BOB).await;
    let served = async || is_served(&scene).await.then_some(());
    until("the token is served although no time passed", served).await;
}

#[tokio::test]
async fn a_service_may_refresh_where_an_admin_may() {
    let scene = outage(OUTAGES[0]).await;
    scene.rig.upstream.provider.clear_faults();
    // Only its own pause counts: one try in five seconds.
    scene.rig.advance(Duration::from_secs(5));
    let path = scene.path("/refresh");
    let answer = scene.service.call(Method::POST, &path).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(is_served(&scene).await);
}
