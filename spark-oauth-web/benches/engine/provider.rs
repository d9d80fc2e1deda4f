//! A provider that is far away and does nothing else: each refresh takes the same time.
//!
//! It is no server: HTTP on both sides would cost more processor time than the engine,
//! and on the same processors, where the real provider has its own.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use spark_oauth_core::consent::CodeVerifier;
use spark_oauth_core::ports::{
    AuthorizationRequest, MembershipId, MessageId, Revocation, RoomId, SparkClient, SparkError,
    SparkErrorKind, TokenAnswer,
};
use spark_oauth_core::{
    AccessToken, AuthorizationCode, ClientId, EmailAddress, Integration, Person, RefreshToken,
};
use tokio::time::sleep;
use url::Url;

/// How long a refresh token lives.
const REFRESH_LIFE: Duration = Duration::from_hours(90 * 24);

/// Refreshes tokens, and nothing else.
#[derive(Debug)]
pub(crate) struct Provider {
    latency: Duration,
    access_life: Duration,
    calls: AtomicUsize,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
}

impl Provider {
    pub(crate) fn new(latency: Duration, access_life: Duration) -> Self {
        Self {
            latency,
            access_life,
            calls: AtomicUsize::new(0),
            under_way: AtomicUsize::new(0),
            most_under_way: AtomicUsize::new(0),
        }
    }

    /// How often it was asked.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// How many calls there were at once at most.
    pub(crate) fn most_under_way(&self) -> usize {
        self.most_under_way.load(Ordering::SeqCst)
    }
}

fn refuse<T>() -> Result<T, SparkError> {
    Err(SparkError::of(SparkErrorKind::Unexpected))
}

#[async_trait]
impl SparkClient for Provider {
    async fn refresh(&self, _: &Integration, _: &RefreshToken) -> Result<TokenAnswer, SparkError> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        let under_way = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_under_way.fetch_max(under_way, Ordering::SeqCst);
        sleep(self.latency).await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        let text = format!("{number:064}_PF84_11111111-1111-4111-8111-111111111111");
        Ok(TokenAnswer {
            access_token: AccessToken::new(text.clone()),
            expires_in: Some(self.access_life),
            refresh_token: Some(RefreshToken::new(text)),
            refresh_token_expires_in: Some(REFRESH_LIFE),
            scopes: None,
            provider_time: None,
        })
    }

    #[expect(clippy::elidable_lifetime_names, reason = "as in the port")]
    fn authorization_url<'a>(&self, request: &AuthorizationRequest<'a>) -> Url {
        request.integration.redirect_uri.url().clone()
    }

    async fn exchange_code(
        &self,
        _: &Integration,
        _: &AuthorizationCode,
        _: &CodeVerifier,
    ) -> Result<TokenAnswer, SparkError> {
        refuse()
    }

    async fn me(&self, _: &AccessToken) -> Result<Person, SparkError> {
        refuse()
    }

    async fn revoke(&self, _: &ClientId, _: &AccessToken) -> Result<Revocation, SparkError> {
        refuse()
    }

    async fn create_room(&self, _: &AccessToken, _: &str) -> Result<RoomId, SparkError> {
        refuse()
    }

    async fn delete_room(&self, _: &AccessToken, _: &RoomId) -> Result<(), SparkError> {
        refuse()
    }

    async fn add_member(
        &self,
        _: &AccessToken,
        _: &RoomId,
        _: &EmailAddress,
    ) -> Result<MembershipId, SparkError> {
        refuse()
    }

    async fn post_message(
        &self,
        _: &AccessToken,
        _: &RoomId,
        _: &str,
    ) -> Result<MessageId, SparkError> {
        refuse()
    }

    async fn message_person(
        &self,
        _: &AccessToken,
        _: &EmailAddress,
        _: &str,
    ) -> Result<MessageId, SparkError> {
        refuse()
    }
}
