//! The cookies of a request, and those that its answer sets.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use axum_extra::extract::cookie::{Cookie, SameSite};
use spark_oauth_core::consent::cookies;

use crate::http::PageError;
use crate::site::Site;

/// Our cookies. Clones share the cookies that the response sets.
#[derive(Clone, Debug)]
pub(crate) struct Cookies {
    site: Arc<Site>,
    sent: Arc<[(String, String)]>,
    set: Arc<Mutex<Vec<HeaderValue>>>,
}

/// Passes the cookies to the handlers, and adds the cookies that they set to the response.
pub(crate) async fn carry_cookies(
    State(site): State<Arc<Site>>,
    mut request: Request,
    next: Next,
) -> Response {
    let cookies = Cookies::of(request.headers(), site);
    request.extensions_mut().insert(cookies.clone());
    let mut response = next.run(request).await;
    for value in cookies.lock().drain(..) {
        response.headers_mut().append(SET_COOKIE, value);
    }
    response
}

impl<S: Sync> FromRequestParts<S> for Cookies {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        let cookies = parts.extensions.get::<Self>().cloned();
        cookies.ok_or_else(|| PageError::internal("route is missing the cookie layer"))
    }
}

impl Cookies {
    fn of(headers: &HeaderMap, site: Arc<Site>) -> Self {
        let prefix = site.cookie_name("");
        let fields = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
        let ours = cookies(fields).filter_map(|(name, value)| {
            let name = name.strip_prefix(&prefix)?;
            name.starts_with("spark_oauth_")
                .then(|| (name.to_owned(), value.to_owned()))
        });
        Self {
            sent: ours.collect(),
            site,
            set: Arc::default(),
        }
    }

    /// The cookies whose name begins with `prefix`, in the order in which the browser sent
    /// them: there may be several of one name, of other paths or domains.
    pub(crate) fn under<'c>(&'c self, prefix: &str) -> impl Iterator<Item = (&'c str, &'c str)> {
        let fits = move |(name, _): &&(String, String)| name.starts_with(prefix);
        let found = self.sent.iter().filter(fits);
        found.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Sets a cookie, for the browser's session.
    pub(crate) fn set(&self, name: &str, value: &str) {
        self.push(Cookie::new(self.site.cookie_name(name), value.to_owned()));
    }

    /// Removes a cookie from the browser, with the attributes that it was set with:
    /// browsers ignore a `__Host-` cookie that is not `Secure` (RFC 6265bis, section
    /// 4.1.3.2), so that it would stay.
    pub(crate) fn remove(&self, name: &str) {
        let mut cookie = Cookie::new(self.site.cookie_name(name), "");
        cookie.make_removal();
        self.push(cookie);
    }

    fn push(&self, mut cookie: Cookie<'static>) {
        cookie.set_path("/");
        cookie.set_secure(self.site.is_secure());
        cookie.set_http_only(true);
        // `Lax`: the callback comes from the provider's site.
        cookie.set_same_site(SameSite::Lax);
        if let Ok(value) = HeaderValue::try_from(cookie.to_string()) {
            self.lock().push(value);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<HeaderValue>> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
