//! The connection is cut in the middle of a refresh, with a provider that rotates.

use webex_emulator::{Cut, Fault};

use super::TOKENS;
use super::scene::{LIFE, MOST_OF_ITS_LIFE, Scene};
use crate::harness::{ALICE, Setup};

const INTERRUPTED: &str = "spark_oauth_refreshes_interrupted_total";

/// A refresh whose answer never came; how often that was counted before.
async fn cut_off(cut: Cut) -> Scene {
    let mut scene = Scene::with(Setup::on_disk()).await;
    let before = scene.metric(INTERRUPTED).await;
    scene.rig.upstream.spoil(Fault {
        drop: Some(cut),
        ..Fault::on(TOKENS)
    });
    scene.pass(MOST_OF_ITS_LIFE).await;
    let page = scene.says("Interrupted refreshes 1").await;
    assert!(page.content().contains("Active"), "{page:?}");
    assert!(
        page.notice().contains("an answer may have been lost"),
        "{page:?}"
    );
    // Other tests of this process may count as well.
    assert!(scene.metric(INTERRUPTED).await > before);
    scene
}

#[tokio::test]
async fn before_the_work_is_done_nothing_is_lost() {
    let mut scene = cut_off(Cut::Before).await;
    scene.pass(LIFE).await;
    let page = scene.refreshed().await;
    assert!(page.content().contains("Active"), "{page:?}");
    assert!(
        !page.content().contains("The last refresh failed"),
        "{page:?}"
    );
    assert_eq!(scene.rig.upstream.stats().refresh_reuses, 0);
}

#[tokio::test]
async fn after_the_work_is_done_the_loss_is_told_and_a_consent_mends_it() {
    let mut scene = cut_off(Cut::After).await;
    scene.pass(LIFE).await;
    let page = scene.says("Needs consent").await;
    assert!(
        page.notice().contains("an answer may have been lost"),
        "{page:?}"
    );
    // The one window that there is: as often as it was counted.
    assert_eq!(scene.rig.upstream.stats().refresh_reuses, 1);
    let receipt = scene.rig.browser().grant(ALICE).await;
    assert!(receipt.notice().contains("Access renewed."), "{receipt:?}");
    scene.says("Active").await;
}
