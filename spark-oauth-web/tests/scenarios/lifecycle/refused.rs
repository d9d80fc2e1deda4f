//! The provider refuses the integration: a wrong client secret, for instance.

use webex_emulator::Fault;

use super::TOKENS;
use super::scene::{MOST_OF_ITS_LIFE, Scene};
use crate::harness::{BOB, Page, Setup, on_every_store};

on_every_store!(a_refused_integration_costs_no_token_and_every_admin_is_told);

const ALERT: &str = "Webex refuses the integration";

fn alerts(page: &Page) -> bool {
    page.all("[role=alert]").join(" ").contains(ALERT)
}

async fn a_refused_integration_costs_no_token_and_every_admin_is_told(setup: Setup) {
    let mut scene = Scene::with(setup).await;
    assert!(!alerts(&scene.page().await));
    scene.rig.upstream.spoil(Fault {
        status: Some(401),
        body: Some(br#"{"error":"invalid_client"}"#.to_vec()),
        times: u32::MAX,
        ..Fault::on(TOKENS)
    });
    scene.pass(MOST_OF_ITS_LIFE).await;
    let pause = scene.pauses(true).await;
    assert_eq!(pause["reason"], "integration_refused");
    for path in [
        "/admin/overview",
        "/admin/tokens",
        "/admin/admins",
        "/admin/profile",
        "/admin/tokens/nothing",
    ] {
        let page = scene.admin.get(path).await;
        assert!(alerts(&page), "{path}: {page:?}");
    }
    let stranger = scene.rig.browser().get("/").await;
    assert!(!alerts(&stranger), "no admin, no alert: {stranger:?}");
    assert_eq!(scene.rig.browser().get("/readyz").await.text(), "ready");
    assert_eq!(scene.count("active").await, 1);

    // The operator mended it: a consent shows that, and ends the pause for all.
    scene.rig.upstream.provider.clear_faults();
    let receipt = scene.rig.browser().grant(BOB).await;
    assert_eq!(receipt.heading(), "Access granted");
    scene.pauses(false).await;
    scene.pass(MOST_OF_ITS_LIFE).await;
    scene.refreshed().await;
    scene.pauses(false).await;
    assert!(!alerts(&scene.page().await));
    assert_eq!(scene.count("active").await, 2);
}
