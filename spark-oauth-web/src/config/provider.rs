//! Section `provider`: the provider's endpoints, and how the client authenticates.

use spark_oauth_core::http_client::is_loopback;
use spark_oauth_core::webex::TokenAuth;
use url::Url;

use super::document::quote;
use super::reader::Reader;
use super::schema::Setting;

const API_BASE: Setting = Setting::plain("provider.apiBase");
const AUTHORIZE_URL: Setting = Setting::plain("provider.authorizeUrl");
const TOKEN_URL: Setting = Setting::plain("provider.tokenUrl");
const TOKEN_AUTH: Setting = Setting::plain("provider.tokenAuth");
const ISSUER: Setting = Setting::plain("provider.issuer");

pub(super) const SETTINGS: &[Setting] = &[API_BASE, AUTHORIZE_URL, TOKEN_URL, TOKEN_AUTH, ISSUER];

/// Webex today. In 2016 it was `https://api.ciscospark.com/v1`.
const WEBEX: &str = "https://webexapis.com/v1";

/// What every consent sets in the authorize URL.
const OURS: [&str; 7] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
];

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
    /// How the client authenticates to the token endpoint.
    pub token_auth: TokenAuth,
    /// The `iss` that every callback must name (RFC 9207), as it is written.
    pub issuer: Option<String>,
}

pub(super) fn read(reader: &mut Reader) -> Option<ProviderConfig> {
    let api_base = if reader.is_given(API_BASE) {
        url(reader, API_BASE, parse_base)
    } else {
        Url::parse(WEBEX).ok()
    };
    let base = api_base.as_ref().map_or(WEBEX, Url::as_str);
    let base = base.trim_end_matches('/').to_owned();
    let mut endpoint = |setting, name| {
        if reader.is_given(setting) {
            url(reader, setting, parse)
        } else {
            Url::parse(&format!("{base}/{name}")).ok()
        }
    };
    let authorize_url = endpoint(AUTHORIZE_URL, "authorize");
    let token_url = endpoint(TOKEN_URL, "access_token");
    if let Some(url) = &authorize_url {
        check_query(reader, url);
    }
    let token_auth = token_auth(reader);
    let issuer = issuer(reader);
    Some(ProviderConfig {
        api_base: api_base?,
        authorize_url: authorize_url?,
        token_url: token_url?,
        token_auth: token_auth?,
        issuer,
    })
}

/// Why a text cannot be an address of the provider.
#[derive(Debug, thiserror::Error)]
enum InvalidProviderUrl {
    #[error("not an absolute URL ({0})")]
    Malformed(#[from] url::ParseError),
    #[error("the scheme must be http or https")]
    Scheme,
    #[error("it holds a fragment or credentials")]
    Surplus,
    #[error("it holds a query")]
    Query,
}

type Parse = fn(&str) -> Result<Url, InvalidProviderUrl>;

fn url(reader: &mut Reader, setting: Setting, parse: Parse) -> Option<Url> {
    let url = reader.parsed(setting, "give one like https://webexapis.com/v1", parse)?;
    if url.scheme() == "http" && !is_loopback(&url) {
        let text = format!("{url} is not encrypted, so that tokens travel in the clear; use https");
        reader.warn(setting, text);
    }
    Some(url)
}

/// The paths of the calls are appended to the base.
fn parse_base(text: &str) -> Result<Url, InvalidProviderUrl> {
    let url = parse(text.trim_end_matches('/'))?;
    if url.query().is_some() {
        return Err(InvalidProviderUrl::Query);
    }
    Ok(url)
}

/// An endpoint as it is written: a slash at its end and a query belong to it (RFC
/// 6749 sections 3.1 and 3.2).
fn parse(text: &str) -> Result<Url, InvalidProviderUrl> {
    let url = Url::parse(text)?;
    let credentials = !url.username().is_empty() || url.password().is_some();
    if !matches!(url.scheme(), "http" | "https") {
        Err(InvalidProviderUrl::Scheme)
    } else if url.fragment().is_some() || credentials {
        Err(InvalidProviderUrl::Surplus)
    } else {
        Ok(url)
    }
}

fn check_query(reader: &mut Reader, url: &Url) {
    for (name, value) in url.query_pairs() {
        if OURS.contains(&&*name) {
            let text = format!("`{name}` in its query is ignored: every consent sets it");
            reader.warn(AUTHORIZE_URL, text);
        } else if name == "response_mode" && value != "query" {
            let fault = format!("asks for `response_mode` {}", quote(&value));
            let advice = "remove `response_mode`: the callback reads the query of a GET request";
            reader.wrong(AUTHORIZE_URL, fault, advice);
        }
    }
}

fn token_auth(reader: &mut Reader) -> Option<TokenAuth> {
    if !reader.is_given(TOKEN_AUTH) {
        return Some(TokenAuth::default());
    }
    let advice = "write post (client ID and secret in the form) or basic (in the header)";
    reader.parsed(TOKEN_AUTH, advice, |text| match text {
        "post" => Ok(TokenAuth::Post),
        "basic" => Ok(TokenAuth::Basic),
        _ => Err("no such method"),
    })
}

/// An issuer is compared byte by byte, so that it is kept as it is written.
fn issuer(reader: &mut Reader) -> Option<String> {
    let advice = "copy `issuer` from the provider's metadata (RFC 8414), byte by byte";
    reader.parsed(ISSUER, advice, |text| {
        let url = parse(text).map_err(|error| error.to_string())?;
        if url.query().is_some() {
            return Err(InvalidProviderUrl::Query.to_string());
        }
        Ok(text.to_owned())
    })
}
