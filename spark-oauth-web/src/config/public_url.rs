//! `publicUrl`: under which address people reach this server.

use spark_oauth_core::RedirectUri;
use spark_oauth_core::http_client::is_loopback;
use url::Url;

use super::listen_address::ListenAddress;
use super::reader::Reader;
use super::schema::Setting;

const PUBLIC_URL: Setting = Setting::plain("publicUrl");

pub(super) const SETTINGS: &[Setting] = &[PUBLIC_URL];

/// Reads the public URL, by default the redirect URI's scheme, host and port.
pub(super) fn read(
    reader: &mut Reader,
    redirect_uri: Option<&RedirectUri>,
    listen: Option<&ListenAddress>,
) -> Option<Url> {
    let advice = "give scheme and host alone, such as https://tokens.example.com";
    let given = reader.parsed(PUBLIC_URL, advice, parse);
    let of_redirect = redirect_uri.map(|uri| root_of(uri.url()));
    if let (Some(given), Some(of_redirect)) = (&given, &of_redirect)
        && given != of_redirect
    {
        let text = format!(
            "{given} is not where the redirect URI leads ({of_redirect}): \
             browsers are sent on to the latter"
        );
        reader.warn(PUBLIC_URL, text);
    }
    let url = given.or(of_redirect)?;
    if url.scheme() == "http" && !is_loopback(&url) {
        let text = format!("{url} is not encrypted, so that tokens travel in the clear; use https");
        reader.warn(PUBLIC_URL, text);
    }
    if let (Some(listen), Some(port)) = (listen, url.port_or_known_default())
        && is_loopback(&url)
        && listen.port() != 0
        && listen.port() != port
    {
        let text = format!("browsers are sent to {url}, while the server listens on {listen}");
        reader.warn(PUBLIC_URL, text);
    }
    Some(url)
}

/// Why a text cannot be the public URL.
#[derive(Debug, thiserror::Error)]
enum InvalidPublicUrl {
    #[error("not an absolute URL ({0})")]
    Malformed(#[from] url::ParseError),
    #[error("the scheme must be http or https")]
    Scheme,
    #[error("it holds more than scheme, host and port")]
    NotAnOrigin,
}

fn parse(text: &str) -> Result<Url, InvalidPublicUrl> {
    let url = Url::parse(text)?;
    if !matches!(url.scheme(), "http" | "https") {
        Err(InvalidPublicUrl::Scheme)
    } else if url == root_of(&url) {
        Ok(url)
    } else {
        Err(InvalidPublicUrl::NotAnOrigin)
    }
}

/// Scheme, host and port alone.
fn root_of(url: &Url) -> Url {
    let mut root = url.clone();
    root.set_path("/");
    root.set_query(None);
    root.set_fragment(None);
    // Both fail only for a URL without a host, which http and https never are.
    let _ = root.set_username("");
    let _ = root.set_password(None);
    root
}
