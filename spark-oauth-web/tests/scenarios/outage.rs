//! The store is away for a while, or busy with somebody else.

use std::path::PathBuf;

use reqwest::Method;

use crate::harness::{ALICE, PASSWORD, Rig, Setup, until};

const AWAY: &str = "Our storage does not answer";

/// The file of the records, and where it goes meanwhile.
fn places(rig: &Rig) -> (PathBuf, PathBuf) {
    let file = rig.folder().join("data/spark-oauth.db");
    let hidden = rig.folder().join("data/hidden.db");
    (file, hidden)
}

#[tokio::test]
async fn a_store_that_is_away_is_told_of_and_comes_back() {
    let rig = Rig::with(Setup::on_disk()).await;
    let admin = rig.super_admin().await;
    let browser = rig.browser();
    let callback = browser.callback(ALICE).await;
    let (file, hidden) = places(&rig);
    std::fs::rename(&file, &hidden).unwrap();

    let ready = rig.browser().get("/readyz").await;
    assert_eq!(
        (ready.status.as_u16(), &*ready.text()),
        (503, "unready"),
        "{ready:?}"
    );
    assert_eq!(rig.browser().get("/livez").await.text(), "alive");
    let begun = browser.post("/auth/spark", &[]).await;
    begun.assert_error(503, AWAY);
    let refused = browser.open(&callback).await;
    refused.assert_error(503, AWAY);
    // Nothing is used up, so that the person can load the callback again.
    assert_eq!(refused.url.path(), "/auth/spark/callback");
    assert_eq!(
        rig.upstream.token_requests(),
        0,
        "no token that could not be kept"
    );
    let lines = rig.log.request(refused.request_id()).await;
    assert!(
        lines
            .iter()
            .any(|line| line.contains("WARN") || line.contains("ERROR")),
        "{lines:?}"
    );
    let fields = [("username", "admin"), ("password", PASSWORD)];
    let refused = rig.browser().post("/admin/sign-in", &fields).await;
    refused.assert_error(503, AWAY);

    std::fs::rename(&hidden, &file).unwrap();
    rig.assert_alive().await;
    // The callback was not used up by the failure.
    assert_eq!(browser.open(&callback).await.heading(), "Access granted");
    assert_eq!(admin.open("/admin/profile").await.heading(), "Profile");
}

#[tokio::test]
async fn tokens_that_the_provider_handed_out_meanwhile_are_kept() {
    let rig = Rig::with(Setup::on_disk()).await;
    let browser = rig.browser();
    let callback = browser.callback(ALICE).await;
    let mut held = rig.upstream.hold(Method::POST, "/v1/access_token");
    let tab = browser.clone();
    let granting = tokio::spawn(async move { tab.open(&callback).await });
    held.arrived().await;
    let (file, hidden) = places(&rig);
    std::fs::rename(&file, &hidden).unwrap();
    held.release();
    rig.log.line(&["the store is asked again"]).await;
    std::fs::rename(&hidden, &file).unwrap();
    let receipt = granting.await.unwrap();
    assert_eq!(receipt.heading(), "Access granted", "{receipt:?}");
    let revealed = browser.submit(receipt.form("/granted/reveal")).await;
    assert_eq!(revealed.secrets().len(), 2);
    assert_eq!(rig.upstream.stats().code_exchanges, 1);
}

/// The code is spent by then: the same callback again leads nowhere.
#[tokio::test]
async fn a_grant_that_cannot_be_stored_asks_for_a_new_consent() {
    for sessions_fail in [false, true] {
        let rig = Rig::with(Setup::on_disk()).await;
        rig.browser().grant(ALICE).await;
        let browser = rig.browser();
        let callback = browser.callback(ALICE).await;
        let database = rig.database().await;
        // The store cannot read the record that the consent renews.
        database
            .execute("UPDATE tokens SET email = 'no address'")
            .await;
        if sessions_fail {
            database
                .execute("ALTER TABLE sessions RENAME TO sessions_away")
                .await;
        }
        let page = browser.open(&callback).await;
        page.assert_error(409, "The grant could not be stored");
        assert_eq!(page.url.path(), "/auth/spark/refused", "a clean address");
        let query = sessions_fail.then_some("reason=not_stored");
        assert_eq!(page.url.query(), query, "{page:?}");
        assert_eq!(page.link("Start again"), "/");
        assert!(!page.content().contains("load this page again"), "{page:?}");
        assert_eq!(rig.upstream.stats().code_exchanges, 2);
        rig.log
            .line(&["consent failed", "not_stored", "could not be stored"])
            .await;
        let again = browser.open(&callback).await;
        again.assert_error(400, "This link does not work");
    }
}

#[tokio::test]
async fn a_refreshed_token_is_kept_until_the_store_is_back() {
    let rig = Rig::with(Setup::on_disk()).await;
    rig.upstream
        .provider
        .update_settings(|settings| settings.rotate_refresh_tokens = true);
    rig.browser().grant(ALICE).await;
    let admin = rig.super_admin().await;
    let token = rig.only_token(&admin).await;
    let before = admin.submit(token.form("/reveal")).await.secrets();
    let mut held = rig.upstream.hold(Method::POST, "/v1/access_token");
    let (tab, form) = (admin.clone(), token.form("/refresh"));
    let refreshing = tokio::spawn(async move { tab.submit(form).await });
    held.arrived().await;
    let (file, hidden) = places(&rig);
    std::fs::rename(&file, &hidden).unwrap();
    held.release();
    rig.log.line(&["new tokens wait for the store"]).await;
    std::fs::rename(&hidden, &file).unwrap();
    // The session was away with the store, so whatever this page says will do.
    drop(refreshing.await.unwrap());
    let after = until("the new tokens are stored", async || {
        let token = rig.only_token(&admin).await;
        let secrets = admin.submit(token.form("/reveal")).await.secrets();
        (secrets != before).then_some(secrets)
    });
    assert!(after.await.iter().all(|secret| !before.contains(secret)));
    let token = rig.only_token(&admin).await;
    let page = admin.submit(token.form("/refresh")).await;
    assert!(page.notice().contains("less than 30 seconds"), "{page:?}");
    assert_eq!(rig.upstream.stats().refresh_reuses, 0);
}

#[tokio::test]
async fn somebody_else_who_writes_for_long_is_waited_for() {
    let rig = Rig::with(Setup::on_disk()).await;
    let admin = rig.super_admin().await;
    let browser = rig.browser();
    let lock = rig.database().await.lock().await;
    // Reading goes on meanwhile.
    assert_eq!(admin.get("/admin/tokens").await.status, 200);
    let tab = browser.clone();
    let begun = tokio::spawn(async move { tab.post("/auth/spark", &[]).await });
    assert_eq!(browser.get("/").await.status, 200);
    assert!(!begun.is_finished());
    lock.release().await;
    assert_eq!(begun.await.unwrap().status, 303);
    rig.assert_alive().await;
}
