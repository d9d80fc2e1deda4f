//! API keys where none belongs: in the address, which logs, proxies and browsers keep.

use std::borrow::Cow;

use axum::extract::Request;
use axum::http::header;
use percent_encoding::percent_decode_str;
use spark_oauth_core::api_keys::{KeyText, WrongKeyText};

use super::query::Query;

/// What every key of ours begins with.
const PREFIX: &str = "spoa_";

/// Parameters by which other services take keys.
const NAMES: [&str; 4] = ["access_token", "api_key", "apikey", "api-key"];

/// The key in the address of a request; where there is no whole one, what stands in a
/// parameter for it.
pub(super) fn exposed_key(request: &Request) -> Option<String> {
    let (path, query) = (request.uri().path(), request.uri().query());
    if let Some(found) = find_key(&percent_decode_str(path).decode_utf8_lossy()) {
        return Some(found.to_owned());
    }
    let query = query?;
    if let Some(found) = find_key(&unquote(query)) {
        return Some(found.to_owned());
    }
    if request.headers().contains_key(header::AUTHORIZATION) {
        // An unknown parameter, as any other.
        return None;
    }
    let query = Query::parse(Some(query)).ok()?;
    let mut named = query
        .pairs()
        .filter(|(name, _)| NAMES.iter().any(|known| known.eq_ignore_ascii_case(name)));
    named.next().map(|(_, value)| value.to_owned())
}

fn unquote(query: &str) -> Cow<'_, str> {
    percent_decode_str(query).decode_utf8_lossy()
}

/// The first text in `place` that is a key, or would be one but for a typing error.
fn find_key(place: &str) -> Option<&str> {
    place.match_indices(PREFIX).find_map(|(at, _)| {
        let rest = &place[at..];
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let end = rest.bytes().position(|byte| !is_part(byte));
        let text = &rest[..end.unwrap_or(rest.len())];
        match KeyText::parse(text) {
            Ok(_) | Err(WrongKeyText::Checksum) => Some(text),
            // Cut or run together with something else, it is still most of a key.
            Err(WrongKeyText::Malformed) => (text.len() > 40).then_some(text),
        }
    })
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    const KEY: &str =
        "spoa_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff01234567";

    fn found(target: &str) -> Option<String> {
        exposed_key(&Request::builder().uri(target).body(Body::empty()).unwrap())
    }

    #[test]
    fn a_key_is_found_wherever_it_stands() {
        let encoded = KEY.replace('_', "%5F").replace('s', "%73");
        for target in [
            format!("/api/v1/tokens?access_token={KEY}"),
            format!("/api/v1/tokens?email=a&x={KEY}&limit=1"),
            format!("/api/v1/tokens?{KEY}"),
            format!("/api/v1/tokens?key={encoded}"),
            format!("/api/v1/people/{KEY}/access-token"),
            format!("/api/v1/people/{encoded}/access-token"),
        ] {
            assert_eq!(found(&target).as_deref(), Some(KEY), "{target}");
        }
        assert!(found(&format!("/api/v1/tokens?a={}", &KEY[..60])).is_some());
    }

    #[test]
    fn what_claims_to_be_a_key_counts_only_where_none_is_in_the_header() {
        assert_eq!(found("/api/v1/tokens?API_key=x").as_deref(), Some("x"));
        assert_eq!(found("/api/v1/tokens?email=spoa_&limit=1"), None);
        assert_eq!(found("/api/v1/tokens"), None);
        let request = Request::builder()
            .uri("/api/v1/tokens?api_key=x")
            .header("authorization", "Bearer y");
        assert_eq!(exposed_key(&request.body(Body::empty()).unwrap()), None);
    }
}
