//! What every page knows of the place it is served at.

use spark_oauth_core::consent_links::LinkText;
use url::Url;

use crate::config::{Hsts, TrustedProxies};

/// The place the application is served at.
#[derive(Clone, Debug)]
pub struct Site {
    /// Under which address people reach us: scheme, host and port.
    pub public_url: Url,
    /// Whose `X-Forwarded-*` headers count.
    pub trusted_proxies: TrustedProxies,
    /// What `Strict-Transport-Security` says over https; `None` sends none.
    pub hsts: Option<Hsts>,
    /// Settings that still hold a sample value, such as `oauth.clientID`.
    pub placeholders: Vec<String>,
    /// Whether a hand-over includes the refresh token.
    pub hands_over_refresh_token: bool,
}

impl Site {
    /// Whether people reach us by https, so that cookies are for it alone.
    pub fn is_secure(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    /// The path of the page of a consent link.
    pub fn consent_path(text: &LinkText) -> String {
        format!("/consent/{text}")
    }

    /// Where a person opens a consent link.
    pub fn consent_url(&self, text: &LinkText) -> Url {
        let mut url = self.public_url.clone();
        url.set_path(&Self::consent_path(text));
        url
    }

    /// The name of one of our cookies: with the prefix `__Host-` over https, which
    /// no other host of the same domain can set.
    pub fn cookie_name(&self, name: &str) -> String {
        if self.is_secure() {
            format!("__Host-{name}")
        } else {
            name.to_owned()
        }
    }
}
