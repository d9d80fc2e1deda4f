//! Positions in a list: whatever bytes one holds, it is a page or none, and no error.

use super::app::{APP, block_on};
use axum::body::Body;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Runs one input.
pub fn run(input: &[u8]) {
    let text = URL_SAFE_NO_PAD.encode(input);
    if text.is_empty() || text.len() > 256 {
        return;
    }
    block_on(async {
        for query in ["", "&email=alice", "&status=active&limit=1"] {
            let target = format!("/api/v1/tokens?cursor={text}{query}");
            let request = APP.api_request("GET", target.as_bytes());
            let request = request.and_then(|request| request.body(Body::empty()).ok());
            let (status, _, body) = APP.send(request.expect("a request")).await;
            let text = String::from_utf8_lossy(&body);
            assert_eq!(status, StatusCode::OK, "{target}: {text}");
        }
    });
}
