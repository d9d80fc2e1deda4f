//! The store goes away in the middle of a refresh: what the provider has handed out
//! waits in the journal.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use reqwest::Method;
use spark_oauth_store_mongo::testing;
use tokio::task::block_in_place;

use super::scene::{MOST_OF_ITS_LIFE, Scene};
use crate::harness::{ALICE, Command, Setup, Upstream, journal_directory, journal_is_used, until};

#[tokio::test]
async fn new_tokens_wait_in_the_journal_until_the_store_is_back() {
    let mut scene = Scene::with(Setup::on_disk()).await;
    let before = scene.secrets().await;
    let mut held = scene.rig.upstream.hold(Method::POST, "/v1/access_token");
    scene.pass(MOST_OF_ITS_LIFE).await;
    held.arrived().await;
    let file = scene.rig.folder().join("data/spark-oauth.db");
    let hidden = scene.rig.folder().join("data/hidden.db");
    std::fs::rename(&file, &hidden).unwrap();
    held.release();
    let waits = |details: &serde_json::Value| details["journal_entries"] == 1;
    let details = scene.details_are("an entry waits", waits).await;
    assert_eq!(details["ready"], false);
    std::fs::rename(&hidden, &file).unwrap();
    let empty = |details: &serde_json::Value| details["journal_entries"] == 0;
    scene.details_are("nothing waits", empty).await;
    scene.refreshed().await;
    let after = scene.secrets().await;
    assert!(after.iter().all(|secret| !before.contains(secret)));
    let stats = scene.rig.upstream.stats();
    assert_eq!((stats.refreshes, stats.refresh_reuses), (1, 0));
    scene.rig.assert_alive().await;
}

/// The store goes away while the provider answers, and the process is killed before
/// the store comes back.
async fn is_replayed_after_a_kill(
    setup: &Setup,
    away: impl FnOnce(&Path),
    back: impl FnOnce(&Path),
) {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let settings = &upstream.provider;
    settings.update_settings(|settings| settings.rotate_refresh_tokens = true);
    let command = Command::new(folder.path(), setup, &upstream);
    let server = command.serve().await;
    server.browser().grant(ALICE).await;
    let admin = server.site.super_admin().await;
    let path = admin.open("/admin/tokens").await.hrefs("/admin/tokens/");
    let token = admin.open(&path[0]).await;
    let before = admin.submit(token.form("/reveal")).await.secrets();
    // The next one comes due soon.
    settings.update_settings(|settings| settings.access_ttl_s = 10);
    let mut held = upstream.hold(Method::POST, "/v1/access_token");
    let (tab, form) = (admin.clone(), token.form("/refresh"));
    let cut = tokio::spawn(async move { tab.try_send(tab.ask_form(&form)).await });
    held.arrived().await;
    away(folder.path());
    held.release();
    let kept = async || journal_is_used(folder.path()).then_some(());
    until("the journal keeps the new tokens", kept).await;
    server.kill().await;
    drop(cut.await.unwrap());
    back(folder.path());

    let mut server = command.serve().await;
    server.line("an entry of a journal is settled").await;
    assert!(!journal_is_used(folder.path()));
    let admin = admin.moved_to(server.site.address());
    let token = admin.open(&path[0]).await;
    assert!(token.content().contains("Active"), "{token:?}");
    let after = admin.submit(token.form("/reveal")).await.secrets();
    assert!(after.iter().all(|secret| !before.contains(secret)));
    // Its refresh token is the one that the provider knows.
    let refreshed = async || {
        let token = admin.open(&path[0]).await;
        token.content().contains("in the background").then_some(())
    };
    until("the worker refreshes it", refreshed).await;
    assert_eq!(upstream.stats().refresh_reuses, 0);
    server.shut_down().await;
}

#[tokio::test]
async fn a_kill_while_the_file_is_away_loses_nothing() {
    let place = |folder: &Path| {
        let folder = folder.join("data");
        (folder.join("spark-oauth.db"), folder.join("hidden.db"))
    };
    is_replayed_after_a_kill(
        &Setup::on_disk(),
        |folder| {
            let (file, hidden) = place(folder);
            std::fs::rename(file, hidden).unwrap();
        },
        |folder| {
            let (file, hidden) = place(folder);
            std::fs::rename(hidden, file).unwrap();
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_while_the_server_is_away_loses_nothing() {
    let Some(program) = testing::program() else {
        return;
    };
    let server = block_in_place(|| testing::Server::start(&program));
    let setup = Setup::on_mongodb_at(server.uri());
    let server = std::cell::RefCell::new(server);
    is_replayed_after_a_kill(
        &setup,
        |_| block_in_place(|| server.borrow_mut().stop()),
        |_| block_in_place(|| server.borrow_mut().start_again()),
    )
    .await;
}

#[tokio::test]
async fn a_journal_that_cannot_be_kept_ends_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let taken = folder.path().join("taken");
    std::fs::write(&taken, "a file, where a directory is to be").unwrap();
    let taken = taken.to_str().unwrap();
    let command = Command::new(folder.path(), &Setup::on_disk(), &upstream);
    let setting = "SPARK_OAUTH__REFRESH__JOURNALDIRECTORY";
    let ended = command.clone().variable(setting, taken).run(&[], "").await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    for words in [
        taken,
        "let this user write there",
        "refresh.journalDirectory",
    ] {
        assert!(ended.errors.contains(words), "{words}: {ended:?}");
    }
    assert_eq!(ended.out, "");

    let mut server = command.clone().variable(setting, "off").serve().await;
    server.line("may be lost").await;
    server.shut_down().await;

    let server = command.serve().await;
    let metadata = std::fs::metadata(journal_directory(folder.path())).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o700);
    server.shut_down().await;
    let left = std::fs::read_dir(journal_directory(folder.path())).unwrap();
    assert_eq!(left.count(), 0, "nothing is left behind");
}
