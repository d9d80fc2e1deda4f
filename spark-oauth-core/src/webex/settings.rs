//! Where the provider is, and how long we wait for it.

use std::time::Duration;

use url::Url;

use crate::http_client::{InvalidProxies, Proxies, is_loopback};

/// Where the provider is, and how long we wait for it.
///
/// [`Default`] is the real provider. [`WebexSettings::at`] leads to another one,
/// for example an emulator.
#[derive(Clone, Debug)]
pub struct WebexSettings {
    /// Under which the REST calls stand.
    pub api_base: Url,
    /// Where a person consents (RFC 6749 section 3.1). A query is kept.
    pub authorize_url: Url,
    /// Where tokens come from (RFC 6749 section 3.2). A query is kept.
    pub token_url: Url,
    /// How the client authenticates to the token endpoint.
    pub token_auth: TokenAuth,
    /// Which proxies the calls go through. `None`: those of the environment, see
    /// [`Proxies::from_environment`].
    pub proxies: Option<Proxies>,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long a whole call may take, from the look-up of the name to the last
    /// byte of the answer. A lease that covers a call must outlive it.
    pub request_timeout: Duration,
}

/// How the client authenticates to the token endpoint (RFC 6749 section 2.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenAuth {
    /// Client ID and secret in the form, as Webex takes them (`client_secret_post`).
    #[default]
    Post,
    /// Client ID and secret in the `Authorization` header (`client_secret_basic`).
    Basic,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebexError {
    /// The provider is reached over https, or over http in a test.
    #[error("the {setting} must begin with https:// or http://, not {scheme}:")]
    Scheme {
        /// Which address.
        setting: &'static str,
        /// What it begins with.
        scheme: String,
    },
    /// Credentials and fragments have no meaning here, and would leak.
    #[error("the {setting} must hold neither credentials nor a fragment")]
    Unsafe {
        /// Which address.
        setting: &'static str,
    },
    /// The paths of the calls are put behind the base.
    #[error("the API base must not hold a query")]
    Query,
    /// No call would ever succeed.
    #[error("the time limits must be longer than zero")]
    NoTime,
    /// The environment names a proxy that cannot be used.
    #[error("unusable proxy settings: {0}")]
    Proxies(#[from] InvalidProxies),
    /// TLS or the client could not be set up.
    #[error("failed to set up the HTTP client")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl WebexSettings {
    /// The base URL of the real provider.
    pub const DEFAULT_API_BASE: &'static str = "https://webexapis.com/v1";
    /// How long a connection may take, unless set otherwise.
    pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
    /// How long a whole call may take, unless set otherwise.
    pub const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

    /// The provider under `api_base`, with `{base}/authorize` and
    /// `{base}/access_token`. A trailing slash makes no difference.
    pub fn at(api_base: Url) -> Self {
        Self {
            authorize_url: below(&api_base, &["authorize"]),
            token_url: below(&api_base, &["access_token"]),
            api_base,
            token_auth: TokenAuth::default(),
            proxies: None,
            connect_timeout: Self::DEFAULT_CONNECT_TIMEOUT,
            request_timeout: Self::DEFAULT_REQUEST_TIMEOUT,
        }
    }

    /// Sets where a person consents.
    #[must_use]
    pub fn with_authorize_url(mut self, url: Url) -> Self {
        self.authorize_url = url;
        self
    }

    /// Sets where tokens come from.
    #[must_use]
    pub fn with_token_url(mut self, url: Url) -> Self {
        self.token_url = url;
        self
    }

    /// Sets how the client authenticates to the token endpoint.
    #[must_use]
    pub const fn with_token_auth(mut self, token_auth: TokenAuth) -> Self {
        self.token_auth = token_auth;
        self
    }

    /// Sets which proxies the calls go through, whatever the environment says.
    #[must_use]
    pub fn with_proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = Some(proxies);
        self
    }

    /// Sets how long a connection may take to be made.
    #[must_use]
    pub const fn with_connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// Sets how long a whole call may take.
    #[must_use]
    pub const fn with_request_timeout(mut self, limit: Duration) -> Self {
        self.request_timeout = limit;
        self
    }

    pub(super) fn check(&self) -> Result<(), WebexError> {
        for (setting, url) in self.urls() {
            if !matches!(url.scheme(), "http" | "https") {
                return Err(WebexError::Scheme {
                    setting,
                    scheme: url.scheme().to_owned(),
                });
            }
            if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
                return Err(WebexError::Unsafe { setting });
            }
        }
        if self.api_base.query().is_some() {
            return Err(WebexError::Query);
        }
        if self.connect_timeout.is_zero() || self.request_timeout.is_zero() {
            return Err(WebexError::NoTime);
        }
        Ok(())
    }

    /// Whether tokens would travel unencrypted over a network.
    pub(super) fn is_exposed(&self) -> bool {
        [&self.api_base, &self.token_url]
            .into_iter()
            .any(|url| url.scheme() == "http" && !is_loopback(url))
    }

    fn urls(&self) -> [(&'static str, &Url); 3] {
        [
            ("API base", &self.api_base),
            ("authorize URL", &self.authorize_url),
            ("token URL", &self.token_url),
        ]
    }
}

impl Default for WebexSettings {
    #[expect(clippy::expect_used, reason = "a constant, and a test reads it")]
    fn default() -> Self {
        Self::at(Url::parse(Self::DEFAULT_API_BASE).expect("a URL"))
    }
}

/// The URL of a resource below `base`, each segment percent-encoded.
pub(super) fn below(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    // A URL without a path to extend is refused by `check`.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn the_default_is_the_real_provider() {
        let settings = WebexSettings::default();
        settings.check().unwrap();
        assert_eq!(settings.api_base.as_str(), "https://webexapis.com/v1");
        assert_eq!(
            settings.authorize_url.as_str(),
            "https://webexapis.com/v1/authorize"
        );
        assert_eq!(
            settings.token_url.as_str(),
            "https://webexapis.com/v1/access_token"
        );
    }

    #[test]
    fn a_trailing_slash_makes_no_difference() {
        for base in ["http://127.0.0.1:3210/v1", "http://127.0.0.1:3210/v1/"] {
            let settings = WebexSettings::at(url(base));
            assert_eq!(
                settings.token_url.as_str(),
                "http://127.0.0.1:3210/v1/access_token"
            );
        }
        assert_eq!(
            WebexSettings::at(url("http://a")).authorize_url.as_str(),
            "http://a/authorize"
        );
    }

    #[test]
    fn refuses_what_cannot_be_called() {
        let refusal = |settings: WebexSettings| settings.check().unwrap_err().to_string();
        assert_eq!(
            refusal(WebexSettings::at(url("ftp://a/v1"))),
            "the API base must begin with https:// or http://, not ftp:"
        );
        assert_eq!(
            refusal(WebexSettings::at(url("mailto:a@b"))),
            "the API base must begin with https:// or http://, not mailto:"
        );
        assert_eq!(
            refusal(WebexSettings::default().with_token_url(url("https://u:p@a/"))),
            "the token URL must hold neither credentials nor a fragment"
        );
        assert_eq!(
            refusal(WebexSettings::at(url("https://a/v1?x=y"))),
            "the API base must not hold a query"
        );
        assert_eq!(
            refusal(WebexSettings::default().with_request_timeout(Duration::ZERO)),
            "the time limits must be longer than zero"
        );
    }

    #[test]
    fn knows_when_tokens_would_travel_unencrypted() {
        assert!(!WebexSettings::default().is_exposed());
        assert!(!WebexSettings::at(url("http://[::1]:1/v1")).is_exposed());
        assert!(WebexSettings::at(url("http://192.0.2.1/v1")).is_exposed());
    }

    #[test]
    fn each_segment_is_percent_encoded() {
        assert_eq!(
            below(&url("http://a/v1"), &["rooms", "x/../y?z#%2e"]).as_str(),
            "http://a/v1/rooms/x%2F..%2Fy%3Fz%23%252e"
        );
    }
}
