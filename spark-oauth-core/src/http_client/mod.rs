//! The one constructor of every HTTP client here, so that all have one policy: TLS
//! with the roots of this machine, no redirects, no `Referer`, no retries, no compression,
//! and [`Proxies`] that are never used for this machine.

mod decode;
mod proxies;
mod tls;

pub(crate) use decode::{Decoded, decode};
pub use proxies::{InvalidProxies, Proxies, is_loopback};

use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};

/// Begins an HTTP client. Add time limits and build it; nothing is sent, and the
/// certificates of the system are not read before the first call over https.
///
/// # Errors
/// Those of rustls, where it does not know the protocol versions.
pub fn builder(proxies: &Proxies) -> Result<ClientBuilder, rustls::Error> {
    let mut headers = HeaderMap::new();
    // Without this header a server may choose any coding (RFC 9110 section 12.5.3).
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let builder = Client::builder()
        .tls_backend_preconfigured(tls::client_config()?)
        .user_agent(concat!("spark-oauth/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        // A redirect would send secrets to an address that is not configured.
        .redirect(Policy::none())
        .referer(false)
        .retry(reqwest::retry::never());
    Ok(proxies.apply(builder))
}
