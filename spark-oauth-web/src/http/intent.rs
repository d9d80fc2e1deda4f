//! Whether a browser will show a response to a person.

use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};

/// Headers with which browsers announce a prefetch: Speculation Rules (`Sec-Purpose`), older
/// Chrome and Safari (`Purpose`, `X-Purpose`), and Firefox (`X-Moz`).
const PURPOSES: [&str; 4] = ["sec-purpose", "purpose", "x-purpose", "x-moz"];

/// Whether a browser shows the response to a person: the request is not a `HEAD`, not a
/// prefetch, and not for an image, a frame or a script. A client that sends none of these
/// headers counts as showing it.
pub(crate) fn is_shown(parts: &Parts) -> bool {
    parts.method != Method::HEAD && !is_speculative(&parts.headers) && is_document(&parts.headers)
}

fn is_speculative(headers: &HeaderMap) -> bool {
    let values = PURPOSES.iter().flat_map(|name| headers.get_all(*name));
    values.into_iter().any(|value| {
        let value = value.as_bytes().to_ascii_lowercase();
        let has = |word: &[u8]| value.windows(word.len()).any(|part| part == word);
        has(b"prefetch") || has(b"prerender") || has(b"preview")
    })
}

/// `Sec-Fetch-Dest` (Fetch Metadata, section 2.1).
fn is_document(headers: &HeaderMap) -> bool {
    let destination = headers.get("sec-fetch-dest");
    destination.is_none_or(|destination| destination == "document")
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    #[test]
    fn only_what_a_person_sees_is_shown() {
        for (method, header, shown) in [
            ("GET", ("accept", "text/html"), true),
            ("GET", ("sec-fetch-dest", "document"), true),
            ("GET", ("sec-purpose", "unknown"), true),
            ("HEAD", ("accept", "*/*"), false),
            ("GET", ("sec-purpose", "prefetch"), false),
            ("GET", ("sec-purpose", "prefetch;prerender"), false),
            (
                "GET",
                ("sec-purpose", "prefetch;anonymous-client-ip"),
                false,
            ),
            ("GET", ("purpose", "Prefetch"), false),
            ("GET", ("x-purpose", "preview"), false),
            ("GET", ("x-moz", "prefetch"), false),
            ("GET", ("sec-fetch-dest", "image"), false),
            ("GET", ("sec-fetch-dest", "iframe"), false),
            ("GET", ("sec-fetch-dest", "empty"), false),
        ] {
            let request = Request::builder().method(method).header(header.0, header.1);
            let (parts, ()) = request.body(()).unwrap().into_parts();
            assert_eq!(is_shown(&parts), shown, "{method} {header:?}");
        }
    }
}
