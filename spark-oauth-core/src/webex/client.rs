//! The port of the provider, call by call.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use url::Url;

use super::authorize;
use super::http::Http;
use super::settings::{WebexError, WebexSettings};
use crate::consent::CodeVerifier;
use crate::email::EmailAddress;
use crate::integration::{ClientId, Integration};
use crate::person::Person;
use crate::ports::{
    AuthorizationRequest, Clock, MembershipId, MessageId, Revocation, RoomId, SparkClient,
    SparkError, SystemClock, TokenAnswer,
};
use crate::secret::{AccessToken, AuthorizationCode, RefreshToken};

/// The client of Webex.
///
/// It keeps connections open between calls: make one for each provider and
/// share it. See [the module](super) for what an answer means.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use spark_oauth_core::AccessToken;
/// use spark_oauth_core::ports::{SparkClient, SparkErrorKind};
/// use spark_oauth_core::webex::{WebexClient, WebexSettings};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// // The real provider; `WebexSettings::at` leads to an emulator.
/// let client: Arc<dyn SparkClient> = Arc::new(WebexClient::new(WebexSettings::default())?);
///
/// match client.me(&AccessToken::new("a token from the vault")).await {
///     Ok(person) => println!("the token speaks for {}", person.email),
///     Err(error) if error.kind == SparkErrorKind::Unauthorized => println!("the token is dead"),
///     Err(error) => {
///         // Neither the text nor the log holds the token.
///         println!("{error}, reference {:?}", error.tracking_id);
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct WebexClient {
    pub(super) settings: WebexSettings,
    pub(super) http: Http,
}

impl WebexClient {
    /// Makes a client. Nothing is sent, and the certificates of the system are
    /// not read before the first call over https. Without
    /// [`WebexSettings::proxies`], the proxies are those of the environment.
    ///
    /// # Errors
    /// [`WebexError`] names the setting that cannot be used.
    pub fn new(settings: WebexSettings) -> Result<Self, WebexError> {
        Self::with_clock(settings, Arc::new(SystemClock))
    }

    /// Makes a client that takes the time from `clock` where an answer does not
    /// tell the provider's own.
    ///
    /// # Errors
    /// See [`WebexClient::new`].
    pub fn with_clock(settings: WebexSettings, clock: Arc<dyn Clock>) -> Result<Self, WebexError> {
        settings.check()?;
        if settings.is_exposed() {
            tracing::warn!(
                api_base = %settings.api_base,
                token_url = %settings.token_url,
                "tokens and the client secret go to the provider unencrypted: use https"
            );
        }
        let http = Http::new(&settings, clock)?;
        Ok(Self { settings, http })
    }

    /// The longest time that a call takes, with every error. A lease that covers
    /// a call must outlive it.
    pub const fn call_limit(&self) -> Duration {
        self.settings.request_timeout
    }

    /// Where the provider is.
    pub const fn settings(&self) -> &WebexSettings {
        &self.settings
    }
}

#[async_trait]
impl SparkClient for WebexClient {
    #[expect(clippy::elidable_lifetime_names, reason = "the port names it")]
    fn authorization_url<'a>(&self, request: &AuthorizationRequest<'a>) -> Url {
        authorize::authorization_url(&self.settings.authorize_url, request)
    }

    async fn exchange_code(
        &self,
        integration: &Integration,
        code: &AuthorizationCode,
        verifier: &CodeVerifier,
    ) -> Result<TokenAnswer, SparkError> {
        self.post_code(integration, code, verifier).await
    }

    async fn refresh(
        &self,
        integration: &Integration,
        refresh_token: &RefreshToken,
    ) -> Result<TokenAnswer, SparkError> {
        self.post_refresh_token(integration, refresh_token).await
    }

    async fn me(&self, access_token: &AccessToken) -> Result<Person, SparkError> {
        self.get_me(access_token).await
    }

    async fn revoke(
        &self,
        integration: &ClientId,
        access_token: &AccessToken,
    ) -> Result<Revocation, SparkError> {
        self.delete_authorizations(integration, access_token).await
    }

    async fn create_room(
        &self,
        access_token: &AccessToken,
        title: &str,
    ) -> Result<RoomId, SparkError> {
        self.post_room(access_token, title).await
    }

    async fn delete_room(
        &self,
        access_token: &AccessToken,
        room: &RoomId,
    ) -> Result<(), SparkError> {
        self.delete_room_by_id(access_token, room).await
    }

    async fn add_member(
        &self,
        access_token: &AccessToken,
        room: &RoomId,
        email: &EmailAddress,
    ) -> Result<MembershipId, SparkError> {
        self.post_membership(access_token, room, email).await
    }

    async fn post_message(
        &self,
        access_token: &AccessToken,
        room: &RoomId,
        text: &str,
    ) -> Result<MessageId, SparkError> {
        self.post_text(access_token, room, text).await
    }

    async fn message_person(
        &self,
        access_token: &AccessToken,
        email: &EmailAddress,
        text: &str,
    ) -> Result<MessageId, SparkError> {
        self.post_direct(access_token, email, text).await
    }
}
