//! Every client of ours in front of a proxy that takes down what it is sent.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::super::WebexError;
use super::*;
use crate::http_client::Proxies;
use crate::ports::{SparkClient, SparkErrorKind};

/// A proxy that refuses everything, its address, and the first bytes of each
/// connection.
fn recording_proxy() -> (String, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, seen) = channel();
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut bytes = vec![0; 4096];
            let length = stream.read(&mut bytes).unwrap_or(0);
            bytes.truncate(length);
            drop(stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"));
            if sender.send(bytes).is_err() {
                return;
            }
        }
    });
    (address, seen)
}

fn proxies(variables: &[(&str, &str)]) -> Proxies {
    Proxies::from_variables(|name| {
        let found = variables.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    })
    .unwrap()
}

fn client_through(base: &str, variables: &[(&str, &str)]) -> WebexClient {
    WebexClient::new(settings(base).with_proxies(proxies(variables))).unwrap()
}

#[tokio::test]
async fn an_emulator_on_this_machine_is_reached_without_a_proxy() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_string(r#"{"access_token":"t"}"#))
        .mount(&server)
        .await;
    let (proxy, seen) = recording_proxy();
    for name in ["HTTP_PROXY", "ALL_PROXY"] {
        let client = client_through(&format!("{}/v1", server.uri()), &[(name, &proxy)]);
        let answer = client.refresh(&integration(), &refresh_token()).await;
        assert_eq!(answer.unwrap().access_token.expose_secret(), "t");
    }
    assert!(seen.try_recv().is_err(), "the proxy saw a request");
}

#[tokio::test]
async fn a_provider_elsewhere_is_reached_through_the_proxy() {
    let (proxy, seen) = recording_proxy();
    let with_password = format!("http://user:s%40same@{proxy}");
    let client = client_through(
        "https://webexapis.invalid/v1",
        &[
            ("HTTPS_PROXY", &with_password),
            ("HTTP_PROXY", "http://127.0.0.1:1"),
        ],
    );
    let error = client
        .refresh(&integration(), &refresh_token())
        .await
        .unwrap_err();
    assert_eq!(error.kind, SparkErrorKind::Unreachable);
    assert!(!error.answer_lost, "nothing was asked without a tunnel");
    let text = format!("{error} {error:?}");
    assert!(
        !text.contains("same") && !text.contains("dXNlcjpzQHNhbWU="),
        "{text}"
    );
    assert_no_secret(&text);
    let request = String::from_utf8(seen.recv().unwrap()).unwrap();
    assert!(
        request.starts_with("CONNECT webexapis.invalid:443 HTTP/1.1\r\n"),
        "{request}"
    );
    let lower = request.to_lowercase();
    assert!(
        lower.contains("proxy-authorization: basic dxnlcjpzqhnhbwu="),
        "{request}"
    );
    assert_no_secret(&request);

    let client = client_through(
        "https://webexapis.invalid/v1",
        &[("HTTPS_PROXY", &proxy), ("NO_PROXY", "*.invalid")],
    );
    client.me(&access_token()).await.unwrap_err();
    assert!(seen.try_recv().is_err(), "NO_PROXY was ignored");
}

/// A SOCKS 5 server (RFC 1928) that connects to `target` whatever it is asked for, and
/// answers what it was asked for.
fn socks_server(target: String) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, seen) = channel();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut greeting = [0; 2];
        stream.read_exact(&mut greeting).unwrap();
        stream.read_exact(&mut vec![0; greeting[1].into()]).unwrap();
        stream.write_all(&[5, 0]).unwrap();
        let mut request = [0; 5];
        stream.read_exact(&mut request).unwrap();
        assert_eq!(request[..4], [5, 1, 0, 3], "connect to a name");
        let mut name = vec![0; usize::from(request[4]) + 2];
        stream.read_exact(&mut name).unwrap();
        name.truncate(request[4].into());
        sender.send(String::from_utf8(name).unwrap()).unwrap();
        stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
        let upstream = TcpStream::connect(target).unwrap();
        let mut back = (upstream.try_clone().unwrap(), stream.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut back.0, &mut back.1));
        drop(std::io::copy(&mut stream, &mut { upstream }));
    });
    (address, seen)
}

#[tokio::test]
async fn a_socks_proxy_resolves_the_name_and_carries_the_call() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_string(r#"{"access_token":"t"}"#))
        .mount(&server)
        .await;
    let (proxy, seen) = socks_server(server.address().to_string());
    let proxy = format!("socks5h://{proxy}");
    let client = client_through("http://webexapis.invalid/v1", &[("ALL_PROXY", &proxy)]);
    let answer = client.refresh(&integration(), &refresh_token()).await;
    assert_eq!(answer.unwrap().access_token.expose_secret(), "t");
    assert_eq!(seen.recv().unwrap(), "webexapis.invalid");
}

#[test]
fn unusable_proxies_are_an_error_of_the_client() {
    let variables = |name: &str| (name == "HTTPS_PROXY").then(|| "ftp://user:sesame@p".to_owned());
    let error = WebexError::from(Proxies::from_variables(variables).unwrap_err()).to_string();
    assert!(
        error.contains("HTTPS_PROXY") && !error.contains("sesame"),
        "{error}"
    );
}
