//! What a token may do is what was granted.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use webex_emulator::{EmulatorOptions, Registration, Scopes};

use crate::harness::{ALICE, ALL, CLIENT_ID, Harness, redirect_parameters};

/// Each call with the scope that it needs.
fn calls() -> Vec<(Method, &'static str, Option<Value>, &'static str)> {
    vec![
        (Method::GET, "/people/me", None, "spark:people_read"),
        (
            Method::POST,
            "/rooms",
            Some(json!({ "title": "t" })),
            "spark:rooms_write",
        ),
        (Method::GET, "/rooms/x", None, "spark:rooms_read"),
        (Method::DELETE, "/rooms/x", None, "spark:rooms_write"),
        (
            Method::POST,
            "/memberships",
            Some(json!({})),
            "spark:memberships_write",
        ),
        (
            Method::POST,
            "/messages",
            Some(json!({})),
            "spark:messages_write",
        ),
        (Method::GET, "/authorizations", None, "identity:tokens_read"),
        (
            Method::DELETE,
            "/authorizations",
            None,
            "identity:tokens_write",
        ),
        (
            Method::DELETE,
            "/authorizations/x",
            None,
            "identity:tokens_write",
        ),
    ]
}

#[tokio::test]
async fn each_call_needs_its_scope_and_no_other() {
    let harness = Harness::start().await;
    for (method, path, body, scope) in calls() {
        let others: Vec<&str> = calls()
            .into_iter()
            .map(|call| call.3)
            .filter(|other| *other != scope)
            .collect();
        let without = harness.tokens(ALICE, &others.join(" ")).await;
        let refused = harness
            .call(method.clone(), path, &without.access, body.clone())
            .await;
        refused.assert_webex_error(403, "missing required scopes");

        for enough in [scope, ALL] {
            let with = harness.tokens(ALICE, enough).await;
            let reply = harness
                .call(method.clone(), path, &with.access, body.clone())
                .await;
            assert_ne!(
                reply.status,
                StatusCode::FORBIDDEN,
                "{method} {path} with {enough}"
            );
        }
    }
}

#[tokio::test]
async fn each_call_needs_a_token() {
    let harness = Harness::start().await;
    for (method, path, body, _) in calls() {
        let refused = harness.call(method, path, "unknown", body).await;
        refused.assert_webex_error(
            401,
            "valid access token set in the Authorization request header",
        );
    }
    let without = harness
        .http
        .get(harness.url("/people/me"))
        .send()
        .await
        .unwrap();
    assert_eq!(without.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(without.headers()["www-authenticate"], "Bearer");
    let basic = harness
        .http
        .get(harness.url("/people/me"))
        .basic_auth("a", Some("b"))
        .send()
        .await
        .unwrap();
    assert_eq!(basic.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_integration_asks_for_its_registered_scopes_only() {
    let registration = Registration {
        scopes: Some(Scopes::parse("spark:people_read spark:rooms_write").unwrap()),
        ..Registration::new(CLIENT_ID)
    };
    let options = EmulatorOptions {
        registration: Some(registration),
        ..EmulatorOptions::default()
    };
    let harness = Harness::start_with(options).await;
    let refused = harness
        .authorize(&[("scope", "spark:people_read spark:teams_read")])
        .await;
    assert_eq!(redirect_parameters(&refused)["error"], "invalid_scope");
    let shown = harness.authorize(&[("scope", "spark:rooms_write")]).await;
    assert_eq!(shown.status(), StatusCode::OK);
}
