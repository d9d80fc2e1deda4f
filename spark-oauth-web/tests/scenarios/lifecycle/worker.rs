//! A token is refreshed before it ends, and nobody asks.

use std::time::Duration;

use super::scene::{MOST_OF_ITS_LIFE, Scene};
use crate::harness::{Setup, on_every_store};

on_every_store!(a_token_is_refreshed_before_it_ends_and_nobody_asks);

async fn a_token_is_refreshed_before_it_ends_and_nobody_asks(setup: Setup) {
    let mut scene = Scene::with(setup).await;
    let mut seen = scene.secrets().await;
    for round in 1..=3 {
        scene.pass(MOST_OF_ITS_LIFE).await;
        scene.says(&format!("Generation {}", round + 1)).await;
        let page = scene.refreshed().await;
        assert!(page.content().contains("Active"), "{page:?}");
        let secrets = scene.secrets().await;
        assert!(secrets.iter().all(|secret| !seen.contains(secret)));
        seen.extend(secrets);
        assert_eq!(scene.rig.upstream.stats().refreshes, round);
    }
    assert_eq!(scene.rig.upstream.stats().refresh_reuses, 0);
    scene.rig.assert_alive().await;
}

#[tokio::test]
async fn the_margin_of_the_configuration_counts() {
    let half = Setup::on_disk().set("refresh.margin", 0.5);
    let mut scene = Scene::with(half).await;
    // With the usual margin it would not be due yet.
    scene.pass(Duration::from_mins(31)).await;
    scene.refreshed().await;
}

#[tokio::test]
async fn what_is_due_and_overdue_is_told_to_the_operator() {
    let scene = Scene::with(Setup::on_disk()).await;
    let counted = |details: &serde_json::Value| details["tokens"].is_object();
    let details = scene.details_are("the tokens are counted", counted).await;
    assert!(details["tokens"]["due"].is_u64() && details["tokens"]["overdue"].is_u64());
    assert_eq!(details["journal_entries"], 0);
    assert_eq!(details["refreshing"]["paused"], false);
}
