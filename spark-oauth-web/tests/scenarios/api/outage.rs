//! The store is away for a while.

use std::time::Duration;

use reqwest::Method;

use super::{Scene, audit};
use crate::harness::until;

#[tokio::test]
async fn a_store_that_is_away_is_told_of_with_when_to_come_back() {
    let scene = Scene::new().await;
    scene.rig.advance(Duration::from_mins(1));
    let file = scene.rig.folder().join("data/spark-oauth.db");
    let hidden = scene.rig.folder().join("data/hidden.db");
    std::fs::rename(&file, &hidden).unwrap();
    for (method, rest) in [(Method::DELETE, ""), (Method::POST, "/refresh")] {
        let answer = scene.service.call(method, &scene.path(rest)).await;
        answer.assert_problem(503, "store_unavailable");
        assert!(answer.header("retry-after").is_some(), "{answer:?}");
        assert!(!answer.text().contains("sqlite"), "{answer:?}");
    }
    assert_eq!(scene.rig.upstream.stats().refreshes, 0);

    std::fs::rename(&hidden, &file).unwrap();
    scene.rig.assert_alive().await;
    scene.service.read(&scene.path("/access-token")).await;
}

/// Tokens are handed out while somebody else writes for long; that they were is not
/// forgotten.
#[tokio::test]
async fn a_fetch_that_could_not_be_written_down_is_later() {
    let scene = Scene::new().await;
    let lock = scene.rig.database().await.lock().await;
    scene.service.read(&scene.path("/access-token")).await;
    let waits = ["the audit log takes no entries"];
    scene.rig.log.line(&waits).await;
    lock.release().await;
    until("the entry is written", async || {
        let fetches = audit(&scene.admin, &[("action", "token_checked_out")]).await;
        (fetches.len() == 1).then_some(())
    })
    .await;
}
