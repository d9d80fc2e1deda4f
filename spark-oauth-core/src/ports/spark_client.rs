//! The port of the provider.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::consent::{CodeChallenge, CodeVerifier, State};
use crate::email::EmailAddress;
use crate::integration::{ClientId, Integration};
use crate::person::Person;
use crate::ports::SparkError;
use crate::scopes::Scopes;
use crate::secret::{AccessToken, AuthorizationCode, RefreshToken};
use crate::timestamp::Timestamp;

/// What leads a browser to the provider's consent page (RFC 6749 section 4.1.1).
#[derive(Clone, Copy, Debug)]
pub struct AuthorizationRequest<'a> {
    /// The integration that asks.
    pub integration: &'a Integration,
    /// What it asks for.
    pub scopes: &'a Scopes,
    /// What the callback must bring back.
    pub state: &'a State,
    /// The PKCE challenge (RFC 7636 section 4.3), method S256.
    pub challenge: &'a CodeChallenge,
    /// Whose account is meant, for the sign-in page (`login_hint`).
    pub login_hint: Option<&'a EmailAddress>,
    /// Whether the provider asks which account to use, although somebody is signed in
    /// (`prompt=select_account`).
    pub select_account: bool,
}

/// The answer of the token endpoint (RFC 6749 section 5.1).
#[derive(Clone, Debug)]
pub struct TokenAnswer {
    /// The access token.
    pub access_token: AccessToken,
    /// How long it lives. Where the answer did not say so legibly, `None`: the
    /// token is kept all the same.
    pub expires_in: Option<Duration>,
    /// The refresh token; `None` means that the old one stays.
    pub refresh_token: Option<RefreshToken>,
    /// How long the refresh token lives.
    pub refresh_token_expires_in: Option<Duration>,
    /// What was granted; `None` means what was asked for (RFC 6749 section 5.1).
    pub scopes: Option<Scopes>,
    /// The provider's own time (`Date`), to correct a wrong local clock; `None` where
    /// the answer came from a cache.
    pub provider_time: Option<Timestamp>,
}

/// The assumed lifetime of an access token whose answer has none.
const ASSUMED_LIFE: Duration = Duration::from_hours(1);

/// The longest lifetime that is accepted: if a provider sends milliseconds, its tokens
/// would never be refreshed.
const LONGEST_LIFE: Duration = Duration::from_hours(365 * 24);

impl TokenAnswer {
    /// The lifetime of the access token: that of the answer, at most a year. If it is
    /// missing or zero, an hour. If there is no refresh token either, a year: such a
    /// provider issues tokens that do not expire.
    pub fn access_life(&self, is_refreshable: bool) -> Duration {
        let assumed = if is_refreshable {
            ASSUMED_LIFE
        } else {
            LONGEST_LIFE
        };
        self.expires_in
            .filter(|life| !life.is_zero())
            .unwrap_or(assumed)
            .min(LONGEST_LIFE)
    }
}

/// The provider's answer to a revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// The person's authorizations of the integration were revoked.
    Confirmed,
    /// The provider knows no such authorization (404), or no valid access token is
    /// left to ask with: a grant may still exist there.
    NotConfirmed,
    /// Tokens of this integration may not revoke (403): a normal answer.
    NotPermitted,
}

macro_rules! provider_id {
    ($(#[$docs:meta])* $name:ident) => {
        $(#[$docs])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes over the identifier as the provider wrote it.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The identifier as the provider wrote it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

provider_id! {
    /// The provider's opaque identifier of a room.
    RoomId
}
provider_id! {
    /// The provider's opaque identifier of a membership.
    MembershipId
}
provider_id! {
    /// The provider's opaque identifier of a message.
    MessageId
}

/// Talks to the provider.
///
/// Every call MUST end within a time limit of its own, read a bounded body and
/// follow no redirect.
///
/// # Errors
/// Every call answers [`SparkError`], whose kind decides what follows.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SparkClient: Debug + Send + Sync + 'static {
    /// The address of the consent page.
    #[expect(clippy::elidable_lifetime_names, reason = "mockall needs the name")]
    fn authorization_url<'a>(&self, request: &AuthorizationRequest<'a>) -> Url;

    /// Exchanges a code for tokens (RFC 6749 section 4.1.3, RFC 7636 section 4.5).
    async fn exchange_code(
        &self,
        integration: &Integration,
        code: &AuthorizationCode,
        verifier: &CodeVerifier,
    ) -> Result<TokenAnswer, SparkError>;

    /// Exchanges a refresh token for new tokens (RFC 6749 section 6).
    async fn refresh(
        &self,
        integration: &Integration,
        refresh_token: &RefreshToken,
    ) -> Result<TokenAnswer, SparkError>;

    /// Who the access token speaks for.
    async fn me(&self, access_token: &AccessToken) -> Result<Person, SparkError>;

    /// Revokes the person's authorizations of the integration with this client ID.
    /// [`Confirmed`](Revocation::Confirmed) MUST mean that the provider said so.
    ///
    /// # Errors
    /// [`SparkErrorKind::Unauthorized`](super::SparkErrorKind::Unauthorized) where the
    /// access token is rejected: the caller may refresh it and retry.
    async fn revoke(
        &self,
        integration: &ClientId,
        access_token: &AccessToken,
    ) -> Result<Revocation, SparkError>;

    /// Creates a room.
    async fn create_room(
        &self,
        access_token: &AccessToken,
        title: &str,
    ) -> Result<RoomId, SparkError>;

    /// Deletes a room.
    async fn delete_room(
        &self,
        access_token: &AccessToken,
        room: &RoomId,
    ) -> Result<(), SparkError>;

    /// Adds a person to a room.
    async fn add_member(
        &self,
        access_token: &AccessToken,
        room: &RoomId,
        email: &EmailAddress,
    ) -> Result<MembershipId, SparkError>;

    /// Posts a plain text into a room.
    async fn post_message(
        &self,
        access_token: &AccessToken,
        room: &RoomId,
        text: &str,
    ) -> Result<MessageId, SparkError>;

    /// Sends a plain text to a person directly.
    async fn message_person(
        &self,
        access_token: &AccessToken,
        email: &EmailAddress,
        text: &str,
    ) -> Result<MessageId, SparkError>;
}
