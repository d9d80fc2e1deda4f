//! The client.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use tokio::time::Instant;
use url::Url;

use super::answer::{read, unreachable};
use super::error::ClientError;
use super::fetched::{Asked, FetchedToken};
use super::shelf::Shelf;
use crate::email::EmailAddress;
use crate::http_client::{self, Proxies, is_loopback};
use crate::ids::TokenId;
use crate::scopes::Scopes;
use crate::secret::ApiKeySecret;

/// How long a fetched token lives at least.
const MIN_LIFE: Duration = Duration::from_mins(1);

/// How long a request may take: spark-oauth may have to refresh the token first, and
/// waits for the provider.
const LIMIT: Duration = Duration::from_mins(1);
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// A kept token is answered in place of an error only where it lives so long.
const SHORTEST_LIFE: Duration = Duration::from_secs(5);

/// Fetches access tokens from spark-oauth, and keeps them. Cheap to clone: the clones
/// share everything.
#[derive(Clone, Debug)]
pub struct TokenClient {
    http: reqwest::Client,
    base: Url,
    min_life: Duration,
    kept_for: Duration,
    shelf: Arc<Shelf>,
}

impl TokenClient {
    /// A client of the spark-oauth at `base`, such as `https://oauth.example.com`,
    /// under an API key with the scope `tokens:use`. Nothing is sent yet.
    ///
    /// Requests go through the proxies that the environment names, see
    /// [`Proxies::from_environment`], but never where `base` is this machine. Over
    /// `http://` to another machine the key travels unencrypted; a warning is logged.
    ///
    /// # Errors
    /// [`ClientError::SetUp`] where TLS cannot be set up, the address is not of http
    /// or https, the key cannot be sent, or the environment names a proxy that cannot
    /// be used.
    pub fn new(base: Url, key: &ApiKeySecret) -> Result<Self, ClientError> {
        let proxies = Proxies::from_environment()
            .map_err(|error| ClientError::SetUp(format!("unusable proxy settings: {error}")))?;
        Self::through(base, key, &proxies)
    }

    /// The same, through these proxies, whatever the environment says.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn through(base: Url, key: &ApiKeySecret, proxies: &Proxies) -> Result<Self, ClientError> {
        if !matches!(base.scheme(), "http" | "https") || base.cannot_be_a_base() {
            let text = "the address of spark-oauth begins with http:// or https://";
            return Err(ClientError::SetUp(text.to_owned()));
        }
        if base.scheme() == "http" && !is_loopback(&base) {
            tracing::warn!(
                host = base.host_str(),
                "the API key and tokens travel unencrypted: use https"
            );
        }
        Ok(Self {
            http: http_client(key, proxies)?,
            base,
            min_life: MIN_LIFE,
            kept_for: Duration::MAX,
            shelf: Arc::default(),
        })
    }

    /// How long a token must live that is answered; default one minute. spark-oauth
    /// refreshes it where that is needed.
    #[must_use]
    pub const fn min_life(mut self, min_life: Duration) -> Self {
        self.min_life = min_life;
        self
    }

    /// How long a token is kept at most, even where it lives longer; default for as
    /// long as it lives. A token that was revoked or removed is noticed so much later.
    #[must_use]
    pub const fn kept_for(mut self, kept_for: Duration) -> Self {
        self.kept_for = kept_for;
        self
    }

    /// The token with this identifier.
    ///
    /// # Errors
    /// [`ClientError`] says why there is none.
    pub async fn by_id(&self, id: TokenId) -> Result<FetchedToken, ClientError> {
        self.get(Asked::Id(id)).await
    }

    /// The token of this person whose scopes hold all of `scopes`; none asks for
    /// nothing.
    ///
    /// # Errors
    /// [`ClientError`] says why there is none.
    pub async fn of_person(
        &self,
        email: &EmailAddress,
        scopes: &Scopes,
    ) -> Result<FetchedToken, ClientError> {
        self.get(Asked::person(email, scopes)).await
    }

    /// Forgets a token that Webex refuses, so that the next call asks spark-oauth
    /// again. A newer one that came meanwhile stays.
    pub fn forget(&self, token: &FetchedToken) {
        let Some(place) = self.shelf.existing(&token.asked) else {
            return;
        };
        // Where somebody fetches it now, a new one is on its way.
        if let Ok(mut kept) = place.try_lock()
            && kept
                .as_ref()
                .is_some_and(|kept| kept.access_token.matches(&token.access_token))
        {
            *kept = None;
        }
    }

    async fn get(&self, asked: Asked) -> Result<FetchedToken, ClientError> {
        let place = self.shelf.place(&asked);
        let mut kept = place.lock().await;
        if let Some(token) = kept.as_ref()
            && token.remaining_life() >= self.min_life
            && token.fetched.elapsed() < self.kept_for
        {
            return Ok(token.clone());
        }
        match self.fetch(&asked).await {
            Ok(token) => Ok(kept.insert(token).clone()),
            Err(error) => match kept.as_ref() {
                Some(token) if error.is_passing() && token.remaining_life() > SHORTEST_LIFE => {
                    tracing::warn!(%error, "the token that is kept is answered instead");
                    Ok(token.clone())
                }
                _ => {
                    *kept = None;
                    Err(error)
                }
            },
        }
    }

    async fn fetch(&self, asked: &Asked) -> Result<FetchedToken, ClientError> {
        let begun = Instant::now();
        let url = asked.url(&self.base, self.min_life);
        let url = url.ok_or_else(|| ClientError::SetUp("the address has no path".to_owned()))?;
        let response = self.http.get(url).send().await.map_err(unreachable)?;
        read(response, asked, begun).await
    }
}

fn http_client(key: &ApiKeySecret, proxies: &Proxies) -> Result<reqwest::Client, ClientError> {
    let set_up = |error: &dyn std::fmt::Display| ClientError::SetUp(error.to_string());
    let bearer = zeroize::Zeroizing::new(format!("Bearer {}", key.expose_secret()));
    let mut bearer = HeaderValue::from_str(&bearer)
        .map_err(|_| set_up(&"the API key holds what no header can: copy it anew"))?;
    bearer.set_sensitive(true);
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, bearer);
    headers.insert(
        ACCEPT,
        HeaderValue::from_static("application/json, application/problem+json"),
    );
    http_client::builder(proxies)
        .map_err(|error| set_up(&error))?
        .user_agent(concat!("spark-oauth-client/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .connect_timeout(CONNECT_LIMIT)
        .timeout(LIMIT)
        .build()
        .map_err(|error| set_up(&error.without_url()))
}
