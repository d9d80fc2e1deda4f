//! The query with which the provider sends a browser back, and the browser's cookies.
//!
//! The input is the query, a line end, and the cookies. The words `STATE` and `COOKIE` stand
//! for those of a consent that was begun.

use super::app::{APP, App, block_on, replaced};
use axum::body::Body;
use axum::http::header;

/// Runs one input.
pub fn run(input: &[u8]) {
    let mut parts = input.splitn(2, |byte| *byte == b'\n');
    let query = parts.next().unwrap_or_default();
    let cookies = parts.next().unwrap_or_default();
    block_on(async {
        let app = &*APP;
        let mut target = b"/auth/spark/callback?".to_vec();
        let (mut query, mut cookies) = (query.to_vec(), cookies.to_vec());
        if input
            .windows(5)
            .any(|word| word == b"STATE" || word == b"COOKI")
        {
            let Some(begun) = app.begin().await else {
                return;
            };
            query = replaced(&query, b"STATE", begun.state.as_bytes());
            cookies = replaced(&cookies, b"COOKIE", &begun.cookies);
        }
        target.extend(query);
        let Some(request) = App::request("GET", &target) else {
            return;
        };
        if let Ok(request) = request.header(header::COOKIE, cookies).body(Body::empty()) {
            app.send(request).await;
        }
    });
}
