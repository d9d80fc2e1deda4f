//! Taking the session's cookie away from a browser.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tower_sessions::cookie::{Cookie, SameSite};

use super::COOKIE;
use crate::site::Site;

/// Gives a removal the attributes of the cookie that it removes: `tower-sessions`
/// leaves them out, and browsers ignore a `__Host-` cookie that is not `Secure`
/// (RFC 6265bis section 4.1.3.2), so that it would stay.
pub(crate) async fn complete_removal(
    State(site): State<Arc<Site>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    if response.headers().contains_key(SET_COOKIE) {
        complete(response.headers_mut(), &site);
    }
    response
}

fn complete(headers: &mut HeaderMap, site: &Site) {
    let removal = format!("{}=;", site.cookie_name(COOKIE));
    let values: Vec<HeaderValue> = headers
        .get_all(SET_COOKIE)
        .iter()
        .map(|value| completed(value, &removal, site).unwrap_or_else(|| value.clone()))
        .collect();
    headers.remove(SET_COOKIE);
    for value in values {
        headers.append(SET_COOKIE, value);
    }
}

/// `None` where the header is no removal of the session's cookie.
fn completed(value: &HeaderValue, removal: &str, site: &Site) -> Option<HeaderValue> {
    let text = value
        .to_str()
        .ok()
        .filter(|text| text.starts_with(removal))?;
    let mut cookie = Cookie::parse(text).ok()?;
    cookie.set_secure(site.is_secure());
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Lax);
    HeaderValue::try_from(cookie.to_string()).ok()
}
