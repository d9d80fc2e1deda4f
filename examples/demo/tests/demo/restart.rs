//! A demo that is started again goes on where it ended.

use tempfile::tempdir;

use crate::browser::Browser;
use crate::start;

#[tokio::test]
async fn tokens_of_the_run_before_still_work_although_the_emulator_forgot_them() {
    let place = tempdir().unwrap();
    let first = start(&place).await;
    assert_eq!(first.reminded(), 0);
    let browser = Browser::new();
    browser.grant(&first, "bob@example.com").await;
    browser.set_up_super_admin(&first).await;
    first.shut_down().await;

    let second = start(&place).await;
    assert_eq!(second.set_up_link(), None);
    assert_eq!(second.reminded(), 1);
    assert_eq!(second.emulator().provider().stats().live_grants, 1);
    assert!(
        second
            .greeting(false)
            .to_string()
            .contains("1 token is there from before")
    );
    // The session was kept as well. The room is made with the old access token.
    let receipt = browser
        .open(&format!("http://{}/granted", second.address()))
        .await;
    let receipt = receipt.expect("/granted", "bob@example.com");
    let fields = [("roomName", "Once more")];
    let done = browser
        .submit(&receipt, "/actions/createAndJoinRoom", &fields)
        .await;
    done.expect("/granted", "The room is ready");
    // And a new one is had with the old refresh token.
    let list = browser
        .open(&format!("http://{}/admin/tokens", second.address()))
        .await;
    let path = list.link("/admin/tokens/0").to_owned();
    let refreshed = browser.submit(&list, &format!("{path}/refresh"), &[]).await;
    refreshed.expect(&path, "The token was refreshed.");
    assert_eq!(second.emulator().provider().stats().refreshes, 1);
    second.shut_down().await;
}

#[tokio::test]
async fn a_fresh_one_forgets() {
    let place = tempdir().unwrap();
    let first = start(&place).await;
    Browser::new().grant(&first, "bob@example.com").await;
    first.shut_down().await;

    let options = demo::Options {
        port: 0,
        emulator_port: 0,
        fresh: true,
        ..demo::Options::at(place.path().join("demo-data"))
    };
    let second = demo::Demo::start(&options).await.unwrap();
    assert_eq!(second.reminded(), 0);
    assert!(second.set_up_link().is_some());
    second.shut_down().await;
}

#[tokio::test]
async fn a_withdrawn_token_is_not_taken_up_again() {
    let place = tempdir().unwrap();
    let first = start(&place).await;
    let browser = Browser::new();
    let receipt = browser.grant(&first, "carol@example.com").await;
    let sure = browser.submit(&receipt, "/granted/withdraw", &[]).await;
    browser
        .submit(&sure, "/granted/withdraw", &[("confirm", "yes")])
        .await;
    assert_eq!(first.emulator().provider().stats().live_grants, 0);
    first.shut_down().await;

    let second = start(&place).await;
    assert_eq!(second.reminded(), 0);
    second.shut_down().await;
}
