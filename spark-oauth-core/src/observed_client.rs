//! A client of the provider whose calls are counted and timed, and whose answers
//! tell the time.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::time::Instant;
use tracing::Instrument as _;
use url::Url;

use crate::consent::CodeVerifier;
use crate::corrected_clock::CorrectedClock;
use crate::email::EmailAddress;
use crate::integration::{ClientId, Integration};
use crate::measured;
use crate::person::Person;
use crate::ports::{
    AuthorizationRequest, Clock as _, MembershipId, MessageId, Observer, PROVIDER_CALLS,
    Revocation, RoomId, SparkClient, SparkError, SparkErrorKind, TokenAnswer,
};
use crate::secret::{AccessToken, AuthorizationCode, RefreshToken};

/// Tells an observer of every call, and a clock of the provider's time.
#[derive(Debug)]
pub(crate) struct ObservedClient {
    pub(crate) client: Arc<dyn SparkClient>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) clock: CorrectedClock,
}

impl ObservedClient {
    async fn observe<T>(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<T, SparkError>> + Send,
    ) -> Result<T, SparkError> {
        debug_assert!(PROVIDER_CALLS.contains(&call), "{call} has no series at 0");
        let span = measured::provider_call(call);
        let begun = Instant::now();
        let outcome = work.instrument(span.clone()).await;
        let took = begun.elapsed();
        match &outcome {
            Ok(_) => self.observer.provider_called(call, "ok", took),
            Err(error) => {
                let code = code_of(error);
                measured::failed(&span, &code);
                self.observer.provider_called(call, &code, took);
            }
        }
        outcome
    }
}

impl ObservedClient {
    /// A call of the token endpoint, whose answers tell the provider's time.
    async fn observe_grant(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<TokenAnswer, SparkError>> + Send,
    ) -> Result<TokenAnswer, SparkError> {
        let sent = self.clock.uptime();
        let outcome = self.observe(call, work).await;
        if let Ok(TokenAnswer {
            provider_time: Some(time),
            ..
        }) = &outcome
        {
            self.clock.learn(*time, sent);
        }
        outcome
    }
}

/// The status of the answer; without one, why there was none.
fn code_of(error: &SparkError) -> String {
    match (error.status, error.kind) {
        (Some(status), _) => status.to_string(),
        (None, SparkErrorKind::Unreachable) => "unreachable".to_owned(),
        (None, SparkErrorKind::TimedOut) => "timed_out".to_owned(),
        (None, SparkErrorKind::Unreadable) => "unreadable".to_owned(),
        (None, _) => "other".to_owned(),
    }
}

#[async_trait]
impl SparkClient for ObservedClient {
    #[expect(clippy::elidable_lifetime_names, reason = "the port names it")]
    fn authorization_url<'a>(&self, request: &AuthorizationRequest<'a>) -> Url {
        self.client.authorization_url(request)
    }

    async fn exchange_code(
        &self,
        integration: &Integration,
        code: &AuthorizationCode,
        verifier: &CodeVerifier,
    ) -> Result<TokenAnswer, SparkError> {
        let call = self.client.exchange_code(integration, code, verifier);
        self.observe_grant("exchange_code", call).await
    }

    async fn refresh(
        &self,
        integration: &Integration,
        refresh_token: &RefreshToken,
    ) -> Result<TokenAnswer, SparkError> {
        let call = self.client.refresh(integration, refresh_token);
        self.observe_grant("refresh", call).await
    }

    async fn me(&self, access_token: &AccessToken) -> Result<Person, SparkError> {
        self.observe("me", self.client.me(access_token)).await
    }

    async fn revoke(
        &self,
        integration: &ClientId,
        access_token: &AccessToken,
    ) -> Result<Revocation, SparkError> {
        let call = self.client.revoke(integration, access_token);
        self.observe("revoke", call).await
    }

    async fn create_room(
        &self,
        access_token: &AccessToken,
        title: &str,
    ) -> Result<RoomId, SparkError> {
        let call = self.client.create_room(access_token, title);
        self.observe("create_room", call).await
    }

    async fn delete_room(
        &self,
        access_token: &AccessToken,
        room: &RoomId,
    ) -> Result<(), SparkError> {
        let call = self.client.delete_room(access_token, room);
        self.observe("delete_room", call).await
    }

    async fn add_member(
        &self,
        access_token: &AccessToken,
        room: &RoomId,
        email: &EmailAddress,
    ) -> Result<MembershipId, SparkError> {
        let call = self.client.add_member(access_token, room, email);
        self.observe("add_member", call).await
    }

    async fn post_message(
        &self,
        access_token: &AccessToken,
        room: &RoomId,
        text: &str,
    ) -> Result<MessageId, SparkError> {
        let call = self.client.post_message(access_token, room, text);
        self.observe("post_message", call).await
    }

    async fn message_person(
        &self,
        access_token: &AccessToken,
        email: &EmailAddress,
        text: &str,
    ) -> Result<MessageId, SparkError> {
        let call = self.client.message_person(access_token, email, text);
        self.observe("message_person", call).await
    }
}

#[cfg(test)]
mod tests {
    use mockall::predicate::{always, eq};

    use super::*;
    use crate::ports::{MockObserver, MockSparkClient, SystemClock, SystemRandom};
    use crate::testing::scene::{integration, person};

    #[tokio::test]
    async fn every_call_is_told_with_its_code() {
        let mut client = MockSparkClient::new();
        client.expect_me().returning(|_| Ok(person("ann")));
        client.expect_refresh().once().returning(|_, _| {
            Err(SparkError {
                status: Some(429),
                ..SparkError::of(SparkErrorKind::RateLimited { retry_after: None })
            })
        });
        client
            .expect_refresh()
            .returning(|_, _| Err(SparkError::of(SparkErrorKind::TimedOut)));
        let mut watcher = MockObserver::new();
        for (call, code) in [("me", "ok"), ("refresh", "429"), ("refresh", "timed_out")] {
            watcher
                .expect_provider_called()
                .with(eq(call), eq(code), always())
                .once()
                .return_const(());
        }
        let observed = ObservedClient {
            client: Arc::new(client),
            observer: Arc::new(watcher),
            clock: CorrectedClock::new(Arc::new(SystemClock), Arc::new(SystemRandom)),
        };
        observed.me(&AccessToken::new("a")).await.unwrap();
        for _ in 0..2 {
            let refresh_token = RefreshToken::new("r");
            let refused = observed.refresh(&integration(), &refresh_token).await;
            refused.unwrap_err();
        }
    }
}
