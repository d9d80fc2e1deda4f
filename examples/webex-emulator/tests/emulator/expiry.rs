//! What dies of age, with a clock that is moved.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use webex_emulator::Settings;

use crate::harness::{ALICE, ALL, Harness, Reply};

#[tokio::test]
async fn tokens_expire_when_their_time_is_over() {
    let harness = Harness::with_settings(Settings {
        access_ttl_s: 3600,
        refresh_ttl_s: 7200,
        ..Settings::default()
    })
    .await;
    let tokens = harness.tokens(ALICE, ALL).await;
    assert_eq!(
        harness.get("/people/me", &tokens.access).await.status,
        StatusCode::OK
    );

    harness.provider().advance_clock(Duration::from_secs(3601));
    let expired = harness.get("/people/me", &tokens.access).await;
    expired.assert_webex_error(401, "The request requires a valid access token set in the");
    let refreshed = harness.refresh(&tokens.refresh, &[]).await;
    assert_eq!(refreshed.body["refresh_token_expires_in"], 7200);

    harness.provider().advance_clock(Duration::from_secs(7201));
    let dead = harness.refresh(&tokens.refresh, &[]).await;
    dead.assert_broker_error(
        400,
        "invalid_request",
        "The refresh token provided is expired",
    );
}

#[tokio::test]
async fn a_refresh_token_may_only_count_down() {
    let harness = Harness::with_settings(Settings {
        refresh_ttl_s: 7200,
        renew_refresh_ttl: false,
        ..Settings::default()
    })
    .await;
    let tokens = harness.tokens(ALICE, ALL).await;
    harness.provider().advance_clock(Duration::from_hours(1));
    let left = harness.refresh(&tokens.refresh, &[]).await.body["refresh_token_expires_in"]
        .as_u64()
        .unwrap();
    assert!((3500..=3600).contains(&left), "{left}");
}

#[tokio::test]
async fn a_code_dies_after_ten_minutes() {
    let harness = Harness::start().await;
    let code = harness.code(ALICE, ALL).await;
    harness.provider().advance_clock(Duration::from_secs(601));
    let dead = harness.exchange(&code, &[]).await;
    dead.assert_broker_error(
        400,
        "invalid_request",
        "The authorization code provided is expired",
    );
}

#[tokio::test]
async fn the_date_header_and_the_token_expiry_follow_the_clock() {
    let harness = Harness::start().await;
    let tokens = harness.tokens(ALICE, ALL).await;
    let expiry = harness
        .get("/authorizations/tokenExpiry", &tokens.access)
        .await;
    let url = harness.control("/settings");
    let change = json!({ "clock_advance_s": -86_400 });
    Reply::of(harness.http.patch(url).json(&change).send().await.unwrap()).await;

    let response = harness
        .http
        .get(harness.url("/people/me"))
        .send()
        .await
        .unwrap();
    let date = httpdate::parse_http_date(response.headers()["date"].to_str().unwrap()).unwrap();
    let date = time::OffsetDateTime::from(date);
    let expires = expiry.body["exp"].as_i64().unwrap() / 1000;
    let apart = expires - date.unix_timestamp();
    let expected = 1_209_599 + 86_400;
    assert!((expected - 60..=expected + 1).contains(&apart), "{apart}");
}
