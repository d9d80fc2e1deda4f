//! The text of a consent link. Only the server's own text opens a link: no change of it does.
//!
//! The input is a list of changes of a real text (a place and a byte each), or, where it
//! begins with `=`, the text itself.

use std::sync::LazyLock;

use super::app::{APP, App, block_on};
use axum::body::Body;
use axum::http::{StatusCode, header};

static TEXT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    block_on(async {
        let request = APP.api_request("POST", b"/api/v1/consent-links");
        let request = request.and_then(|request| {
            let request = request.header(header::CONTENT_TYPE, "application/json");
            request.body(Body::from("{\"expires_in\": 7776000}")).ok()
        });
        let (status, _, body) = APP.send(request.expect("a request")).await;
        assert_eq!(status, StatusCode::CREATED);
        let link: serde_json::Value = serde_json::from_slice(&body).expect("a link");
        let url = link["url"].as_str().expect("an address");
        let text = url.rsplit('/').next().expect("a text");
        text.as_bytes().to_vec()
    })
});

/// Runs one input.
pub fn run(input: &[u8]) {
    let real = &*TEXT;
    let text = if let Some(text) = input.strip_prefix(b"=") {
        text.to_vec()
    } else {
        let mut text = real.clone();
        for change in input.chunks_exact(2) {
            let place = usize::from(change[0]) % text.len();
            text[place] = change[1];
        }
        text
    };
    let mut target = b"/consent/".to_vec();
    target.extend(&text);
    block_on(async {
        let request = App::request("GET", &target);
        let Some(request) = request.and_then(|request| request.body(Body::empty()).ok()) else {
            return;
        };
        let path = request.uri().path().as_bytes().to_vec();
        let (status, _, body) = APP.send(request).await;
        let is_real = path.strip_prefix(b"/consent/") == Some(&real[..]);
        let page = String::from_utf8_lossy(&body);
        assert_eq!(status == StatusCode::OK, is_real, "{status}: {page}");
    });
}
