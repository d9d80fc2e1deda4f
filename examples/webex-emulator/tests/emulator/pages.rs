//! The pages for people.

use reqwest::{Response, StatusCode};
use webex_emulator::{EmulatorOptions, Registration};

use crate::harness::{ALICE, CLIENT_ID, Harness, REDIRECT_URI};

async fn html(response: Response, status: StatusCode) -> String {
    assert_eq!(response.status(), status);
    assert_eq!(
        response.headers()["content-type"],
        "text/html; charset=utf-8"
    );
    let policy = response.headers()["content-security-policy"]
        .to_str()
        .unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("form-action"));
    assert_eq!(response.headers()["cache-control"], "no-store");
    response.text().await.unwrap()
}

#[tokio::test]
async fn the_page_names_client_scopes_and_people() {
    let harness = Harness::start().await;
    harness
        .provider()
        .add_person("dora@example.com", "Dora", "Dean")
        .unwrap();
    let changes = [
        ("scope", "spark:rooms_write custom:thing"),
        ("login_hint", "zoe@example.com"),
    ];
    let html = html(harness.authorize(&changes).await, StatusCode::OK).await;
    for part in [
        "This is not Webex",
        CLIENT_ID,
        "127.0.0.1:3000",
        "create, change and delete rooms",
        "<code>custom:thing</code>",
        "alice@example.com",
        "bob@example.com",
        "carol@example.com",
        "Dora Dean",
        ">Accept</button>",
        ">Decline</button>",
    ] {
        assert!(html.contains(part), "no {part} in {html}");
    }
    assert!(
        html.contains(r#"value="zoe@example.com" checked"#),
        "the hinted person is chosen"
    );
    assert_eq!(html.matches(" checked").count(), 1);
    assert!(!html.contains("<script") && !html.contains(" style="));
}

#[tokio::test]
async fn a_known_hint_is_chosen_and_listed_once() {
    let harness = Harness::start().await;
    let page = harness
        .authorize(&[("login_hint", "Carol@Example.com")])
        .await;
    let html = html(page, StatusCode::OK).await;
    assert!(html.contains(r#"value="carol@example.com" checked"#));
    assert_eq!(
        html.matches(r#"name="person" value="carol@example.com""#)
            .count(),
        1
    );
}

#[tokio::test]
async fn everything_from_outside_is_escaped() {
    let harness = Harness::start().await;
    let nasty = "\"><img src=x onerror=alert(1)>";
    let page = harness
        .authorize(&[("state", nasty), ("login_hint", nasty)])
        .await;
    assert!(!html(page, StatusCode::OK).await.contains("<img"));
    let page = harness
        .press("accept", "somebody-else", &[("email", nasty)])
        .await;
    let text = html(page, StatusCode::BAD_REQUEST).await;
    assert!(!text.contains("<img") && text.contains("is not an e-mail address"));
    assert!(
        text.contains(r#"value="somebody-else" checked"#),
        "the choice is kept"
    );
    assert!(text.contains("onerror=alert(1)"), "what was typed is kept");
    let page = harness
        .http
        .get(harness.url("/device/verify"))
        .query(&[("user_code", nasty)]);
    let text = html(page.send().await.unwrap(), StatusCode::BAD_REQUEST).await;
    assert!(!text.contains("<img") && text.contains("this code is unknown"));
}

#[tokio::test]
async fn a_bad_client_or_redirect_uri_is_a_page_and_never_a_redirect() {
    let registration = Registration {
        redirect_uris: vec![REDIRECT_URI.to_owned()],
        ..Registration::new(CLIENT_ID)
    };
    let options = EmulatorOptions {
        registration: Some(registration),
        ..EmulatorOptions::default()
    };
    let harness = Harness::start_with(options).await;
    for (changes, text) in [
        ([("client_id", "")], "client_id is missing"),
        ([("client_id", "C2")], "no integration with this client_id"),
        ([("redirect_uri", "")], "redirect_uri is missing"),
        (
            [("redirect_uri", "http://evil.example/")],
            "not one of those registered",
        ),
        (
            [("redirect_uri", "javascript:alert(1)")],
            "must be an absolute http or https",
        ),
    ] {
        for response in [
            harness.authorize(&changes).await,
            harness.press("accept", ALICE, &changes).await,
        ] {
            assert!(!response.headers().contains_key("location"));
            let html = html(response, StatusCode::BAD_REQUEST).await;
            assert!(html.contains(text), "no {text} in {html}");
        }
    }
}

#[tokio::test]
async fn the_style_sheet_is_there() {
    let harness = Harness::start().await;
    let response = harness
        .http
        .get(harness.control("/emulator.css"))
        .send()
        .await
        .unwrap();
    assert_eq!(
        response.headers()["content-type"],
        "text/css; charset=utf-8"
    );
    assert!(
        response
            .text()
            .await
            .unwrap()
            .contains("prefers-color-scheme: dark")
    );
}
