//! The authorization URL and the REST calls.

use serde_json::json;
use wiremock::matchers::{any, body_json, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::super::WebexClient;
use super::*;
use crate::consent::State;
use crate::ports::{
    AuthorizationRequest, Revocation, RoomId, SparkClient, SparkError, SparkErrorKind,
};

const ROOM: &str = "Y2lzY29zcGFyazovL3VzL1JPT00vMQ";

fn bearer() -> String {
    format!("Bearer {ACCESS_TOKEN}")
}

async fn server_with(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// What `GET /people/me` makes of a body.
async fn me(body: &serde_json::Value) -> Result<crate::Person, SparkError> {
    let server = server_with(ResponseTemplate::new(200).set_body_json(body)).await;
    client_of(&server).me(&access_token()).await
}

/// The query of the authorization URL, and whatever stands before it.
fn authorization_query(authorize_url: &str) -> (String, Vec<(String, String)>) {
    let settings =
        settings("https://webexapis.com/v1").with_authorize_url(authorize_url.parse().unwrap());
    let integration = integration();
    let url = WebexClient::new(settings)
        .unwrap()
        .authorization_url(&AuthorizationRequest {
            integration: &integration,
            scopes: &integration.scopes,
            state: &State::from_callback("state & more"),
            challenge: &verifier().challenge(),
            login_hint: None,
            select_account: false,
        });
    assert!(!url.as_str().contains('+'), "{url}");
    assert_eq!(url.as_str().matches("&&").count(), 0, "{url}");
    let query = url.query_pairs().into_owned().collect();
    let mut bare = url;
    bare.set_query(None);
    (bare.into(), query)
}

#[test]
fn the_authorization_url_holds_the_whole_request() {
    let expected = [
        ("response_type", "code"),
        ("client_id", "C0123"),
        ("redirect_uri", REDIRECT_URI),
        ("scope", "spark:people_read spark:rooms_write"),
        ("state", "state & more"),
        (
            "code_challenge",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        ),
        ("code_challenge_method", "S256"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));

    for authorize_url in ["https://a/authorize", "https://a/authorize?"] {
        let (bare, query) = authorization_query(authorize_url);
        assert_eq!(bare, "https://a/authorize");
        assert_eq!(query, expected);
    }
    for (configured, kept) in [
        ("tenant=acme", "tenant=acme"),
        ("prompt=consent&x=%2B", "prompt=consent&x=%2B"),
        ("resource=https://a/?b", "resource=https://a/?b"),
        ("&&x&", "x"),
        ("state=mine&x=1&scope=spark:all&client_id=C9", "x=1"),
        ("st%61te=mine&redirect_uri=https://evil.example/&x=1", "x=1"),
        ("response_type=token", ""),
    ] {
        let (bare, query) = authorization_query(&format!("https://a/authorize?{configured}"));
        assert_eq!(bare, "https://a/authorize");
        let kept = url::form_urlencoded::parse(kept.as_bytes()).into_owned();
        let whole: Vec<_> = kept.chain(expected.clone()).collect();
        assert_eq!(query, whole, "{configured}");
    }
}

#[test]
fn the_authorization_url_says_whose_account_is_meant() {
    let integration = integration();
    let email = EmailAddress::parse("ann+webex@example.org").unwrap();
    for (configured, prompt) in [
        ("", "select_account"),
        ("?login_hint=bob@example.org", "select_account"),
        ("?prompt=consent", "consent select_account"),
        ("?prompt=select_account", "select_account"),
        ("?prompt=login%20consent", "login consent select_account"),
        ("?prompt=none", "select_account"),
    ] {
        let authorize_url = format!("https://a/authorize{configured}").parse().unwrap();
        let settings = settings("https://a").with_authorize_url(authorize_url);
        let client = WebexClient::new(settings).unwrap();
        let url = client.authorization_url(&AuthorizationRequest {
            integration: &integration,
            scopes: &integration.scopes,
            state: &State::from_callback("state"),
            challenge: &verifier().challenge(),
            login_hint: Some(&email),
            select_account: true,
        });
        let query: Vec<_> = url.query_pairs().into_owned().collect();
        let expected = [("login_hint", "ann+webex@example.org"), ("prompt", prompt)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(query[7..], expected, "{configured}");
    }
}

#[tokio::test]
async fn a_direct_message_names_the_person_and_no_room() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/messages"))
        .and(body_json(
            json!({ "toPersonEmail": "ann@example.org", "text": "hello" }),
        ))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "id": "M1" })))
        .expect(1)
        .mount(&server)
        .await;
    let email = EmailAddress::parse("ann@example.org").unwrap();
    let client = client_of(&server);
    let message = client
        .message_person(&access_token(), &email, "hello")
        .await
        .unwrap();
    assert_eq!(message.as_str(), "M1");
}

#[tokio::test]
async fn knows_who_a_token_speaks_for() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/v1/people/me"))
        .and(header("authorization", bearer()))
        .and(header("accept", "application/json"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "id": "P1", "emails": ["alice@example.com", "a@example.com"], "displayName": "Alice A.",
            "orgId": "O1", "status": "active", "type": "person",
        })))
        .mount(&server)
        .await;
    let person = client_of(&server).me(&access_token()).await.unwrap();
    assert_eq!(person.id.as_str(), "P1");
    assert_eq!(person.email.as_str(), "alice@example.com");
    assert_eq!(person.display_name.as_deref(), Some("Alice A."));
}

#[tokio::test]
async fn a_person_may_lack_any_name() {
    for (names, shown) in [
        (json!({}), None),
        (json!({"displayName": null, "nickName": 7}), None),
        (json!({"displayName": " ", "nickName": "Al"}), Some("Al")),
        (json!({"firstName": "Alice"}), Some("Alice")),
        (
            json!({"displayName": "", "firstName": "Alice", "lastName": "A\n."}),
            Some("Alice A ."),
        ),
    ] {
        let mut body = json!({"id": "P1", "emails": ["alice@example.com"]});
        let fields = body.as_object_mut().unwrap();
        fields.extend(names.as_object().unwrap().clone());
        let person = me(&body).await.unwrap();
        assert_eq!(person.display_name.as_deref(), shown, "{names}");
    }
}

#[tokio::test]
async fn a_person_without_identifier_or_address_is_unreadable() {
    let no_address = "the provider names no usable e-mail address of the person: ";
    let no_field = "the answer lacks a documented field, or one is of another type";
    for (body, text) in [
        (json!({"id": "P1"}), no_address),
        (json!({"id": "P1", "emails": []}), no_address),
        (json!({"id": "P1", "emails": [7]}), no_address),
        (json!({"id": "P1", "emails": "a@b"}), no_address),
        (json!({"id": "P1", "emails": ["nobody"]}), no_address),
        (json!({"emails": ["a@example.com"]}), no_field),
        (json!({"id": "", "emails": ["a@example.com"]}), no_field),
        (json!({"id": 7, "emails": ["a@example.com"]}), no_field),
        (json!([]), no_field),
        (json!("me"), no_field),
    ] {
        let error = me(&body).await.unwrap_err();
        assert_eq!(error.kind, SparkErrorKind::Unreadable, "{body}");
        let message = error.message.unwrap();
        assert!(message.starts_with(text), "{body}: {message}");
    }
}

#[tokio::test]
async fn creates_a_room_with_a_member_and_a_message() {
    let server = MockServer::start().await;
    // The provider answers 200; 201 is what others would expect.
    for (resource, body, status) in [
        ("rooms", json!({"title": "Hand-over"}), 200),
        (
            "memberships",
            json!({"roomId": "R1", "personEmail": "owner@example.com"}),
            200,
        ),
        (
            "messages",
            json!({"roomId": "R1", "text": "{\"access_token\":\"t\"}"}),
            201,
        ),
    ] {
        Mock::given(method("POST"))
            .and(path(format!("/v1/{resource}")))
            .and(header("authorization", bearer()))
            .and(header("content-type", "application/json"))
            .and(body_json(body))
            .respond_with(
                ResponseTemplate::new(status)
                    .set_body_json(json!({"id": format!("id-of-{resource}"), "created": null})),
            )
            .mount(&server)
            .await;
    }
    let client = client_of(&server);
    let token = access_token();
    let room = client.create_room(&token, "Hand-over").await.unwrap();
    assert_eq!(room.as_str(), "id-of-rooms");
    let room = RoomId::new("R1");
    let requester = EmailAddress::parse("owner@example.com").unwrap();
    let member = client.add_member(&token, &room, &requester).await.unwrap();
    assert_eq!(member.as_str(), "id-of-memberships");
    let text = r#"{"access_token":"t"}"#;
    let message = client.post_message(&token, &room, text).await.unwrap();
    assert_eq!(message.as_str(), "id-of-messages");
}

#[tokio::test]
async fn a_created_room_without_identifier_is_unreadable() {
    for body in ["", "<html>", "{}", r#"{"id":7}"#, r#"{"id":".."}"#, "R1"] {
        let server = server_with(ResponseTemplate::new(200).set_body_string(body)).await;
        let client = client_of(&server);
        let error = client.create_room(&access_token(), "x").await.unwrap_err();
        assert_eq!(error.kind, SparkErrorKind::Unreadable, "{body}");
        assert!(error.message.is_some());
    }
}

#[tokio::test]
async fn deletes_the_room_and_nothing_else() {
    let server = MockServer::start().await;
    for status in [200, 204] {
        server.reset().await;
        Mock::given(method("DELETE"))
            .and(path(format!("/v1/rooms/{ROOM}")))
            .respond_with(ResponseTemplate::new(status))
            .expect(1)
            .mount(&server)
            .await;
        let room = RoomId::new(ROOM);
        client_of(&server)
            .delete_room(&access_token(), &room)
            .await
            .unwrap();
    }
    server.reset().await;
    Mock::given(path("/v1/rooms/..%2Fpeople%3Fx%23y"))
        .respond_with(ResponseTemplate::new(404).set_body_json(json!({
            "message": "Could not find a room with provided ID.",
            "errors": [{"description": "Could not find a room with provided ID."}],
            "trackingId": "ROUTER_1",
        })))
        .expect(1)
        .mount(&server)
        .await;
    let error = client_of(&server)
        .delete_room(&access_token(), &RoomId::new("../people?x#y"))
        .await
        .unwrap_err();
    assert_eq!(error.kind, SparkErrorKind::NotFound);
    assert_eq!(
        error.to_string(),
        "the provider does not know it (HTTP 404): Could not find a room with provided ID."
    );
    assert_eq!(error.tracking_id.unwrap().as_str(), "ROUTER_1");
    // These would lead to another resource, so nothing is sent at all.
    for room in ["", ".", ".."] {
        let error = client_of(&server)
            .delete_room(&access_token(), &RoomId::new(room))
            .await
            .unwrap_err();
        assert_eq!(error.kind, SparkErrorKind::NotFound);
    }
    server.verify().await;
}

#[tokio::test]
async fn a_refusal_of_the_provider_says_why() {
    for (status, text, kind) in [
        (
            401,
            "The request requires a valid access token set in the Authorization request header.",
            SparkErrorKind::Unauthorized,
        ),
        (403, "No.", SparkErrorKind::Forbidden),
        (
            409,
            "Person is already in the room.",
            SparkErrorKind::AlreadyDone,
        ),
        (
            502,
            "Failed to create room.",
            SparkErrorKind::Unavailable { retry_after: None },
        ),
        (400, "Invalid roomId.", SparkErrorKind::Unexpected),
    ] {
        let server = server_with(
            ResponseTemplate::new(status)
                .set_body_json(json!({"message": text, "errors": [{"description": text}]})),
        )
        .await;
        let requester = EmailAddress::parse("owner@example.com").unwrap();
        let error = client_of(&server)
            .add_member(&access_token(), &RoomId::new("R1"), &requester)
            .await
            .unwrap_err();
        assert_eq!(error.kind, kind);
        assert_eq!(error.message.as_deref(), Some(text));
    }
}

#[tokio::test]
async fn a_quoted_message_or_token_is_masked() {
    let handed_over = r#"{"access_token":"another-token-0123456789"}"#;
    let server = server_with(ResponseTemplate::new(400).set_body_json(json!({
        "message": format!("bad text {handed_over} of {ACCESS_TOKEN}"),
    })))
    .await;
    let error = client_of(&server)
        .post_message(&access_token(), &RoomId::new("R1"), handed_over)
        .await
        .unwrap_err();
    assert_eq!(
        error.message.as_deref(),
        Some("bad text [redacted] of [redacted]")
    );
}

#[tokio::test]
async fn a_token_that_no_header_takes_is_never_sent() {
    let server = server_with(ResponseTemplate::new(200)).await;
    for token in ["", "a b", "a\r\nX: y", "ä"] {
        let error = client_of(&server)
            .me(&AccessToken::new(token))
            .await
            .unwrap_err();
        assert_eq!(error.kind, SparkErrorKind::Unauthorized, "{token:?}");
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn revoking_tells_what_the_provider_allowed() {
    let server = MockServer::start().await;
    for (status, revocation) in [
        (204, Revocation::Confirmed),
        (200, Revocation::Confirmed),
        (404, Revocation::NotConfirmed),
        (403, Revocation::NotPermitted),
    ] {
        server.reset().await;
        Mock::given(method("DELETE"))
            .and(path("/v1/authorizations"))
            .and(query_param("clientId", "C0123"))
            .and(header("authorization", bearer()))
            .respond_with(ResponseTemplate::new(status))
            .expect(1)
            .mount(&server)
            .await;
        let client = client_of(&server);
        let found = client
            .revoke(&integration().client_id, &access_token())
            .await;
        assert_eq!(found.unwrap(), revocation, "{status}");
    }
    for status in [400, 401, 410, 429, 500] {
        let server = server_with(ResponseTemplate::new(status)).await;
        let client = client_of(&server);
        let error = client
            .revoke(&integration().client_id, &access_token())
            .await
            .unwrap_err();
        assert_eq!(error.status, Some(status));
    }
}
