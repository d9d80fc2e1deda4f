//! Connections and methods that no browser of ours would use: each gets a clear
//! answer or its end, and the process goes on.

use std::time::Duration;

use reqwest::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{ADMIN_PAGES, ALICE, Rig, STATE_CHANGES, path_of};

#[tokio::test]
async fn another_method_is_refused_and_the_right_ones_named() {
    let rig = Rig::start().await;
    let insider = rig.insider().await;
    for route in STATE_CHANGES
        .into_iter()
        .chain(ADMIN_PAGES)
        .chain(["/", "/granted", "/livez"])
    {
        for method in ["PUT", "DELETE", "PATCH", "TRACE", "BREW"] {
            let ask = insider.ask(method.parse().unwrap(), &path_of(route));
            let page = insider.send(ask).await;
            page.assert_error(405, "That does not work at this address");
            let allowed = page.header("allow").unwrap();
            assert!(
                allowed.contains("GET") || allowed.contains("POST"),
                "{page:?}"
            );
        }
    }
    let begun = insider.get("/auth/spark").await;
    begun.assert_error(405, "That does not work at this address");
    assert_eq!(begun.header("allow"), Some("POST"));
    rig.assert_alive().await;
}

#[tokio::test]
async fn a_head_is_a_get_without_its_body() {
    let rig = Rig::start().await;
    let insider = rig.insider().await;
    for path in [
        "/",
        "/granted",
        "/admin/tokens",
        "/admin",
        "/livez",
        "/nowhere",
    ] {
        let get = insider.get(path).await;
        let head = insider.send(insider.ask(Method::HEAD, path)).await;
        assert_eq!(head.status, get.status, "{path}");
        assert!(head.body.is_empty());
        assert_eq!(head.header("content-type"), get.header("content-type"));
    }
}

#[tokio::test]
async fn two_hundred_requests_at_once_are_all_answered() {
    let rig = Rig::start().await;
    let admin = rig.super_admin().await;
    rig.browser().grant(ALICE).await;
    let requests = (0..200).map(|n| {
        let (admin, browser) = (admin.clone(), rig.browser());
        tokio::spawn(async move {
            match n % 5 {
                0 => admin.get("/admin/tokens?email=alice").await,
                1 => admin.get("/admin/admins").await,
                2 => browser.get("/granted").await,
                3 => browser.get("/nowhere").await,
                _ => browser.get("/").await,
            }
        })
    });
    for (n, request) in requests.collect::<Vec<_>>().into_iter().enumerate() {
        let status = if n % 5 == 3 { 404 } else { 200 };
        assert_eq!(request.await.unwrap().status, status);
    }
    rig.assert_alive().await;
}

/// What comes back for these bytes until the connection ends.
async fn raw(rig: &Rig, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(rig.running().address).await.unwrap();
    // It may be closed before all of it was taken.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    // A reset is an answer too.
    let _ = tokio::time::timeout(Duration::from_secs(20), read)
        .await
        .expect("the connection ends");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn what_is_no_http_ends_its_own_connection_alone() {
    let rig = Rig::start().await;
    let long = format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "a".repeat(200_000));
    let headers = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(5_000));
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"\x00\x00\x00\x00",
        b"GET",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nx: \xff\xfe\r\n bad fold\r\n\r\n",
        b"POST /admin/sign-in HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 500\r\n\r\nuser",
        long.as_bytes(),
        headers.as_bytes(),
    ] {
        let answer = raw(&rig, garbage).await;
        assert!(!answer.contains("HTTP/1.1 5"), "{answer}");
    }
    rig.assert_alive().await;
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order_and_garbage_behind_them_is_not() {
    let rig = Rig::start().await;
    let host = "host: 127.0.0.1:3000\r\n";
    let pipelined = format!(
        "GET /livez HTTP/1.1\r\n{host}\r\nGET /nowhere HTTP/1.1\r\n{host}\r\n\
         GET /readyz HTTP/1.1\r\n{host}\r\n\u{0}\u{1}garbage\r\n\r\n"
    );
    let answer = raw(&rig, pipelined.as_bytes()).await;
    let starts: Vec<_> = answer
        .match_indices("HTTP/1.1 ")
        .map(|(at, _)| &answer[at + 9..at + 12])
        .collect();
    assert_eq!(starts, ["200", "404", "200", "400"], "{answer}");
    rig.assert_alive().await;
}

#[tokio::test]
async fn a_request_without_a_host_is_answered() {
    let rig = Rig::start().await;
    let answer = raw(&rig, b"GET / HTTP/1.0\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    let answer = raw(&rig, b"GET /admin/tokens HTTP/1.0\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.0 303"), "{answer}");
}
