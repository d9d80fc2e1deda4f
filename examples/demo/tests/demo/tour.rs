//! What the greeting suggests, step by step.

use std::fs;

use tempfile::tempdir;

use crate::browser::{Browser, PASSWORD, Page};
use crate::start;

#[tokio::test]
async fn a_newcomer_gets_through_all_of_it() {
    let place = tempdir().unwrap();
    let demo = start(&place).await;
    let browser = Browser::new();

    let receipt = browser.grant(&demo, "alice@example.com").await;
    let receipt = receipt.expect("/granted", "alice@example.com");
    hand_over(&demo, &browser, &receipt).await;

    browser
        .set_up_super_admin(&demo)
        .await
        .expect("/admin/tokens", "signed in");

    let found = browser
        .open(&format!("http://{}/admin/tokens?email=ALI", demo.address()))
        .await;
    let found = found.expect("/admin/tokens", "alice@example.com");
    let path = found.link("/admin/tokens/0").to_owned();
    let detail = browser
        .open(&format!("http://{}{path}", demo.address()))
        .await;
    let refreshed = browser
        .submit(&detail, &format!("{path}/refresh"), &[])
        .await;
    refreshed.expect(&path, "The token was refreshed.");

    let out = browser.submit(&detail, "/admin/sign-out", &[]).await;
    let fields = [("username", "Admin"), ("password", PASSWORD)];
    let tokens = browser.submit(&out, "/admin/sign-in", &fields).await;
    let tokens = tokens.expect("/admin/tokens", "alice@example.com");

    let revoke = format!("{path}/revoke");
    let sure = browser
        .submit(&tokens, &revoke, &[])
        .await
        .expect(&revoke, "alice@example.com");
    browser
        .submit(&sure, &revoke, &[("confirm", "yes")])
        .await
        .expect(&path, "Revoked");
    assert_eq!(demo.emulator().provider().stats().revocations, 1);

    demo.shut_down().await;
    let left: Vec<_> = fs::read_dir(place.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(left, ["demo-data"]);
}

async fn hand_over(demo: &demo::Demo, browser: &Browser, receipt: &Page) {
    let fields = [("roomName", "Hand-over")];
    let done = browser
        .submit(receipt, "/actions/createAndJoinRoom", &fields)
        .await;
    let done = done.expect("/granted", "The room is ready");
    let rooms = demo.emulator().provider().rooms();
    let members: Vec<_> = rooms[0]
        .members
        .iter()
        .map(|m| m.person_email.as_str())
        .collect();
    assert_eq!(members, ["alice@example.com", "dana@example.com"]);
    assert!(rooms[0].messages[0].text.contains("access_token"));

    let sure = browser.submit(&done, "/actions/deleteRoom", &[]).await;
    let sure = sure.expect("/actions/deleteRoom", "Hand-over");
    browser
        .submit(&sure, "/actions/deleteRoom", &[("confirm", "yes")])
        .await
        .expect("/granted", "");
    assert!(demo.emulator().provider().rooms().is_empty());
}
