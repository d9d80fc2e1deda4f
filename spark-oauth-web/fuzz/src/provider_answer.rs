//! Answers of the provider. For any bytes, a call returns a value or an error, and no error
//! repeats a secret that the call sent.
//!
//! The first byte chooses the call and whether the rest is a whole HTTP answer or the body of
//! one with a status and a length.

use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use super::app::{RUNTIME, integration};
use spark_oauth_core::consent::CodeVerifier;
use spark_oauth_core::ports::{SparkClient as _, SystemRandom};
use spark_oauth_core::webex::{WebexClient, WebexSettings, parse_token_answer};
use spark_oauth_core::{AccessToken, AuthorizationCode, RefreshToken};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use url::Url;

static ANSWER: Mutex<Vec<u8>> = Mutex::new(Vec::new());
const SECRETS: [&str; 4] = [
    "access-0a1b2c",
    "refresh-0a1b2c",
    "code-0a1b2c3d",
    "the-client-secret",
];

static CLIENT: LazyLock<WebexClient> = LazyLock::new(|| {
    RUNTIME.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut read = [0; 4096];
                    drop(stream.read(&mut read).await);
                    let answer = ANSWER.lock().expect("an answer").clone();
                    drop(stream.write_all(&answer).await);
                });
            }
        });
        let base = Url::parse(&format!("http://127.0.0.1:{port}/v1")).expect("an address");
        let settings = WebexSettings::at(base).with_request_timeout(Duration::from_secs(2));
        WebexClient::new(settings).expect("a client")
    })
});

fn answer(first: u8, rest: &[u8]) -> Vec<u8> {
    if first & 1 == 0 {
        return rest.to_vec();
    }
    let status = [
        "200 OK",
        "400 Bad Request",
        "401 Unauthorized",
        "429 Too Many Requests",
    ];
    let status = status[usize::from(first >> 1 & 3)];
    let length = rest.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\
         Content-Type: application/json\r\n\r\n"
    );
    [head.as_bytes(), rest].concat()
}

/// Runs one input.
pub fn run(input: &[u8]) {
    let Some((first, rest)) = input.split_first() else {
        return;
    };
    drop(parse_token_answer(rest));
    *ANSWER.lock().expect("an answer") = answer(*first, rest);
    let access = AccessToken::new(SECRETS[0]);
    let client = &*CLIENT;
    let told = RUNTIME.block_on(async {
        match first >> 3 & 3 {
            0 => {
                let refresh = RefreshToken::new(SECRETS[1]);
                client
                    .refresh(&integration(SECRETS[3]), &refresh)
                    .await
                    .err()
            }
            1 => {
                let code = AuthorizationCode::new(SECRETS[2]);
                let verifier = CodeVerifier::generate(&SystemRandom);
                let integration = integration(SECRETS[3]);
                client
                    .exchange_code(&integration, &code, &verifier)
                    .await
                    .err()
            }
            2 => client.me(&access).await.err(),
            _ => client
                .revoke(&integration(SECRETS[3]).client_id, &access)
                .await
                .err(),
        }
    });
    if let Some(error) = told {
        let told = format!("{error} {error:?}");
        let shown = SECRETS.iter().find(|secret| told.contains(*secret));
        assert_eq!(shown, None, "{told}");
    }
}
