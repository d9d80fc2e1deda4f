//! Paths, queries, headers and bodies of the HTTP API.
//!
//! The input is a letter for the method, the path below `/api/v1` with its query, a line
//! end, and the body. Every answer is JSON (or the documentation), with a status below 500.

use super::app::{APP, block_on};
use axum::body::Body;
use axum::http::{StatusCode, header};

/// Runs one input.
pub fn run(input: &[u8]) {
    let Some((method, input)) = input.split_first() else {
        return;
    };
    let method = match method {
        b'P' => "POST",
        b'H' => "HEAD",
        b'U' => "PUT",
        _ => "GET",
    };
    let mut parts = input.splitn(2, |byte| *byte == b'\n');
    let mut target = b"/api/v1".to_vec();
    target.extend(parts.next().unwrap_or_default());
    let body = parts.next().unwrap_or_default().to_vec();
    block_on(async {
        let Some(request) = APP.api_request(method, &target) else {
            return;
        };
        let kind = (method == "POST").then_some("application/json");
        let request = kind.into_iter().fold(request, |request, kind| {
            request.header(header::CONTENT_TYPE, kind)
        });
        let Ok(request) = request.body(Body::from(body)) else {
            return;
        };
        let (status, headers, body) = APP.send(request).await;
        let text = String::from_utf8_lossy(&body);
        // Webex, which is the emulator, is there.
        assert!(!status.is_server_error(), "{status}: {text}");
        if status.is_client_error() && method != "HEAD" {
            let problem: serde_json::Value = serde_json::from_slice(&body).expect("a problem");
            assert_eq!(problem["status"], status.as_u16(), "{text}");
            assert!(problem["code"].is_string(), "{text}");
        }
        assert!(
            status != StatusCode::UNAUTHORIZED || text.contains("key_in_url"),
            "{headers:?}: {text}"
        );
    });
}
