//! The device authorization grant.

use std::time::Duration;

use reqwest::StatusCode;

use crate::harness::{ALICE, ALL, CLIENT_ID, Harness, Reply};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn start(harness: &Harness) -> Reply {
    let form = [("client_id", CLIENT_ID), ("scope", ALL)];
    let reply = harness.post_form("/device/authorize", &form).await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    reply
}

async fn poll(harness: &Harness, device_code: &str) -> Reply {
    let form = [("grant_type", GRANT_TYPE), ("device_code", device_code)];
    let request = harness.http.post(harness.url("/device/token"));
    let request = request.basic_auth(CLIENT_ID, Some("secret")).form(&form);
    Reply::of(request.send().await.unwrap()).await
}

async fn press(harness: &Harness, button: &str, user_code: &str) -> StatusCode {
    let form = [
        ("decision", button),
        ("person", ALICE),
        ("user_code", user_code),
    ];
    let request = harness.http.post(harness.url("/device/verify")).form(&form);
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn a_device_is_let_in() {
    let harness = Harness::start().await;
    let started = start(&harness).await;
    assert_eq!(
        (&started.body["expires_in"], &started.body["interval"]),
        (&300.into(), &2.into())
    );
    let device_code = started.text("device_code");
    poll(&harness, device_code)
        .await
        .assert_broker_error(428, "authorization_pending", "");
    poll(&harness, device_code)
        .await
        .assert_broker_error(400, "slow_down", "");

    let page = harness
        .http
        .get(started.text("verification_uri_complete"))
        .send()
        .await
        .unwrap();
    let html = page.text().await.unwrap();
    assert!(
        html.contains(CLIENT_ID) && html.contains(started.text("user_code")),
        "{html}"
    );
    assert_eq!(
        press(&harness, "accept", started.text("user_code")).await,
        StatusCode::OK
    );

    let tokens = poll(&harness, device_code).await;
    let me = harness.get("/people/me", tokens.text("access_token")).await;
    assert_eq!(me.body["emails"][0], ALICE);
    poll(&harness, device_code)
        .await
        .assert_broker_error(400, "expired_token", "");
    let again = press(&harness, "accept", started.text("user_code")).await;
    assert_eq!(again, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_device_is_declined_or_too_late() {
    let harness = Harness::start().await;
    let started = start(&harness).await;
    assert_eq!(
        press(&harness, "decline", started.text("user_code")).await,
        StatusCode::OK
    );
    let declined = poll(&harness, started.text("device_code")).await;
    declined.assert_broker_error(400, "access_denied", "declined");

    let started = start(&harness).await;
    harness.provider().advance_clock(Duration::from_secs(301));
    let late = poll(&harness, started.text("device_code")).await;
    late.assert_broker_error(400, "expired_token", "expired");
}

#[tokio::test]
async fn a_device_needs_a_scope_and_a_client() {
    let harness = Harness::start().await;
    let reply = harness
        .post_form("/device/authorize", &[("client_id", CLIENT_ID)])
        .await;
    reply.assert_broker_error(400, "invalid_scope", "scope");
    let reply = harness
        .post_form("/device/authorize", &[("scope", ALL)])
        .await;
    reply.assert_broker_error(400, "invalid_request", "client_id");
    let form = [("grant_type", GRANT_TYPE), ("device_code", "x")];
    harness
        .post_form("/device/token", &form)
        .await
        .assert_webex_error(401, "invalid_client");
}
