//! Token answers that are unusual, and good all the same.

use webex_emulator::Fault;

use crate::harness::{ALICE, Browser, Page, Rig};

/// A consent whose token answer is this text.
async fn grant_with(rig: &Rig, browser: &Browser, answer: &str) -> Page {
    let person = r#"{"id":"P1","emails":["alice@example.com"],"displayName":"Alice"}"#;
    for (call, body) in [
        ("POST /v1/access_token", answer),
        ("GET /v1/people/me", person),
    ] {
        rig.upstream.spoil(Fault {
            status: Some(200),
            body: Some(body.as_bytes().to_vec()),
            ..Fault::on(call)
        });
    }
    browser.grant(ALICE).await
}

#[tokio::test]
async fn a_token_without_a_refresh_token_is_kept_until_it_ends() {
    let rig = Rig::start().await;
    let (browser, admin) = (rig.browser(), rig.super_admin().await);
    let answer = r#"{"access_token":"the-only-token-there-is","expires_in":864000}"#;
    let receipt = grant_with(&rig, &browser, answer).await;
    assert_eq!(receipt.heading(), "Access granted", "{receipt:?}");
    assert!(
        receipt.content().contains("This access expires"),
        "{receipt:?}"
    );
    assert!(
        receipt.content().contains("no refresh token"),
        "{receipt:?}"
    );
    let revealed = browser.submit(receipt.form("/granted/reveal")).await;
    assert_eq!(revealed.secrets(), ["the-only-token-there-is"]);

    let token = rig.only_token(&admin).await;
    assert!(token.content().contains("cannot be renewed"), "{token:?}");
    let key = crate::api::make_key(&admin, &crate::api::ALL_SCOPES).await;
    let service = crate::harness::Service::new(rig.browser(), Some(&key.text));
    let record = service.read("/tokens").await["items"][0].clone();
    assert_eq!(record["refreshable"], false, "{record}");
    assert_eq!(record["status"], "active", "{record}");
    let page = admin.submit(token.form("/refresh")).await;
    assert!(page.content().contains("Active"), "{page:?}");
    assert!(page.notice().contains("no refresh token"), "{page:?}");
    assert_eq!(
        rig.upstream.token_requests(),
        1,
        "there was nothing to ask with"
    );

    rig.advance(std::time::Duration::from_hours(241));
    let admin = rig.browser();
    admin.sign_in("admin", crate::harness::PASSWORD).await;
    let page = admin.submit(token.form("/refresh")).await;
    assert!(page.content().contains("Needs consent"), "{page:?}");
}

#[tokio::test]
async fn a_field_that_is_missing_or_odd_costs_no_token() {
    for rest in [
        "",
        r#","expires_in":"soon""#,
        r#","expires_in":-7,"refresh_token_expires_in":null"#,
        r#","expires_in":1e99,"token_type":"mac""#,
        r#","expires_in":"3600","scope":["a"],"unknown":{"deep":[1,2]}"#,
    ] {
        let rig = Rig::start().await;
        let browser = rig.browser();
        let answer =
            format!(r#"{{"access_token":"odd-access","refresh_token":"odd-refresh"{rest}}}"#);
        let receipt = grant_with(&rig, &browser, &answer).await;
        assert_eq!(receipt.heading(), "Access granted", "{rest}: {receipt:?}");
        let revealed = browser.submit(receipt.form("/granted/reveal")).await;
        assert_eq!(revealed.secrets(), ["odd-access", "odd-refresh"], "{rest}");
    }
}

#[tokio::test]
async fn a_token_of_eight_kibibytes_is_kept_and_shown_in_one_piece() {
    let rig = Rig::start().await;
    let browser = rig.browser();
    let long = "jwt.".repeat(2048);
    let answer =
        format!(r#"{{"access_token":"{long}","expires_in":864000,"refresh_token":"r{long}"}}"#);
    let receipt = grant_with(&rig, &browser, &answer).await;
    let revealed = browser.submit(receipt.form("/granted/reveal")).await;
    assert_eq!(revealed.secrets(), [long.clone(), format!("r{long}")]);

    // It fits into no message, which is known before there is a room.
    let form = receipt
        .form("/actions/createAndJoinRoom")
        .set("roomName", "A room");
    let refused = browser.submit(form).await;
    assert_eq!(refused.status, 422, "{refused:?}");
    assert!(
        refused.notice().contains("No room was created."),
        "{refused:?}"
    );
    assert!(!rig.upstream.stats().calls.contains_key("POST /v1/rooms"));
}

#[tokio::test]
async fn what_people_are_called_is_shown_as_text() {
    let rig = Rig::start().await;
    let name = r#"<img src=x onerror=alert(1)> "Bobby" & 'Tables'"#;
    let person = serde_json::json!({
        "id": "P1", "emails": ["bobby@example.com"], "displayName": name,
    });
    rig.upstream.spoil(Fault {
        status: Some(200),
        body: Some(person.to_string().into_bytes()),
        ..Fault::on("GET /v1/people/me")
    });
    let receipt = rig.browser().grant(ALICE).await;
    let admin = rig.super_admin().await;
    let list = admin.open("/admin/tokens").await;
    let token = rig.only_token(&admin).await;
    let asked = admin.submit(token.form("/remove")).await;
    for page in [receipt, list, token, asked] {
        assert!(!page.text().contains("<img"), "{page:?}");
        assert!(
            page.html()
                .select(&scraper::Selector::parse("img").unwrap())
                .next()
                .is_none()
        );
    }
}
