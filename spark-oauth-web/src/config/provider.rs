//! Section `provider`: where the provider's API is.

use url::Url;

use super::public_url::is_loopback;
use super::reader::Reader;
use super::schema::Setting;

const API_BASE: Setting = Setting::plain("provider.apiBase");
const AUTHORIZE_URL: Setting = Setting::plain("provider.authorizeUrl");
const TOKEN_URL: Setting = Setting::plain("provider.tokenUrl");

pub(super) const SETTINGS: &[Setting] = &[API_BASE, AUTHORIZE_URL, TOKEN_URL];

/// Webex today. In 2016 it was `https://api.ciscospark.com/v1`.
const WEBEX: &str = "https://webexapis.com/v1";

/// Section `provider`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderConfig {
    /// The base of the REST calls, without a slash behind its path.
    pub api_base: Url,
    /// Where a consent begins (RFC 6749 section 3.1); by default `{api_base}/authorize`.
    pub authorize_url: Url,
    /// Where tokens are handed out (RFC 6749 section 3.2); by default
    /// `{api_base}/access_token`.
    pub token_url: Url,
}

pub(super) fn read(reader: &mut Reader) -> Option<ProviderConfig> {
    let api_base = url(reader, API_BASE, WEBEX);
    let base = api_base.as_ref().map_or(WEBEX, Url::as_str);
    let base = base.trim_end_matches('/').to_owned();
    let authorize_url = url(reader, AUTHORIZE_URL, &format!("{base}/authorize"));
    let token_url = url(reader, TOKEN_URL, &format!("{base}/access_token"));
    Some(ProviderConfig {
        api_base: api_base?,
        authorize_url: authorize_url?,
        token_url: token_url?,
    })
}

/// Why a text cannot be an address of the provider.
#[derive(Debug, thiserror::Error)]
enum InvalidProviderUrl {
    #[error("not an absolute URL ({0})")]
    Malformed(#[from] url::ParseError),
    #[error("the scheme must be http or https")]
    Scheme,
    #[error("it holds a query, a fragment or credentials")]
    Surplus,
}

fn url(reader: &mut Reader, setting: Setting, default: &str) -> Option<Url> {
    if !reader.is_given(setting) {
        return parse(default).ok();
    }
    let url = reader.parsed(setting, "give one like https://webexapis.com/v1", parse)?;
    if url.scheme() == "http" && !is_loopback(&url) {
        let text = format!("{url} is not encrypted, so that tokens travel in the clear; use https");
        reader.warn(setting, text);
    }
    Some(url)
}

fn parse(text: &str) -> Result<Url, InvalidProviderUrl> {
    let url = Url::parse(text.trim_end_matches('/'))?;
    let surplus = url.query().is_some() || url.fragment().is_some();
    let credentials = !url.username().is_empty() || url.password().is_some();
    if !matches!(url.scheme(), "http" | "https") {
        Err(InvalidProviderUrl::Scheme)
    } else if surplus || credentials {
        Err(InvalidProviderUrl::Surplus)
    } else {
        Ok(url)
    }
}
