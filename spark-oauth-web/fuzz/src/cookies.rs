//! The cookies of a browser, also those of other applications on the host.
//!
//! A page that needs no cookie is shown for any bytes.

use super::app::{APP, App, block_on};
use axum::body::Body;
use axum::http::{StatusCode, header};

/// Runs one input.
pub fn run(input: &[u8]) {
    block_on(async {
        for path in ["/", "/granted", "/admin"] {
            let Some(request) = App::request("GET", path.as_bytes()) else {
                return;
            };
            // One header each: a browser sends one, HTTP/2 proxies may send several.
            let lines = input.split(|byte| *byte == b'\n');
            let request = lines.fold(request, |request, line| {
                request.header(header::COOKIE, line)
            });
            let Ok(request) = request.body(Body::empty()) else {
                return;
            };
            let (status, _, body) = APP.send(request).await;
            let text = String::from_utf8_lossy(&body);
            assert!(path != "/" || status == StatusCode::OK, "{status}: {text}");
        }
    });
}
