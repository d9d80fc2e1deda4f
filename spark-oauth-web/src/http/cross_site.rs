//! Refuses state changes that another site began (OWASP, Cross-Site Request
//! Forgery Prevention: Fetch Metadata, with `Origin` for older browsers).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::Url;

use crate::http::PageError;
use crate::site::Site;

/// Answers 403 to a state change from another site. A request with neither
/// header is no browser's and passes.
pub(crate) async fn refuse_cross_site(
    State(site): State<Arc<Site>>,
    request: Request,
    next: Next,
) -> Response {
    let is_safe = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    if is_safe || comes_from_us(request.headers(), &site.public_url) {
        return next.run(request).await;
    }
    tracing::warn!("a state change from another site was refused");
    PageError::of(StatusCode::FORBIDDEN).into_response()
}

fn comes_from_us(headers: &HeaderMap, public_url: &Url) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    match headers.get(header::ORIGIN) {
        None => true,
        Some(origin) => {
            let host = headers
                .get(header::HOST)
                .and_then(|host| host.to_str().ok());
            origin
                .to_str()
                .is_ok_and(|origin| is_ours(origin, host, public_url))
        }
    }
}

/// An origin is ours where it is the public one, or names the host that the
/// request was sent to.
fn is_ours(origin: &str, host: Option<&str>, public_url: &Url) -> bool {
    let Ok(origin) = Url::parse(origin) else {
        return false;
    };
    if origin.origin() == public_url.origin() {
        return true;
    }
    let to_host = host.and_then(|host| Url::parse(&format!("{}://{host}", origin.scheme())).ok());
    to_host.is_some_and(|to_host| to_host.origin() == origin.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(headers: &[(&str, &str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect::<HeaderMap>();
        comes_from_us(&headers, &Url::parse("https://tokens.example.com").unwrap())
    }

    #[test]
    fn fetch_metadata_decides_where_it_is_sent() {
        assert!(admitted(&[("sec-fetch-site", "same-origin")]));
        assert!(admitted(&[("sec-fetch-site", "none")]));
        for site in ["cross-site", "same-site", "anything"] {
            let origin = ("origin", "https://tokens.example.com");
            assert!(!admitted(&[("sec-fetch-site", site), origin]), "{site}");
        }
    }

    #[test]
    fn an_older_browser_is_known_by_its_origin() {
        let host = ("host", "127.0.0.1:3000");
        assert!(admitted(&[("origin", "https://tokens.example.com"), host]));
        assert!(admitted(&[("origin", "http://127.0.0.1:3000"), host]));
        for origin in [
            "https://evil.example",
            "http://127.0.0.1:3001",
            "null",
            "https://a b",
        ] {
            assert!(!admitted(&[("origin", origin), host]), "{origin}");
        }
    }

    #[test]
    fn what_is_no_browser_passes() {
        assert!(admitted(&[]));
        assert!(admitted(&[("host", "127.0.0.1:3000")]));
    }
}
