//! The control API over HTTP.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{ALICE, ALL, BOB, Harness, Reply, redirect_parameters};

async fn patch(harness: &Harness, body: &str) -> Reply {
    let request = harness
        .http
        .patch(harness.control("/settings"))
        .body(body.to_owned());
    Reply::of(request.send().await.unwrap()).await
}

async fn get(harness: &Harness, path: &str) -> Value {
    harness
        .http
        .get(harness.control(path))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap()
}

#[tokio::test]
async fn settings_are_changed_one_by_one() {
    let harness = Harness::start().await;
    let changed = patch(
        &harness,
        r#"{"access_ttl_s":5,"auto_approve":"Eve@Example.com"}"#,
    )
    .await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    assert_eq!(changed.body["access_ttl_s"], 5);
    assert_eq!(
        changed.body["refresh_ttl_s"], 7_775_999,
        "what was not named stays"
    );
    assert_eq!(changed.body, get(&harness, "/settings").await);
    let answer = harness.authorize(&[]).await;
    let reply = harness
        .exchange(&redirect_parameters(&answer)["code"], &[])
        .await;
    assert_eq!(reply.body["expires_in"], 5);

    for off in [r#"{"auto_approve":null}"#, r#"{"auto_approve":""}"#] {
        patch(&harness, r#"{"auto_approve":"eve@example.com"}"#).await;
        assert_eq!(patch(&harness, off).await.body["auto_approve"], Value::Null);
        assert_eq!(harness.authorize(&[]).await.status(), StatusCode::OK);
    }
    assert_eq!(
        patch(&harness, "").await.body["access_ttl_s"],
        5,
        "nothing changes nothing"
    );
}

#[tokio::test]
async fn every_setting_can_be_changed() {
    let harness = Harness::start().await;
    let change = json!({
        "access_ttl_s": 1, "refresh_ttl_s": 2, "rotate_refresh_tokens": true,
        "renew_refresh_ttl": false, "omit_refresh_token": true, "same_access_token_s": 3,
        "latency_ms": 4, "auto_approve": "a@b", "clock_advance_s": 5,
    });
    assert_eq!(patch(&harness, &change.to_string()).await.body, change);
}

#[tokio::test]
async fn a_wrong_change_changes_nothing() {
    let harness = Harness::start().await;
    let before = get(&harness, "/settings").await;
    for (body, reason) in [
        (
            r#"{"access_ttl_s":1,"foo":2,"bar":3}"#,
            "unknown fields `foo`, `bar`",
        ),
        (r#"{"access_ttl_s":1,"foo":2}"#, "unknown field `foo`"),
        (
            r#"{"access_ttl_s":1,"latency_ms":"slow"}"#,
            "`latency_ms`: invalid type",
        ),
        (r#"{"access_ttl_s":-1}"#, "`access_ttl_s`: invalid value"),
        (
            r#"{"access_ttl_s":1,"refresh_ttl_s":3200000001}"#,
            "`refresh_ttl_s`: must not be above",
        ),
        (
            r#"{"access_ttl_s":1,"auto_approve":"nobody"}"#,
            "`auto_approve`: `nobody` is not",
        ),
        (r#"{"access_ttl_s":1"#, "EOF"),
        (r#"{"access_ttl_s":1} x"#, "trailing characters"),
        ("[]", "invalid"),
    ] {
        let refused = patch(&harness, body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
        assert!(
            refused.text("error").contains(reason),
            "{body}: {refused:?}"
        );
        assert_eq!(get(&harness, "/settings").await, before);
    }
}

#[tokio::test]
async fn a_person_withdraws_or_everybody_does() {
    let harness = Harness::start().await;
    let alice = harness.tokens(ALICE, ALL).await;
    let bob = harness.tokens(BOB, ALL).await;
    let revoke = async |body: Value| {
        let request = harness.http.post(harness.control("/revoke")).json(&body);
        Reply::of(request.send().await.unwrap()).await
    };
    let nobody = revoke(json!({ "email": "nobody@example.com" })).await;
    assert_eq!(
        (nobody.status, nobody.body),
        (StatusCode::OK, json!({ "revoked": 0 }))
    );
    assert_eq!(
        revoke(json!({ "email": "ALICE@example.com" })).await.body["revoked"],
        1
    );
    let me = harness.get("/people/me", &alice.access).await;
    assert_eq!(me.status, StatusCode::UNAUTHORIZED);
    let refresh = harness.refresh(&alice.refresh, &[]).await;
    refresh.assert_broker_error(
        400,
        "invalid_request",
        "The refresh token provided is expired",
    );
    assert_eq!(
        harness.get("/people/me", &bob.access).await.status,
        StatusCode::OK
    );
    assert_eq!(revoke(json!({})).await.body["revoked"], 1);
    assert_eq!(harness.provider().stats().revocations, 2);
    let wrong = revoke(json!({ "mail": ALICE })).await;
    assert_eq!(wrong.text("error"), "unknown field `mail`");
}

#[tokio::test]
async fn stats_count_calls_by_method_and_template() {
    let harness = Harness::start().await;
    let token = harness.tokens(ALICE, ALL).await.access;
    for id in ["one", "two"] {
        harness.delete(&format!("/rooms/{id}"), &token).await;
    }
    harness.get("/people/me", "wrong").await;
    harness.get("/nowhere", &token).await;
    let stats = get(&harness, "/stats").await;
    let expected = json!({
        "authorizes": 1, "code_exchanges": 1, "code_reuses": 0, "refreshes": 0,
        "refresh_reuses": 0, "revocations": 0, "live_grants": 1,
        "calls": {
            "POST /v1/authorize": 1, "POST /v1/access_token": 1,
            "DELETE /v1/rooms/{id}": 2, "GET /v1/people/me": 1,
        },
    });
    assert_eq!(stats, expected);
}

#[tokio::test]
async fn a_person_is_renamed_and_the_address_is_free_for_another() {
    let harness = Harness::start().await;
    let rename = async |body: Value| {
        let request = harness.http.patch(harness.control("/people")).json(&body);
        Reply::of(request.send().await.unwrap()).await
    };
    let token = harness.tokens(ALICE, ALL).await.access;
    let before = harness.get("/people/me", &token).await;
    let body = json!({ "email": ALICE, "new_email": "a.new@example.com", "last_name": "New" });
    let renamed = rename(body.clone()).await;
    assert_eq!(renamed.status, StatusCode::OK);
    let me = harness.get("/people/me", &token).await;
    assert_eq!(me.body, renamed.body);
    assert_eq!(me.text("id"), before.text("id"));
    assert_eq!(me.body["emails"], json!(["a.new@example.com"]));
    assert_eq!(me.text("displayName"), "Alice New");
    let second = harness.tokens(ALICE, ALL).await.access;
    let second = harness.get("/people/me", &second).await;
    assert_ne!(second.text("id"), before.text("id"));
    assert_eq!(second.body["emails"], json!([ALICE]));
    for (body, status) in [
        (
            json!({ "email": "x@example.com", "new_email": ALICE }),
            StatusCode::NOT_FOUND,
        ),
        (
            json!({ "email": ALICE, "new_email": "x" }),
            StatusCode::BAD_REQUEST,
        ),
        (json!({ "email": ALICE }), StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(rename(body.clone()).await.status, status, "{body}");
    }
}

#[tokio::test]
async fn rooms_are_shown_with_members_and_messages() {
    let harness = Harness::start().await;
    let token = harness.tokens(ALICE, ALL).await.access;
    let room = harness
        .post("/rooms", &token, json!({ "title": "First" }))
        .await;
    harness
        .post("/rooms", &token, json!({ "title": "Second" }))
        .await;
    let message = json!({ "roomId": room.text("id"), "text": "hello" });
    harness.post("/messages", &token, message).await;
    let rooms = get(&harness, "/rooms").await;
    assert_eq!(rooms[0]["title"], "First");
    assert_eq!(rooms[0]["members"][0]["personEmail"], ALICE);
    assert_eq!(rooms[0]["messages"][0]["text"], "hello");
    assert_eq!(rooms[1]["title"], "Second");
}
