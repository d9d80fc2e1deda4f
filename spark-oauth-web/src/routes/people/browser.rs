//! The cookie that binds a consent to the browser that began it. All tabs share it, so that
//! consents in several tabs can complete.

use spark_oauth_core::consent::BrowserSecret;
use spark_oauth_core::ports::Random;

use crate::http::Cookies;

/// The prefix of the cookie names. Each secret has its own name: if two concurrent requests
/// set a cookie, the browser keeps both.
const COOKIE: &str = "spark_oauth_browser";

/// The browser's secrets, in the order in which it sent them.
pub(super) fn secrets_of(cookies: &Cookies) -> Vec<BrowserSecret> {
    let values = cookies.under(COOKIE).map(|(_, value)| value);
    values.filter_map(BrowserSecret::from_cookie).collect()
}

/// The browser's secret; a new one, in a new cookie, where it has none.
pub(super) fn secret_or_new(cookies: &Cookies, random: &dyn Random) -> BrowserSecret {
    if let Some(secret) = secrets_of(cookies).into_iter().next() {
        return secret;
    }
    let secret = BrowserSecret::generate(random);
    let [a, b, c, d, ..] = secret.hash();
    let name = format!("{COOKIE}_{a:02x}{b:02x}{c:02x}{d:02x}");
    cookies.set(&name, secret.expose_secret());
    secret
}
