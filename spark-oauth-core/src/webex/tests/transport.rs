//! A provider that is slow, down, or answers too much.

use std::error::Error as _;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use url::Url;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::super::WebexClient;
use super::raw_server::{end_of, serve, serve_bytes};
use super::*;
use crate::ports::{SparkClient, SparkErrorKind};

const HEAD: &str = "HTTP/1.1 200 OK\r\nTrackingID: ROUTER_1\r\n";

/// An answer of `status` that says it has `length` bytes, with this much of it.
fn answer(status: &str, length: usize, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}")
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    drop(listener);
    let error = client_at(&base).me(&access_token()).await.unwrap_err();
    assert_eq!(error.kind, SparkErrorKind::Unreachable);
    assert_eq!(error.status, None);
    let cause = error.source().unwrap().to_string();
    assert!(cause.contains("refused"), "{cause}");
    assert!(!cause.contains("http://"), "{cause}");
}

#[tokio::test]
async fn a_provider_that_never_answers_is_timed_out() {
    // Ends when the client hangs up.
    let (base, server) = serve(|mut stream| stream.read(&mut [0]));
    let error = hasty_client(&base)
        .refresh(&integration(), &refresh_token())
        .await
        .unwrap_err();
    assert_eq!(error.kind, SparkErrorKind::TimedOut);
    assert_eq!(error.status, None);
    assert_eq!(
        error.to_string(),
        "the provider did not answer in time: no whole answer within 500ms"
    );
    assert_eq!(end_of(server).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn a_slow_drip_does_not_outwit_the_time_limit() {
    let (base, server) = serve(|mut stream| {
        stream.write_all(HEAD.as_bytes()).unwrap();
        stream.write_all(b"\r\n").unwrap();
        // The pause between two bytes is a read that nothing will answer.
        stream
            .set_read_timeout(Some(Duration::from_millis(5)))
            .unwrap();
        while stream.write_all(b" ").is_ok() && !matches!(stream.read(&mut [0]), Ok(0)) {}
    });
    let error = hasty_client(&base).me(&access_token()).await.unwrap_err();
    assert_eq!(error.kind, SparkErrorKind::TimedOut);
    assert_eq!(error.status, Some(200));
    assert_eq!(error.tracking_id.unwrap().as_str(), "ROUTER_1");
    end_of(server).await;
}

#[tokio::test]
async fn a_connection_that_is_cut_is_unreachable() {
    for bytes in [
        String::new(),
        "HTTP/1.1 2".to_owned(),
        HEAD.to_owned(),
        answer("200 OK", 100, r#"{"access_token":"#),
        format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\n{{\"acc"),
        format!("{HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n{{}}"),
        "220 mail.example.com ESMTP\r\n".to_owned(),
    ] {
        let client = client_at(&serve_bytes(bytes.clone()));
        let error = client
            .refresh(&integration(), &refresh_token())
            .await
            .unwrap_err();
        assert_eq!(error.kind, SparkErrorKind::Unreachable, "{bytes}");
        assert_no_secret(&format!("{error} {error:?}"));
    }
}

#[tokio::test]
async fn a_cut_error_still_counts_where_its_status_decides() {
    for (status, kind) in [
        (
            "503 Service Unavailable",
            SparkErrorKind::Unavailable { retry_after: None },
        ),
        (
            "429 Too Many Requests",
            SparkErrorKind::RateLimited { retry_after: None },
        ),
        ("401 Unauthorized", SparkErrorKind::IntegrationRefused),
        // The words would decide, and they are lost.
        ("400 Bad Request", SparkErrorKind::Unreachable),
    ] {
        let base = serve_bytes(answer(status, 100, r#"{"error":"inval"#));
        let error = client_at(&base)
            .refresh(&integration(), &refresh_token())
            .await
            .unwrap_err();
        assert_eq!(error.kind, kind, "{status}");
        assert_eq!(error.status, status.split(' ').next().unwrap().parse().ok());
    }
}

#[tokio::test]
async fn a_body_of_untold_length_is_not_read_to_its_end() {
    let (base, server) = serve(|mut stream| {
        stream.write_all(HEAD.as_bytes()).unwrap();
        stream.write_all(b"\r\n").unwrap();
        let block = vec![b' '; 64 * 1024];
        // More than any socket buffers; it fails when the client hangs up.
        (0..4096).all(|_| stream.write_all(&block).is_ok())
    });
    let client = client_at(&base);
    let error = client
        .refresh(&integration(), &refresh_token())
        .await
        .unwrap_err();
    assert_eq!(error.kind, SparkErrorKind::Unreadable);
    let wrote_everything = end_of(server).await;
    assert!(!wrote_everything);
}

#[tokio::test]
async fn ten_megabytes_under_any_status() {
    let server = MockServer::start().await;
    for (status, kind) in [
        (200, SparkErrorKind::Unreadable),
        (400, SparkErrorKind::Unreadable),
        (500, SparkErrorKind::Unavailable { retry_after: None }),
    ] {
        server.reset().await;
        Mock::given(any())
            .respond_with(ResponseTemplate::new(status).set_body_bytes(vec![b'a'; 10_000_000]))
            .mount(&server)
            .await;
        let error = client_of(&server)
            .refresh(&integration(), &refresh_token())
            .await
            .unwrap_err();
        assert_eq!(error.kind, kind);
        assert!(error.to_string().contains("longer than 4 MiB"), "{error}");
    }
}

#[tokio::test]
async fn the_longest_body_that_is_allowed_is_read() {
    let server = MockServer::start().await;
    let mut body = br#"{"access_token":"t"}"#.to_vec();
    body.resize(4 * 1024 * 1024, b' ');
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_bytes(body))
        .mount(&server)
        .await;
    client_of(&server)
        .refresh(&integration(), &refresh_token())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = MockServer::start().await;
    let elsewhere = format!("{}/elsewhere", server.uri());
    Mock::given(any())
        .respond_with(ResponseTemplate::new(307).insert_header("location", elsewhere))
        .expect(1)
        .mount(&server)
        .await;
    let error = client_of(&server)
        .exchange_code(&integration(), &code(), &verifier())
        .await
        .unwrap_err();
    assert_eq!(error.kind, SparkErrorKind::Unreadable);
    assert_eq!(
        error.to_string(),
        "the provider's answer cannot be read (HTTP 307): \
         the provider redirects to another address, which is not followed"
    );
}

#[tokio::test]
async fn over_https_the_first_bytes_are_a_tls_handshake() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("https://{}/v1", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut first = [0; 2];
        stream.read_exact(&mut first).unwrap();
        first
    });
    let client = client_at(&base);
    let error = client.me(&access_token()).await.unwrap_err();
    assert_eq!(error.kind, SparkErrorKind::Unreachable);
    // A record of the type "handshake", TLS.
    assert_eq!(end_of(server).await, [0x16, 0x03]);
}

#[tokio::test]
async fn an_unusable_provider_is_refused_when_the_client_is_made() {
    let settings = WebexSettings::at(Url::parse("file:///v1").unwrap());
    let refusal = WebexClient::new(settings).unwrap_err().to_string();
    assert!(refusal.contains("API base"), "{refusal}");
}
