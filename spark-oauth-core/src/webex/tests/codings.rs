//! The provider has committed, and its answer arrives in another form than asked for.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use wiremock::matchers::{any, header};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::raw_server::{end_of, serve};
use super::*;
use crate::ports::{SparkClient, SparkErrorKind, TokenAnswer};

const ANSWER: &str = r#"{"access_token":"new","expires_in":64799,"refresh_token":"newer",
    "refresh_token_expires_in":7697037,"token_type":"Bearer","scope":"spark:all"}"#;

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn assert_all_taken(tokens: &TokenAnswer, case: &str) {
    assert_eq!(tokens.access_token.expose_secret(), "new", "{case}");
    let refresh_token = tokens.refresh_token.as_ref();
    assert_eq!(refresh_token.unwrap().expose_secret(), "newer", "{case}");
    assert_eq!(
        tokens.expires_in,
        Some(Duration::from_secs(64_799)),
        "{case}"
    );
    assert_eq!(
        tokens.scopes,
        Some(Scopes::parse("spark:all").unwrap()),
        "{case}"
    );
}

/// The headers of an answer, and its body.
type Case = (
    &'static str,
    &'static [(&'static str, &'static str)],
    Vec<u8>,
);

fn cases() -> Vec<Case> {
    let plain = ANSWER.as_bytes();
    let form = "access_token=new&expires_in=64799&refresh_token=newer&scope=spark%3Aall";
    let large = format!(
        r#"{{"id_token":"{}",{}"#,
        "x".repeat(3_000_000),
        &ANSWER[1..]
    );
    let utf16: Vec<u8> = ANSWER.encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        ("gzip", &[("content-encoding", "gzip")], gzip(plain)),
        ("gzip without a header", &[], gzip(plain)),
        ("gzip called br", &[("content-encoding", "br")], gzip(plain)),
        (
            "gzip as a file",
            &[("content-type", "application/gzip")],
            gzip(plain),
        ),
        (
            "plain called gzip",
            &[("content-encoding", "gzip")],
            plain.to_vec(),
        ),
        (
            "plain called aws-chunked",
            &[("content-encoding", "aws-chunked")],
            plain.to_vec(),
        ),
        (
            "plain called html",
            &[("content-type", "text/html")],
            plain.to_vec(),
        ),
        (
            "UTF-16",
            &[("content-type", "application/json; charset=utf-16")],
            utf16,
        ),
        ("a byte order mark", &[], [b"\xef\xbb\xbf", plain].concat()),
        ("trailing garbage", &[], [plain, b"</body>\0"].concat()),
        (
            "a form",
            &[("content-type", "application/x-www-form-urlencoded")],
            form.into(),
        ),
        (
            "a form called json",
            &[("content-type", "application/json")],
            form.into(),
        ),
        ("a large field first", &[], large.into()),
        (
            "ten megabytes behind",
            &[],
            [plain, &vec![b' '; 10_000_000]].concat(),
        ),
    ]
}

#[tokio::test]
async fn no_coding_costs_a_token() {
    for (case, headers, body) in cases() {
        let server = MockServer::start().await;
        let mut answer = ResponseTemplate::new(200).set_body_bytes(body);
        for (name, value) in headers {
            answer = answer.insert_header(*name, *value);
        }
        // The request asks for none.
        Mock::given(header("accept-encoding", "identity"))
            .respond_with(answer)
            .mount(&server)
            .await;
        let client = client_of(&server);
        let tokens = client.refresh(&integration(), &refresh_token()).await;
        assert_all_taken(
            &tokens.unwrap_or_else(|error| panic!("{case}: {error}")),
            case,
        );
        let tokens = client
            .exchange_code(&integration(), &code(), &verifier())
            .await;
        assert_all_taken(&tokens.unwrap(), case);
    }
}

/// The connection ends, is cut or stalls when the tokens are there already.
#[tokio::test]
async fn an_answer_that_is_cut_behind_its_tokens_is_taken() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    let zipped = gzip(ANSWER.as_bytes());
    let chunk = format!("{:x}\r\n{ANSWER}", ANSWER.len());
    for (case, bytes) in [
        (
            "no length",
            format!("{head}Connection: close\r\n\r\n{ANSWER}").into_bytes(),
        ),
        (
            "too long a length",
            format!("{head}Content-Length: 9999\r\n\r\n{ANSWER}").into(),
        ),
        (
            "no last chunk",
            format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunk}\r\n").into(),
        ),
        (
            "within a chunk",
            format!("{head}Transfer-Encoding: chunked\r\n\r\nfff\r\n{ANSWER}").into(),
        ),
        (
            "broken chunk",
            format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunk}\r\nzz\r\n").into(),
        ),
        (
            "gzip without its end",
            [
                format!("{head}\r\n").as_bytes(),
                &zipped[..zipped.len() - 8],
            ]
            .concat(),
        ),
    ] {
        let (base, server) = serve(move |mut stream| stream.write_all(&bytes));
        let tokens = client_at(&base)
            .refresh(&integration(), &refresh_token())
            .await;
        assert_all_taken(
            &tokens.unwrap_or_else(|error| panic!("{case}: {error}")),
            case,
        );
        end_of(server).await.unwrap();
    }
}

#[tokio::test]
async fn an_answer_that_stalls_behind_its_tokens_is_taken() {
    let (base, server) = serve(|mut stream| {
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{ANSWER}");
        stream.write_all(answer.as_bytes()).unwrap();
        // Ends when the client hangs up.
        std::io::Read::read(&mut stream, &mut [0])
    });
    let client = hasty_client(&base);
    let tokens = client.refresh(&integration(), &refresh_token()).await;
    assert_all_taken(&tokens.unwrap(), "stalled");
    assert_eq!(end_of(server).await.unwrap_or(0), 0);
}

/// Status 200 without tokens: the provider may have committed.
#[tokio::test]
async fn a_success_that_cannot_be_read_counts_as_a_lost_answer() {
    for body in [
        Vec::new(),
        b"<html>Please wait</html>".to_vec(),
        gzip(b"<html>Please wait</html>"),
        b"\x00\x01\x02\xff".to_vec(),
        br#"{"access_token":"ne"#.to_vec(),
        gzip(br#"{"token":"new"}"#),
    ] {
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(ResponseTemplate::new(200).set_body_bytes(body.clone()))
            .mount(&server)
            .await;
        let client = client_of(&server);
        let error = client
            .refresh(&integration(), &refresh_token())
            .await
            .unwrap_err();
        assert_eq!(error.kind, SparkErrorKind::Unreadable, "{body:?}");
        assert!(error.answer_lost, "{body:?}");
    }
}

#[tokio::test]
async fn a_compressed_refusal_is_understood() {
    let server = MockServer::start().await;
    let body = gzip(br#"{"error":"invalid_grant"}"#);
    Mock::given(any())
        .respond_with(ResponseTemplate::new(400).set_body_bytes(body))
        .mount(&server)
        .await;
    let client = client_of(&server);
    let error = client
        .refresh(&integration(), &refresh_token())
        .await
        .unwrap_err();
    assert_eq!(error.kind, SparkErrorKind::GrantRefused);
    assert!(!error.answer_lost);
}

#[tokio::test]
async fn a_refusal_that_is_cut_behind_its_words_is_understood() {
    let body = r#"{"error":"invalid_grant"}"#;
    let bytes = format!("HTTP/1.1 400 Bad Request\r\nContent-Length: 99\r\n\r\n{body}");
    let (base, server) = serve(move |mut stream| stream.write_all(bytes.as_bytes()));
    let error = client_at(&base)
        .refresh(&integration(), &refresh_token())
        .await
        .unwrap_err();
    assert_eq!(error.kind, SparkErrorKind::GrantRefused);
    end_of(server).await.unwrap();
}

#[tokio::test]
async fn a_profile_is_read_in_every_form() {
    let me = r#"{"id":"P1","emails":["ann@example.org"],"displayName":"Ann"}"#;
    for body in [
        gzip(me.as_bytes()),
        format!("\u{feff}{me}").into_bytes(),
        format!("{me}\r\n<!-- cached -->").into_bytes(),
        [&me.as_bytes()[..me.len() - 3], b"\xe4\"}"].concat(),
    ] {
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(ResponseTemplate::new(200).set_body_bytes(body.clone()))
            .mount(&server)
            .await;
        let person = client_of(&server).me(&access_token()).await.unwrap();
        assert_eq!(person.email.as_str(), "ann@example.org", "{body:?}");
    }
}
