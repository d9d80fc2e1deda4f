//! What the token endpoint refuses, and in which of the provider's two shapes.

use reqwest::StatusCode;
use webex_emulator::{EmulatorOptions, Registration};

use crate::harness::{ALICE, ALL, CLIENT_ID, Harness, REDIRECT_URI};

const DEAD_CODE: &str = "The authorization code provided is expired, revoked";

async fn pinned() -> Harness {
    let registration = Registration {
        client_secret: Some("secret".to_owned()),
        redirect_uris: vec![REDIRECT_URI.to_owned()],
        ..Registration::new(CLIENT_ID)
    };
    let options = EmulatorOptions {
        registration: Some(registration),
        ..EmulatorOptions::default()
    };
    Harness::start_with(options).await
}

#[tokio::test]
async fn a_code_used_twice_revokes_what_came_of_it() {
    let harness = Harness::start().await;
    let code = harness.code(ALICE, ALL).await;
    let first = harness.exchange(&code, &[]).await;
    let second = harness.exchange(&code, &[]).await;
    second.assert_broker_error(400, "invalid_request", DEAD_CODE);
    let me = harness.get("/people/me", first.text("access_token")).await;
    assert_eq!(me.status, StatusCode::UNAUTHORIZED);
    let refresh = harness.refresh(first.text("refresh_token"), &[]).await;
    refresh.assert_broker_error(
        400,
        "invalid_request",
        "The refresh token provided is expired",
    );
    assert_eq!(harness.provider().stats().code_reuses, 1);
}

#[tokio::test]
async fn an_unknown_code_and_one_of_another_client_are_dead() {
    let harness = Harness::start().await;
    harness
        .exchange("unknown", &[])
        .await
        .assert_broker_error(400, "invalid_request", DEAD_CODE);
    let code = harness.code(ALICE, ALL).await;
    let stranger = harness.exchange(&code, &[("client_id", "C2")]).await;
    stranger.assert_broker_error(400, "invalid_request", DEAD_CODE);
    assert_eq!(harness.exchange(&code, &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_verifier_must_fit_the_challenge() {
    let harness = Harness::start().await;
    let code = harness.code(ALICE, ALL).await;
    let other = "x".repeat(43);
    for verifier in ["", "short", other.as_str()] {
        let reply = harness
            .exchange(&code, &[("code_verifier", verifier)])
            .await;
        reply.assert_broker_error(400, "invalid_request", "code_verifier");
    }
    assert_eq!(harness.exchange(&code, &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_redirect_uri_must_be_identical_byte_by_byte() {
    let harness = Harness::start().await;
    let code = harness.code(ALICE, ALL).await;
    let longer = format!("{REDIRECT_URI}/");
    for redirect_uri in [
        "",
        longer.as_str(),
        "http://localhost:3000/auth/spark/callback",
    ] {
        let reply = harness
            .exchange(&code, &[("redirect_uri", redirect_uri)])
            .await;
        reply.assert_webex_error(400, "redirect_uri_mismatch");
    }
}

#[tokio::test]
async fn the_client_must_prove_itself() {
    let harness = pinned().await;
    let code = harness.code(ALICE, ALL).await;
    for change in [
        ("client_secret", ""),
        ("client_secret", "wrong"),
        ("client_id", "C2"),
    ] {
        let reply = harness.exchange(&code, &[change]).await;
        reply.assert_webex_error(401, "invalid_client");
        let reply = harness.refresh("whatever", &[change]).await;
        reply.assert_webex_error(401, "invalid_client");
    }
    assert_eq!(harness.exchange(&code, &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_rotated_client_secret_refuses_the_old_one() {
    let harness = pinned().await;
    let tokens = harness.tokens(ALICE, ALL).await;
    harness.provider().set_registration(Some(Registration {
        client_secret: Some("new".to_owned()),
        ..Registration::new(CLIENT_ID)
    }));
    harness
        .refresh(&tokens.refresh, &[])
        .await
        .assert_webex_error(401, "invalid_client");
    let reply = harness
        .refresh(&tokens.refresh, &[("client_secret", "new")])
        .await;
    assert_eq!(reply.status, StatusCode::OK);
}

#[tokio::test]
async fn a_malformed_request_is_told_what_is_missing() {
    let harness = Harness::start().await;
    let reply = harness.exchange("", &[]).await;
    reply.assert_broker_error(400, "invalid_request", "Missing parameter: code");
    let reply = harness.refresh("", &[]).await;
    reply.assert_broker_error(400, "invalid_request", "Missing parameter: refresh_token");
    let reply = harness.refresh("x", &[("grant_type", "")]).await;
    reply.assert_broker_error(400, "invalid_request", "Missing parameter: grant_type");
    let reply = harness.refresh("x", &[("grant_type", "password")]).await;
    reply.assert_broker_error(400, "unsupported_grant_type", "authorization_code");
    let twice = [
        ("grant_type", "refresh_token"),
        ("grant_type", "refresh_token"),
    ];
    let reply = harness.post_form("/access_token", &twice).await;
    reply.assert_broker_error(400, "invalid_request", "more than once: grant_type");
    let reply = harness
        .post("/access_token", "none", serde_json::json!({}))
        .await;
    reply.assert_webex_error(415, "application/x-www-form-urlencoded");
}
