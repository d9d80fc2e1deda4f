//! Codes and refresh tokens against tokens.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wiremock::matchers::{any, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::super::{TokenAuth, WebexClient};
use super::*;
use crate::ports::{ErrorClass, ManualClock, SparkClient, SparkError, SparkErrorKind};
use crate::timestamp::Timestamp;

/// Tue, 25 Nov 2025 00:00:00 GMT.
const NOW: Timestamp = Timestamp::from_millis(1_764_028_800_000);

async fn server_with(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

async fn refusal(answer: ResponseTemplate) -> SparkError {
    let server = server_with(answer).await;
    let clock = ManualClock::at(NOW);
    let settings = settings(&format!("{}/v1", server.uri()));
    WebexClient::with_clock(settings, Arc::new(clock))
        .unwrap()
        .refresh(&integration(), &refresh_token())
        .await
        .unwrap_err()
}

/// The form that the server received.
async fn form_of(server: &MockServer) -> Vec<(String, String)> {
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    assert!(requests[0].url.query().is_none());
    assert!(!requests[0].headers.contains_key("authorization"));
    url::form_urlencoded::parse(&requests[0].body)
        .into_owned()
        .collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[tokio::test]
async fn a_code_is_exchanged_as_the_provider_documents() {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200)
        .insert_header("date", "Tue, 25 Nov 2025 00:00:07 GMT")
        .set_body_json(serde_json::json!({
            "access_token": "new", "expires_in": 64799, "refresh_token": "newer",
            "refresh_token_expires_in": 7_697_037, "token_type": "Bearer",
        }));
    Mock::given(method("POST"))
        .and(path("/v1/access_token"))
        .and(header("content-type", "application/x-www-form-urlencoded"))
        .and(header("accept", "application/json"))
        .and(header(
            "user-agent",
            concat!("spark-oauth/", env!("CARGO_PKG_VERSION")),
        ))
        .respond_with(answer)
        .mount(&server)
        .await;
    let tokens = client_of(&server)
        .exchange_code(&integration(), &code(), &verifier())
        .await
        .unwrap();
    assert_eq!(tokens.access_token.expose_secret(), "new");
    assert_eq!(tokens.expires_in, Some(Duration::from_secs(64_799)));
    assert_eq!(tokens.refresh_token.unwrap().expose_secret(), "newer");
    assert_eq!(tokens.provider_time, Some(NOW + Duration::from_secs(7)));
    assert_eq!(
        form_of(&server).await,
        pairs(&[
            ("grant_type", "authorization_code"),
            ("code", CODE),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
            ("client_id", "C0123"),
            ("client_secret", CLIENT_SECRET),
        ])
    );
}

#[tokio::test]
async fn a_refresh_may_answer_without_a_refresh_token() {
    let server = server_with(
        ResponseTemplate::new(200)
            .insert_header("date", "yesterday")
            .set_body_string(r#"{"access_token":"same"}"#),
    )
    .await;
    let tokens = client_of(&server)
        .refresh(&integration(), &refresh_token())
        .await
        .unwrap();
    assert_eq!(tokens.access_token.expose_secret(), "same");
    assert!(tokens.refresh_token.is_none());
    assert_eq!(tokens.provider_time, None);
    assert_eq!(
        form_of(&server).await,
        pairs(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", REFRESH_TOKEN),
            ("client_id", "C0123"),
            ("client_secret", CLIENT_SECRET),
        ])
    );
}

#[tokio::test]
async fn a_token_url_of_its_own_is_used_as_it_is() {
    for written in [
        "/oauth/token",
        "/oauth/token/",
        "/token?resource=https://a/&x",
    ] {
        let server =
            server_with(ResponseTemplate::new(201).set_body_string(r#"{"access_token":"t"}"#))
                .await;
        let token_url = format!("{}{written}", server.uri()).parse().unwrap();
        let settings = settings("http://127.0.0.1:1/v1").with_token_url(token_url);
        let client = WebexClient::new(settings).unwrap();
        let answer = client.refresh(&integration(), &refresh_token()).await;
        assert_eq!(answer.unwrap().access_token.expose_secret(), "t");
        let asked = &server.received_requests().await.unwrap()[0].url;
        assert_eq!(&asked[url::Position::BeforePath..], written);
    }
}

/// With `basic`, the credentials stand in the header alone, each form-encoded.
#[tokio::test]
async fn client_secret_basic_encodes_id_and_secret() {
    for (id, secret, pair) in [
        ("C0123", "s3cr3t", "C0123:s3cr3t"),
        ("C0123", "a+b c", "C0123:a%2Bb+c"),
        ("C0123", "50%25", "C0123:50%2525"),
        ("my:client", "a:b", "my%3Aclient:a%3Ab"),
        (
            "C0123",
            "schl\u{fc}ssel/=&?",
            "C0123:schl%C3%BCssel%2F%3D%26%3F",
        ),
        ("C0123", "-._*~", "C0123:-._*%7E"),
    ] {
        let server =
            server_with(ResponseTemplate::new(200).set_body_string(r#"{"access_token":"t"}"#))
                .await;
        let settings = settings(&format!("{}/v1", server.uri())).with_token_auth(TokenAuth::Basic);
        let integration = Integration {
            client_id: ClientId::new(id),
            client_secret: ClientSecret::new(secret),
            ..integration()
        };
        let client = WebexClient::new(settings).unwrap();
        client
            .refresh(&integration, &refresh_token())
            .await
            .unwrap();
        let (code, verifier) = (code(), verifier());
        let exchanged = client.exchange_code(&integration, &code, &verifier);
        exchanged.await.unwrap();
        for request in server.received_requests().await.unwrap() {
            let header = request.headers["authorization"].to_str().unwrap();
            let credentials = STANDARD.decode(header.strip_prefix("Basic ").unwrap());
            assert_eq!(String::from_utf8(credentials.unwrap()).unwrap(), pair);
            let form: Vec<_> = url::form_urlencoded::parse(&request.body).collect();
            assert!(
                form.iter().all(|(name, _)| !name.starts_with("client_")),
                "one method of authentication only (RFC 6749 section 2.3): {form:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_quoted_basic_header_does_not_come_back_in_an_error() {
    let pair = STANDARD.encode("C0123:s3cr3t-of-the-integration%2B%2F%3D%26%3F");
    let body = format!(r#"{{"error":"invalid_client","error_description":"Basic {pair}"}}"#);
    let server = server_with(ResponseTemplate::new(401).set_body_string(body)).await;
    let settings = settings(&format!("{}/v1", server.uri())).with_token_auth(TokenAuth::Basic);
    let client = WebexClient::new(settings).unwrap();
    let error = client
        .refresh(&integration(), &refresh_token())
        .await
        .unwrap_err();
    assert_eq!(error.kind, SparkErrorKind::IntegrationRefused);
    assert!(!error.to_string().contains(&pair[..12]), "{error}");
}

#[tokio::test]
async fn a_dead_refresh_token_has_the_class_of_the_person() {
    let error = refusal(ResponseTemplate::new(400).set_body_json(serde_json::json!({
        "error": "invalid_request",
        "error_description":
            "The refresh token provided is expired, revoked, malformed, or invalid.",
        "trackingID": "NA_1",
    })))
    .await;
    assert_eq!(error.class(), ErrorClass::Person);
    assert_eq!(error.status, Some(400));
    assert_eq!(error.tracking_id.as_ref().unwrap().as_str(), "NA_1");
    assert_eq!(
        error.to_string(),
        "the provider refuses the grant (HTTP 400): invalid_request: \
         The refresh token provided is expired, revoked, malformed, or invalid."
    );
}

#[tokio::test]
async fn the_header_names_the_call_before_the_body_does() {
    let error = refusal(
        ResponseTemplate::new(401)
            .insert_header("TrackingID", "HEADER_1")
            .set_body_string(r#"{"error":"invalid_client","trackingID":"BODY_1"}"#),
    )
    .await;
    assert_eq!(error.class(), ErrorClass::Application);
    assert_eq!(error.tracking_id.unwrap().as_str(), "HEADER_1");
}

#[tokio::test]
async fn nothing_that_was_sent_comes_back_in_an_error() {
    let quoted = format!(
        "client_secret={CLIENT_SECRET} code={CODE} code_verifier={VERIFIER} \
         refresh_token={REFRESH_TOKEN} cut={}…",
        &REFRESH_TOKEN[..20]
    );
    for status in [200, 302, 400, 401, 403, 429, 500] {
        for body in [
            quoted.clone(),
            format!("<html><title>{quoted}</title>{quoted}</html>"),
            serde_json::json!({ "message": quoted, "trackingId": REFRESH_TOKEN }).to_string(),
            serde_json::json!({ "error": CODE, "error_description": [quoted] }).to_string(),
        ] {
            let server = server_with(
                ResponseTemplate::new(status)
                    .insert_header("TrackingID", CODE)
                    .set_body_string(body),
            )
            .await;
            let client = client_of(&server);
            let of_code = client
                .exchange_code(&integration(), &code(), &verifier())
                .await
                .unwrap_err();
            let of_refresh = client
                .refresh(&integration(), &refresh_token())
                .await
                .unwrap_err();
            // Each call knows what it sent itself.
            let shown = format!("{of_code} {of_code:?}");
            for secret in [CLIENT_SECRET, CODE, VERIFIER] {
                assert!(!shown.contains(secret), "{shown}");
            }
            let shown = format!("{of_refresh} {of_refresh:?}");
            for secret in [CLIENT_SECRET, REFRESH_TOKEN, &REFRESH_TOKEN[..20]] {
                assert!(!shown.contains(secret), "{shown}");
            }
            assert!(of_refresh.message.is_none_or(|m| m.chars().count() <= 360));
        }
    }
}

/// Found by fuzzing: a damaged answer was quoted whole, with its tokens.
#[tokio::test]
async fn a_damaged_token_answer_is_not_quoted() {
    for body in [
        r#"{"rec cess_token":"abc","refresh_token":"fresh-refresh","expires_in":2 "x"#,
        r#"{"token":"fresh-access","refresh_token":"fresh-refresh"#,
    ] {
        let error = refusal(ResponseTemplate::new(200).set_body_string(body)).await;
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("fresh-"), "{shown}");
    }
}

#[tokio::test]
async fn a_success_that_is_none_is_unreadable() {
    for (body, text) in [
        ("", "the answer is empty"),
        (" \n", "the answer is empty"),
        (
            "<html>Sign in</html>",
            "the answer is an HTML page, not JSON",
        ),
        ("OK", "the answer is not a JSON object"),
        ("[]", "the answer is not a JSON object"),
        ("{}", "the answer holds no access token"),
        (
            r#"{"error":"invalid_grant"}"#,
            "the answer holds no access token, but says: invalid_grant",
        ),
        (
            r#"{"access_token":"a\nb","message":"x"}"#,
            "the answer holds an access token that cannot be sent in a header",
        ),
    ] {
        let error = refusal(ResponseTemplate::new(200).set_body_string(body)).await;
        assert_eq!(error.kind, SparkErrorKind::Unreadable, "{body}");
        assert_eq!(error.message.as_deref(), Some(text), "{body}");
        assert_eq!(error.class(), ErrorClass::Passing);
    }
    let error = refusal(ResponseTemplate::new(204)).await;
    assert_eq!(error.message.as_deref(), Some("the answer is empty"));
}

#[tokio::test]
async fn retry_after_is_read_in_each_form() {
    let limited = |value: &str| {
        ResponseTemplate::new(429)
            .insert_header("retry-after", value)
            // Without one, the server of the test tells its own time.
            .insert_header("date", "illegible")
            .set_body_string("slow down")
    };
    for (value, seconds) in [
        ("30", Some(30)),
        ("rand(30),add(30)", None),
        ("", None),
        ("-1", None),
        ("86400", Some(3600)),
        // Without a date of the answer's own, our clock counts.
        ("Tue, 25 Nov 2025 00:02:00 GMT", Some(120)),
    ] {
        let error = refusal(limited(value)).await;
        let retry_after = seconds.map(Duration::from_secs);
        assert_eq!(error.kind, SparkErrorKind::RateLimited { retry_after });
        assert_eq!(error.retry_after(), retry_after, "{value}");
        assert_eq!(error.message.as_deref(), Some("slow down"));
    }
    // The provider's clock is two hours ahead of ours, and so is its date.
    let ahead = limited("Tue, 25 Nov 2025 02:00:30 GMT")
        .insert_header("date", "Tue, 25 Nov 2025 02:00:00 GMT");
    assert_eq!(
        refusal(ahead).await.retry_after(),
        Some(Duration::from_secs(30))
    );
    // Two gateways, two opinions.
    let twice = limited("10").append_header("retry-after", "20");
    assert_eq!(
        refusal(twice).await.retry_after(),
        Some(Duration::from_secs(20))
    );
    let unavailable = ResponseTemplate::new(503).insert_header("retry-after", "5");
    assert_eq!(
        refusal(unavailable).await.kind,
        SparkErrorKind::Unavailable {
            retry_after: Some(Duration::from_secs(5))
        }
    );
}

#[tokio::test]
async fn gateways_between_us_and_the_provider_pass() {
    for (status, body) in [
        (500, ""),
        (502, "<html><title>502 Bad Gateway</title></html>"),
        (503, "[]"),
        (504, "upstream request timeout"),
    ] {
        let error = refusal(ResponseTemplate::new(status).set_body_string(body)).await;
        assert_eq!(
            error.kind,
            SparkErrorKind::Unavailable { retry_after: None },
            "{status}"
        );
        assert_eq!(error.class(), ErrorClass::Passing);
    }
}
