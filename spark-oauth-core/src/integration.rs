//! The OAuth client that is registered with the provider.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::email::EmailAddress;
use crate::scopes::Scopes;
use crate::secret::ClientSecret;

/// The public identifier of an integration (RFC 6749 section 2.2).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(String);

impl ClientId {
    /// Takes over the identifier as the provider wrote it.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The identifier as the provider wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientId({:?})", self.0)
    }
}

/// Where the provider sends the browser back to.
///
/// The provider compares it byte by byte, so the text is kept as it was
/// written, beside its parsed form.
#[derive(Clone, PartialEq, Eq)]
pub struct RedirectUri {
    written: String,
    url: Url,
}

/// Why a text is no redirect URI.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRedirectUri {
    /// The text is no absolute URL.
    #[error("not an absolute URL ({0})")]
    Malformed(url::ParseError),
    /// Only `http` and `https` lead back to us.
    #[error("the scheme must be http or https")]
    Scheme,
    /// RFC 6749 section 3.1.2 forbids a fragment; credentials would leak.
    #[error("it must hold neither a fragment nor credentials")]
    Unsafe,
}

impl RedirectUri {
    /// Reads a redirect URI.
    ///
    /// # Errors
    /// [`InvalidRedirectUri`] says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, InvalidRedirectUri> {
        let written = text.trim().to_owned();
        let url = Url::parse(&written).map_err(InvalidRedirectUri::Malformed)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(InvalidRedirectUri::Scheme);
        }
        if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidRedirectUri::Unsafe);
        }
        Ok(Self { written, url })
    }

    /// The text as it was written, for the provider's comparison.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The parsed URL.
    pub fn url(&self) -> &Url {
        &self.url
    }
}

impl fmt::Debug for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.written)
    }
}

/// The OAuth client registered with the provider, and who stands behind it.
#[derive(Clone, Debug)]
pub struct Integration {
    /// The public identifier.
    pub client_id: ClientId,
    /// The secret that proves it.
    pub client_secret: ClientSecret,
    /// Where the provider sends the browser back to.
    pub redirect_uri: RedirectUri,
    /// What a person is asked for.
    pub scopes: Scopes,
    /// The requester: the contact who asks, and to whom a token is handed over.
    pub requester: EmailAddress,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_bytes_of_the_redirect_uri() {
        let uri = RedirectUri::parse("http://127.0.0.1:3000/auth/spark/callback?x=%7e").unwrap();
        assert_eq!(
            uri.as_str(),
            "http://127.0.0.1:3000/auth/spark/callback?x=%7e"
        );
    }

    #[test]
    fn refuses_what_cannot_lead_back() {
        assert_eq!(
            RedirectUri::parse("ftp://a/b").unwrap_err(),
            InvalidRedirectUri::Scheme
        );
        assert_eq!(
            RedirectUri::parse("http://a/b#c").unwrap_err(),
            InvalidRedirectUri::Unsafe
        );
        assert_eq!(
            RedirectUri::parse("http://u:p@a/b").unwrap_err(),
            InvalidRedirectUri::Unsafe
        );
        assert!(RedirectUri::parse("/auth").is_err());
    }
}
