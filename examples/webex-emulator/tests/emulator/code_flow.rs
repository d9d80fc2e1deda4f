//! The authorization code grant from the page to the tokens.

use reqwest::StatusCode;
use webex_emulator::Settings;

use crate::harness::{
    ALICE, ALL, BOB, CHALLENGE, CLIENT_ID, Harness, REDIRECT_URI, redirect_parameters,
};

#[tokio::test]
async fn a_person_accepts_and_the_code_becomes_tokens() {
    let harness = Harness::start().await;
    let page = harness.authorize(&[]).await;
    assert_eq!(page.status(), StatusCode::OK);

    let answer = harness
        .press(
            "accept",
            BOB,
            &[("scope", "spark:people_read spark:rooms_write")],
        )
        .await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let parameters = redirect_parameters(&answer);
    assert_eq!(parameters["state"], "a state & more");

    let reply = harness.exchange(&parameters["code"], &[]).await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    assert_eq!(reply.text("access_token").len(), 106);
    assert_eq!(reply.text("refresh_token").len(), 106);
    assert_eq!(reply.text("token_type"), "Bearer");
    assert_eq!(reply.text("scope"), "spark:people_read spark:rooms_write");
    assert_eq!(reply.body["expires_in"], 1_209_599);
    assert_eq!(reply.body["refresh_token_expires_in"], 7_775_999);

    let me = harness.get("/people/me", reply.text("access_token")).await;
    assert_eq!(me.body["emails"][0], BOB);

    let stats = harness.provider().stats();
    assert_eq!(
        (stats.authorizes, stats.code_exchanges, stats.live_grants),
        (1, 1, 1)
    );
}

#[tokio::test]
async fn token_answers_may_not_be_cached() {
    let harness = Harness::start().await;
    let code = harness.code(ALICE, ALL).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", CLIENT_ID),
        ("client_secret", "secret"),
        ("code", &code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", crate::harness::VERIFIER),
    ];
    let response = harness
        .http
        .post(harness.url("/access_token"))
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert!(response.headers().contains_key("date"));
}

#[tokio::test]
async fn a_person_declines() {
    let harness = Harness::start().await;
    let answer = harness.press("decline", ALICE, &[]).await;
    let parameters = redirect_parameters(&answer);
    assert_eq!(parameters["error"], "access_denied");
    assert_eq!(parameters["state"], "a state & more");
    assert!(!parameters.contains_key("code"));
    assert_eq!(harness.provider().stats().authorizes, 0);
}

#[tokio::test]
async fn somebody_else_may_sign_in() {
    let harness = Harness::start().await;
    let answer = harness
        .press("accept", "somebody-else", &[("email", "Zoe@Example.com")])
        .await;
    let code = &redirect_parameters(&answer)["code"];
    let reply = harness.exchange(code, &[]).await;
    let me = harness.get("/people/me", reply.text("access_token")).await;
    assert_eq!(me.body["emails"][0], "zoe@example.com");
    assert_eq!(me.body["displayName"], "Zoe Example");
}

#[tokio::test]
async fn auto_approve_answers_at_once_for_a_new_person_too() {
    let harness = Harness::with_settings(Settings {
        auto_approve: Some("dave@example.com".to_owned()),
        ..Settings::default()
    })
    .await;
    let answer = harness.authorize(&[]).await;
    assert_eq!(answer.status(), StatusCode::FOUND);
    let reply = harness
        .exchange(&redirect_parameters(&answer)["code"], &[])
        .await;
    let me = harness.get("/people/me", reply.text("access_token")).await;
    assert_eq!(me.body["emails"][0], "dave@example.com");
}

#[tokio::test]
async fn without_pkce_the_flow_works_too() {
    let harness = Harness::start().await;
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let answer = harness.press("accept", ALICE, &without).await;
    let reply = harness
        .exchange(
            &redirect_parameters(&answer)["code"],
            &[("code_verifier", "")],
        )
        .await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
}

#[tokio::test]
async fn prompt_none_never_asks() {
    let harness = Harness::start().await;
    let silent = [("prompt", "none"), ("login_hint", ALICE)];
    let answer = harness.authorize(&silent).await;
    assert_eq!(redirect_parameters(&answer)["error"], "login_required");

    harness
        .tokens(ALICE, "spark:people_read spark:rooms_write")
        .await;
    let narrower = [silent[0], silent[1], ("scope", "spark:people_read")];
    assert!(redirect_parameters(&harness.authorize(&narrower).await).contains_key("code"));
    let wider = [silent[0], silent[1], ("scope", ALL)];
    let answer = harness.authorize(&wider).await;
    assert_eq!(redirect_parameters(&answer)["error"], "login_required");
}

#[tokio::test]
async fn mistakes_go_back_to_the_integration() {
    let harness = Harness::start().await;
    for (changes, error) in [
        ([("scope", "")], "invalid_scope"),
        ([("scope", "nonsense")], "invalid_scope"),
        ([("response_type", "token")], "unsupported_response_type"),
        ([("code_challenge_method", "plain")], "invalid_request"),
        ([("code_challenge", "tooshort")], "invalid_request"),
        ([("prompt", "perhaps")], "invalid_request"),
    ] {
        for response in [
            harness.authorize(&changes).await,
            harness.press("accept", ALICE, &changes).await,
        ] {
            let parameters = redirect_parameters(&response);
            assert_eq!(parameters["error"], error, "{changes:?}");
            assert_eq!(parameters["state"], "a state & more");
        }
    }
    assert_eq!(CHALLENGE.len(), 43);
    assert_eq!(harness.provider().stats().authorizes, 0);
}
