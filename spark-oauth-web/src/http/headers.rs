//! Headers that keep a page from doing what it was not made for (OWASP Secure
//! Headers Project).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::site::Site;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Browsers apply `form-action` to the whole chain of redirects: a page whose form
/// begins a consent goes without it, or the provider would not be reached.
const FORM_POLICY: &str = "; form-action 'self'";

/// Marks an answer whose form begins a consent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StartsConsent;

/// Controls which windows share a browsing context group with a page.
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

const FIXED: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // `no-referrer` would make our own posts send `Origin: null`.
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// Adds the headers to every answer.
pub(crate) async fn security_headers(
    State(site): State<Arc<Site>>,
    request: Request,
    next: Next,
) -> Response {
    let opener_policy = opener_policy(request.uri().path());
    let mut response = next.run(request).await;
    let starts_consent = response.extensions().get::<StartsConsent>().is_some();
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(OPENER_POLICY, HeaderValue::from_static(opener_policy));
    let policy = if starts_consent {
        POLICY.to_owned()
    } else {
        format!("{POLICY}{FORM_POLICY}")
    };
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if let Some(hsts) = site.hsts.as_ref().filter(|_| site.is_secure()) {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, hsts.header());
    }
    // Pages tell of a session; what may be kept, such as assets, says so itself.
    if !headers.contains_key(header::CACHE_CONTROL) {
        no_store(headers);
    }
    response
}

/// Another site may open a consent link in a popup and wait for the result. The popup keeps
/// its opener only if every response, redirects included, allows that (HTML, section 7.1.3
/// "Cross-origin opener policies"). Admin pages stay isolated.
fn opener_policy(path: &str) -> &'static str {
    if path.starts_with("/admin") {
        "same-origin"
    } else {
        "unsafe-none"
    }
}

/// Keeps an answer out of every cache.
pub(crate) fn no_store(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
