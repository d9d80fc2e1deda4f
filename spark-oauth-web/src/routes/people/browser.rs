//! The cookie that binds a consent to the browser that began it. All tabs share
//! it, so that two consents begun in two tabs both come home.

use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use spark_oauth_core::consent::BrowserSecret;
use spark_oauth_core::ports::Random;

use crate::site::Site;

const COOKIE: &str = "spark_oauth_browser";

/// The browser's secret, where it has one of ours.
pub(super) fn secret_of(jar: &CookieJar, site: &Site) -> Option<BrowserSecret> {
    jar.get(&site.cookie_name(COOKIE))
        .and_then(|cookie| BrowserSecret::from_cookie(cookie.value()))
}

/// The browser's secret; a new one, in a new cookie, where it has none.
pub(super) fn secret_or_new(
    jar: CookieJar,
    site: &Site,
    random: &dyn Random,
) -> (CookieJar, BrowserSecret) {
    if let Some(secret) = secret_of(&jar, site) {
        return (jar, secret);
    }
    let secret = BrowserSecret::generate(random);
    let cookie = Cookie::build((site.cookie_name(COOKIE), secret.expose_secret().to_owned()))
        .path("/")
        .http_only(true)
        .secure(site.is_secure())
        // `Lax`: the callback comes from the provider's site.
        .same_site(SameSite::Lax);
    (jar.add(cookie), secret)
}
