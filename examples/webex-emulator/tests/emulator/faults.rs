//! Faults: what the emulator does wrong when it is told to.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use webex_emulator::{Cut, Fault, Settings};

use crate::harness::{ALICE, ALL, Harness, Reply};

async fn arm(harness: &Harness, fault: Value) -> Reply {
    let request = harness.http.post(harness.control("/faults")).json(&fault);
    Reply::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_fault_answers_as_often_as_asked_and_then_the_provider_works() {
    let harness = Harness::start().await;
    let tokens = harness.tokens(ALICE, ALL).await;
    let fault = json!({
        "call": "POST /v1/access_token", "times": 2, "status": 429,
        "headers": { "Retry-After": "rand(30),add(30)" }, "body": "{\"message\":\"slow\"}",
        "delay_ms": 0,
    });
    assert_eq!(arm(&harness, fault).await.status, StatusCode::OK);
    for _ in 0..2 {
        let url = harness.url("/access_token");
        let response = harness
            .http
            .post(url)
            .form(&[("a", "b")])
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()["retry-after"], "rand(30),add(30)");
        assert_eq!(
            response.headers()["content-type"],
            "application/json;charset=UTF-8"
        );
        assert!(response.headers().contains_key("trackingid"));
        assert_eq!(response.text().await.unwrap(), "{\"message\":\"slow\"}");
    }
    assert_eq!(
        harness.refresh(&tokens.refresh, &[]).await.status,
        StatusCode::OK
    );
    assert_eq!(harness.provider().stats().refreshes, 1);
}

#[tokio::test]
async fn faults_wait_in_line_and_can_be_cleared() {
    let harness = Harness::start().await;
    for status in [500, 502, 503] {
        arm(
            &harness,
            json!({ "call": "GET /v1/people/me", "status": status }),
        )
        .await;
    }
    for status in [500, 502] {
        harness
            .get("/people/me", "x")
            .await
            .assert_webex_error(status, "server");
    }
    let cleared = harness
        .http
        .delete(harness.control("/faults"))
        .send()
        .await
        .unwrap();
    assert_eq!(cleared.status(), StatusCode::NO_CONTENT);
    assert_eq!(
        harness.get("/people/me", "x").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_fault_waits_for_a_template_or_for_one_path() {
    let harness = Harness::start().await;
    let token = harness.tokens(ALICE, ALL).await.access;
    arm(
        &harness,
        json!({ "call": "DELETE /v1/rooms/{id}", "status": 503 }),
    )
    .await;
    arm(
        &harness,
        json!({ "call": "DELETE /v1/rooms/abc", "status": 502 }),
    )
    .await;
    assert_eq!(
        harness.get("/rooms/abc", &token).await.status,
        StatusCode::NOT_FOUND
    );
    let statuses = [
        harness.delete("/rooms/xyz", &token).await.status.as_u16(),
        harness.delete("/rooms/xyz", &token).await.status.as_u16(),
        harness.delete("/rooms/abc", &token).await.status.as_u16(),
    ];
    assert_eq!(statuses, [503, 404, 502]);
}

#[tokio::test]
async fn a_fault_may_answer_ten_megabytes_or_nothing_or_html() {
    let harness = Harness::start().await;
    let huge = "x".repeat(10_000_000);
    assert_eq!(
        arm(
            &harness,
            json!({ "call": "GET /v1/people/me", "body": huge })
        )
        .await
        .status,
        StatusCode::OK,
    );
    arm(&harness, json!({ "call": "GET /v1/people/me", "body": "" })).await;
    arm(
        &harness,
        json!({ "call": "GET /v1/people/me", "body": "<html></html>" }),
    )
    .await;
    let url = harness.url("/people/me");
    for (length, content_type) in [
        (10_000_000, "text/plain"),
        (0, "text/plain"),
        (13, "text/html"),
    ] {
        let response = harness.http.get(&url).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let given = response.headers()["content-type"].to_str().unwrap();
        assert!(given.starts_with(content_type), "{given}");
        assert_eq!(response.bytes().await.unwrap().len(), length);
    }
}

#[tokio::test]
async fn a_fault_above_sixteen_mebibytes_is_refused() {
    let harness = Harness::start().await;
    let huge = "x".repeat(16 * 1024 * 1024);
    let refused = arm(
        &harness,
        json!({ "call": "GET /v1/people/me", "body": huge }),
    )
    .await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn headers_alone_are_added_to_the_real_answer() {
    let harness = Harness::start().await;
    let token = harness.tokens(ALICE, ALL).await.access;
    let wrong = "Thu, 21 Apr 2016 19:01:55 GMT";
    arm(
        &harness,
        json!({ "call": "GET /v1/people/me", "headers": { "Date": wrong } }),
    )
    .await;
    let url = harness.url("/people/me");
    let response = harness
        .http
        .get(url)
        .bearer_auth(&token)
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["date"], wrong);
    assert_eq!(response.json::<Value>().await.unwrap()["emails"][0], ALICE);
}

#[tokio::test]
async fn a_delay_alone_makes_the_work_slow_and_latency_all_of_it() {
    let harness = Harness::start().await;
    let token = harness.tokens(ALICE, ALL).await.access;
    arm(
        &harness,
        json!({ "call": "GET /v1/people/me", "delay_ms": 80 }),
    )
    .await;
    let begun = Instant::now();
    assert_eq!(
        harness.get("/people/me", &token).await.status,
        StatusCode::OK
    );
    assert!(begun.elapsed() >= Duration::from_millis(80));

    harness
        .provider()
        .update_settings(|settings| settings.latency_ms = 60);
    let begun = Instant::now();
    assert_eq!(
        harness.get("/people/me", &token).await.status,
        StatusCode::OK
    );
    assert!(begun.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn a_connection_cut_before_the_work_leaves_no_trace() {
    let harness = Harness::start().await;
    let tokens = harness.tokens(ALICE, ALL).await;
    arm(
        &harness,
        json!({ "call": "POST /v1/access_token", "drop": "before" }),
    )
    .await;
    let error = refresh_error(&harness, &tokens.refresh).await;
    assert!(error.is_request() && !error.is_timeout(), "{error:?}");
    assert_eq!(harness.provider().stats().refreshes, 0);
    assert_eq!(
        harness.refresh(&tokens.refresh, &[]).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_connection_cut_after_the_work_loses_the_answer_only() {
    let harness = Harness::with_settings(Settings {
        rotate_refresh_tokens: true,
        ..Settings::default()
    })
    .await;
    let tokens = harness.tokens(ALICE, ALL).await;
    let fault = Fault {
        drop: Some(Cut::After),
        ..Fault::on("POST /v1/access_token")
    };
    harness.provider().push_fault(fault).unwrap();
    refresh_error(&harness, &tokens.refresh).await;
    assert_eq!(harness.provider().stats().refreshes, 1);
    let reused = harness.refresh(&tokens.refresh, &[]).await;
    assert_eq!(reused.status, StatusCode::BAD_REQUEST);
    assert_eq!(harness.provider().stats().refresh_reuses, 1);
}

async fn refresh_error(harness: &Harness, token: &str) -> reqwest::Error {
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", crate::harness::CLIENT_ID),
        ("client_secret", "secret"),
        ("refresh_token", token),
    ];
    harness
        .http
        .post(harness.url("/access_token"))
        .form(&form)
        .send()
        .await
        .unwrap_err()
}

#[tokio::test]
async fn not_one_byte_of_a_cut_answer_reaches_the_wire() {
    let harness = Harness::start().await;
    for cut in [Cut::Before, Cut::After] {
        let fault = Fault {
            drop: Some(cut),
            status: Some(503),
            ..Fault::on("GET /v1/people/me")
        };
        harness.provider().push_fault(fault).unwrap();
        let mut connection = TcpStream::connect(harness.emulator.address())
            .await
            .unwrap();
        connection
            .write_all(b"GET /v1/people/me HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        let mut received = Vec::new();
        // An end or a reset: both mean that the connection is gone.
        drop(connection.read_to_end(&mut received).await);
        assert_eq!(received, b"", "{cut:?}");
    }
}

#[tokio::test]
async fn a_fault_may_answer_what_is_not_even_text() {
    let harness = Harness::start().await;
    let body = vec![0xff, 0xfe, 0x00];
    let fault = Fault {
        body: Some(body.clone()),
        ..Fault::on("GET /v1/people/me")
    };
    harness.provider().push_fault(fault).unwrap();
    let response = harness
        .http
        .get(harness.url("/people/me"))
        .send()
        .await
        .unwrap();
    assert_eq!(response.bytes().await.unwrap(), body);
}

#[tokio::test]
async fn the_authorize_page_can_fail_too() {
    let harness = Harness::start().await;
    arm(
        &harness,
        json!({ "call": "GET /v1/authorize", "status": 500 }),
    )
    .await;
    assert_eq!(
        harness.authorize(&[]).await.status(),
        StatusCode::INTERNAL_SERVER_ERROR
    );
    assert_eq!(harness.authorize(&[]).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_wrong_fault_is_refused_with_a_reason() {
    let harness = Harness::start().await;
    for (fault, reason) in [
        (json!({}), "missing field `call`"),
        (
            json!({ "call": "GET /v1/teams" }),
            "is not a call of the emulator",
        ),
        (
            json!({ "call": "GET /v1/people/me", "stauts": 1, "tiems": 3 }),
            "`stauts`, `tiems`",
        ),
        (json!({ "call": "GET /v1/people/me", "times": 0 }), "times"),
        (
            json!({ "call": "GET /v1/people/me", "times": -1 }),
            "`times`: invalid value",
        ),
        (
            json!({ "call": "GET /v1/people/me", "status": 1000 }),
            "status",
        ),
        (
            json!({ "call": "GET /v1/people/me", "drop": "now" }),
            "`drop`: unknown variant `now`",
        ),
        (
            json!({ "call": "GET /v1/people/me", "headers": { "a b": "c" } }),
            "headers",
        ),
    ] {
        let refused = arm(&harness, fault).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert!(refused.text("error").contains(reason), "{refused:?}");
    }
    assert!(harness.provider().pending_faults().is_empty());
}
