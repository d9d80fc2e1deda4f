//! Conditional requests (RFC 9110 section 13): who has the newest version already is
//! told so in a few bytes.

use std::fmt::Write as _;

use axum::Json;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};
use spark_oauth_core::ports::Page;
use spark_oauth_core::token::Token;

/// The name of a header that lets a call be done only to a certain version. No call is:
/// a condition that was passed over could be false (RFC 9110 section 13.1.1).
pub(super) fn precondition(headers: &HeaderMap) -> Option<HeaderName> {
    [header::IF_MATCH, header::IF_UNMODIFIED_SINCE]
        .into_iter()
        .find(|name| headers.contains_key(name))
}

/// The version of what is shown, as `ETag` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version(String);

impl Version {
    pub(super) fn of(token: &Token) -> Self {
        Self(format!("\"{}\"", token.version))
    }

    /// Changes with every record of the page, and with where the next one begins.
    pub(super) fn of_page(page: &Page<Token>) -> Self {
        let mut text = String::new();
        for token in &page.items {
            // Writing to a string has no way to fail.
            let _ = write!(text, "{} {},", token.id, token.version);
        }
        if let Some(next) = &page.next {
            let _ = write!(text, "{next}");
        }
        let digest = Sha256::digest(text);
        let mut tag = String::from("\"");
        for byte in &digest[..12] {
            let _ = write!(tag, "{byte:02x}");
        }
        tag.push('"');
        Self(tag)
    }

    /// The answer: the body, or 304 where the client has it. It may be kept by the
    /// client alone, and used after asking us.
    pub(super) fn answer(self, headers: &HeaderMap, body: &impl Serialize) -> Response {
        let mut response = if self.is_known(headers) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            Json(body).into_response()
        };
        let fields = response.headers_mut();
        fields.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-cache"),
        );
        fields.insert(header::VARY, HeaderValue::from_static("authorization"));
        if let Ok(tag) = HeaderValue::from_str(&self.0) {
            fields.insert(header::ETAG, tag);
        }
        response
    }

    /// Whether `If-None-Match` names it; compared weakly (RFC 9110 section 13.1.2).
    fn is_known(&self, headers: &HeaderMap) -> bool {
        let values = headers.get_all(header::IF_NONE_MATCH).iter();
        values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(values: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::IF_NONE_MATCH, value.parse().unwrap());
        }
        Version("\"7\"".to_owned()).is_known(&headers)
    }

    #[test]
    fn a_version_is_known_where_it_is_named() {
        for values in [
            &["\"7\""][..],
            &["\"6\", W/\"7\""],
            &["\"6\"", "\"7\""],
            &["*"],
        ] {
            assert!(known(values), "{values:?}");
        }
        for values in [&[][..], &["\"6\""], &["7"], &["\"77\""], &[""]] {
            assert!(!known(values), "{values:?}");
        }
    }
}
