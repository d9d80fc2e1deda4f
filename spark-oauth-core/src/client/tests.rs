//! The client against a stand-in that answers as the API's documentation says.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::json;
use wiremock::matchers::{header, method, path, query_param};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::*;
use crate::email::EmailAddress;
use crate::http_client::Proxies;
use crate::ids::TokenId;
use crate::ports::SeededRandom;
use crate::scopes::Scopes;
use crate::secret::ApiKeySecret;
use crate::timestamp::Timestamp;

const KEY: &str = "an-api-key";

fn ann() -> EmailAddress {
    EmailAddress::parse("Ann+test@example.org").unwrap()
}

fn client(server: &MockServer) -> TokenClient {
    TokenClient::new(server.uri().parse().unwrap(), &ApiKeySecret::new(KEY)).unwrap()
}

async fn of_ann(client: &TokenClient) -> Result<FetchedToken, ClientError> {
    client.of_person(&ann(), &Scopes::default()).await
}

fn token_body(number: u32, expires_in: u64) -> serde_json::Value {
    json!({
        "access_token": format!("token-{number}"),
        "token_type": "Bearer",
        "expires_at": "2026-01-31T12:00:00Z",
        "expires_in": expires_in,
        "scope": "spark:people_read",
        "email": "ann+test@example.org",
    })
}

/// Answers a new token each time that lives as long as this.
fn numbered(expires_in: u64) -> impl Fn(&Request) -> ResponseTemplate {
    let asked = AtomicU32::new(0);
    move |_: &Request| {
        let number = asked.fetch_add(1, Ordering::SeqCst) + 1;
        ResponseTemplate::new(200).set_body_json(token_body(number, expires_in))
    }
}

fn problem(status: u16, body: &serde_json::Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body.to_string(), "application/problem+json")
}

async fn requests(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

#[tokio::test]
async fn a_token_is_kept_until_shortly_before_its_end() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/api/v1/people/ann+test@example.org/access-token"))
        .and(query_param("min_ttl", "60"))
        .and(header("authorization", format!("Bearer {KEY}")))
        .respond_with(numbered(3_600))
        .mount(&server)
        .await;
    let client = client(&server);
    for _ in 0..3 {
        let token = of_ann(&client).await.unwrap();
        assert_eq!(token.access_token.expose_secret(), "token-1");
        assert!(token.remaining_life() > Duration::from_secs(3_500));
    }
    assert_eq!(requests(&server).await, 1);

    let impatient = client.clone().min_life(Duration::from_secs(3_601));
    assert!(
        impatient
            .of_person(&ann(), &Scopes::default())
            .await
            .is_err()
    );
    let forgetful = client.kept_for(Duration::ZERO);
    let token = of_ann(&forgetful).await.unwrap();
    assert_eq!(token.access_token.expose_secret(), "token-2");
}

#[tokio::test]
async fn callers_at_once_share_one_request() {
    let server = MockServer::start().await;
    let answer = numbered(3_600);
    Mock::given(method("GET"))
        .respond_with(move |request: &Request| answer(request).set_delay(Duration::from_millis(50)))
        .mount(&server)
        .await;
    let client = Arc::new(client(&server));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let client = client.clone();
        callers.spawn(async move { of_ann(&client).await.unwrap() });
    }
    for token in callers.join_all().await {
        assert_eq!(token.access_token.expose_secret(), "token-1");
    }
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn a_forgotten_token_is_asked_for_again_but_not_a_newer_one() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(numbered(3_600))
        .mount(&server)
        .await;
    let client = client(&server);
    let old = of_ann(&client).await.unwrap();
    client.forget(&old);
    let new = of_ann(&client).await.unwrap();
    assert_eq!(new.access_token.expose_secret(), "token-2");
    client.forget(&old);
    let kept = of_ann(&client).await.unwrap();
    assert_eq!(kept.access_token.expose_secret(), "token-2");
    assert_eq!(requests(&server).await, 2);
}

#[tokio::test]
async fn a_kept_token_that_lives_is_better_than_an_error_that_may_pass() {
    let server = MockServer::start().await;
    // It lives too short to be kept as it is, and long enough to be used.
    Mock::given(method("GET"))
        .respond_with(numbered(30))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    let client = client(&server);
    of_ann(&client).await.unwrap();
    let away = json!({ "code": "store_unavailable", "detail": "the store does not answer" });
    Mock::given(method("GET"))
        .respond_with(problem(503, &away))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    let token = of_ann(&client).await.unwrap();
    assert_eq!(token.access_token.expose_secret(), "token-1");

    let revoked = json!({ "code": "revoked", "detail": "the token was revoked" });
    Mock::given(method("GET"))
        .respond_with(problem(409, &revoked))
        .mount(&server)
        .await;
    for _ in 0..2 {
        let error = of_ann(&client).await.unwrap_err();
        assert_eq!(error.refusal().unwrap().code, "revoked");
    }
}

#[tokio::test]
async fn a_refusal_says_what_the_api_says() {
    let server = MockServer::start().await;
    let body = json!({
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "the person must consent again",
        "code": "needs_consent",
        "consent_url": "https://oauth.example.com/consent/abc",
    });
    Mock::given(method("GET"))
        .respond_with(problem(409, &body).insert_header("retry-after", "7"))
        .mount(&server)
        .await;
    let error = of_ann(&client(&server)).await.unwrap_err();
    let url = error.needs_consent().unwrap();
    assert_eq!(url.as_str(), "https://oauth.example.com/consent/abc");
    let refusal = error.refusal().unwrap();
    assert_eq!(refusal.retry_after, Some(Duration::from_secs(7)));
    assert!(!error.is_passing());
    let shown = format!("{error}");
    assert!(
        shown.contains("must consent again (needs_consent, 409)"),
        "{shown}"
    );
}

#[tokio::test]
async fn what_is_no_answer_of_the_api_is_told_apart() {
    let server = MockServer::start().await;
    for (status, kind, body) in [
        (200, "text/html", "<html>".to_owned()),
        (200, "application/json", "{}".to_owned()),
        (200, "application/json", "x".repeat(70_000)),
        (302, "text/plain", String::new()),
        (502, "text/html", "<html>".to_owned()),
        (500, "application/problem+json", "[".to_owned()),
    ] {
        server.reset().await;
        Mock::given(method("GET"))
            .respond_with(ResponseTemplate::new(status).set_body_raw(body, kind))
            .mount(&server)
            .await;
        let error = of_ann(&client(&server)).await.unwrap_err();
        assert!(matches!(error, ClientError::Unreadable(found) if found == status));
        assert_eq!(error.is_passing(), status >= 500);
    }
}

#[tokio::test]
async fn nobody_there_is_no_panic_and_names_no_person() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = TokenClient::new(base.parse().unwrap(), &ApiKeySecret::new(KEY)).unwrap();
    let error = of_ann(&client).await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable(_)) && error.is_passing());
    let shown = format!("{error:?} {client:?}");
    assert!(
        !shown.contains("ann+test") && !shown.contains(KEY),
        "{shown}"
    );
}

#[tokio::test]
async fn scopes_and_identifiers_stand_in_the_address() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(query_param("scope", "spark:people_read spark:rooms_write"))
        .respond_with(numbered(3_600))
        .expect(1)
        .mount(&server)
        .await;
    let scopes = Scopes::parse("spark:rooms_write spark:people_read").unwrap();
    let client = client(&server);
    client.of_person(&ann(), &scopes).await.unwrap();

    let id = TokenId::generate(Timestamp::EPOCH, &SeededRandom::new(1));
    Mock::given(method("GET"))
        .and(path(format!("/api/v1/tokens/{id}/access-token")))
        .respond_with(numbered(3_600))
        .expect(1)
        .mount(&server)
        .await;
    client.by_id(id).await.unwrap();
}

#[test]
fn an_address_or_a_key_that_cannot_be_used_is_refused_at_once() {
    for base in ["ftp://oauth.example.com", "mailto:ann@example.org"] {
        let refused = TokenClient::new(base.parse().unwrap(), &ApiKeySecret::new(KEY));
        assert!(matches!(refused, Err(ClientError::SetUp(_))), "{base}");
    }
    let base = "https://oauth.example.com".parse().unwrap();
    let refused = TokenClient::new(base, &ApiKeySecret::new("a\nb"));
    assert!(matches!(refused, Err(ClientError::SetUp(_))));
}

/// The key is sent with every request, so a proxy would read it.
#[tokio::test]
async fn the_key_for_this_machine_is_not_sent_to_a_proxy() {
    let (server, proxy) = (MockServer::start().await, MockServer::start().await);
    for server in [&server, &proxy] {
        Mock::given(method("GET"))
            .respond_with(numbered(3_600))
            .mount(server)
            .await;
    }
    let variables = |name: &str| matches!(name, "HTTP_PROXY" | "ALL_PROXY").then(|| proxy.uri());
    let proxies = Proxies::from_variables(variables).unwrap();
    let key = ApiKeySecret::new(KEY);
    let port = server.address().port();
    for host in ["127.0.0.1", "localhost"] {
        let base = format!("http://{host}:{port}").parse().unwrap();
        let client = TokenClient::through(base, &key, &proxies).unwrap();
        of_ann(&client).await.unwrap();
    }
    assert_eq!(requests(&proxy).await, 0);

    let elsewhere = "http://oauth.invalid".parse().unwrap();
    let client = TokenClient::through(elsewhere, &key, &proxies).unwrap();
    of_ann(&client).await.unwrap();
    assert_eq!(requests(&proxy).await, 1);
}
