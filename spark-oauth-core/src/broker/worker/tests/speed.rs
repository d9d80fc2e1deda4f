//! The places of the worker are never empty while there is work.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use url::Url;

use super::*;
use crate::consent::CodeVerifier;
use crate::email::EmailAddress;
use crate::integration::{ClientId, Integration};
use crate::person::Person;
use crate::ports::{
    AuthorizationRequest, MembershipId, MessageId, Revocation, RoomId, SeededRandom, SparkClient,
    SparkError,
};
use crate::secret::{AccessToken, AuthorizationCode, RefreshToken};
use crate::testing::ScriptedClient;
use crate::testing::scene::integration;

const LATENCY: Duration = Duration::from_millis(50);

/// A provider that takes its time for every refresh, and counts those at once.
#[derive(Debug, Default)]
struct SlowProvider {
    at_once: AtomicUsize,
    most: AtomicUsize,
    others: ScriptedClient,
}

#[async_trait]
impl SparkClient for SlowProvider {
    async fn refresh(&self, _: &Integration, _: &RefreshToken) -> Result<TokenAnswer, SparkError> {
        let at_once = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(at_once, Ordering::SeqCst);
        tokio::time::sleep(LATENCY).await;
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        Ok(answer("new-access", Some("new-refresh")))
    }

    #[expect(clippy::elidable_lifetime_names, reason = "as in the port")]
    fn authorization_url<'a>(&self, request: &AuthorizationRequest<'a>) -> Url {
        self.others.authorization_url(request)
    }

    async fn exchange_code(
        &self,
        integration: &Integration,
        code: &AuthorizationCode,
        verifier: &CodeVerifier,
    ) -> Result<TokenAnswer, SparkError> {
        self.others.exchange_code(integration, code, verifier).await
    }

    async fn me(&self, access_token: &AccessToken) -> Result<Person, SparkError> {
        self.others.me(access_token).await
    }

    async fn revoke(
        &self,
        integration: &ClientId,
        access_token: &AccessToken,
    ) -> Result<Revocation, SparkError> {
        self.others.revoke(integration, access_token).await
    }

    async fn create_room(&self, token: &AccessToken, title: &str) -> Result<RoomId, SparkError> {
        self.others.create_room(token, title).await
    }

    async fn delete_room(&self, token: &AccessToken, room: &RoomId) -> Result<(), SparkError> {
        self.others.delete_room(token, room).await
    }

    async fn add_member(
        &self,
        token: &AccessToken,
        room: &RoomId,
        email: &EmailAddress,
    ) -> Result<MembershipId, SparkError> {
        self.others.add_member(token, room, email).await
    }

    async fn post_message(
        &self,
        token: &AccessToken,
        room: &RoomId,
        text: &str,
    ) -> Result<MessageId, SparkError> {
        self.others.post_message(token, room, text).await
    }

    async fn message_person(
        &self,
        token: &AccessToken,
        email: &EmailAddress,
        text: &str,
    ) -> Result<MessageId, SparkError> {
        self.others.message_person(token, email, text).await
    }
}

#[tokio::test(start_paused = true)]
async fn every_place_is_used_and_none_twice() {
    const TOKENS: u32 = 960;
    const CONCURRENCY: u32 = 64;
    let provider = Arc::new(SlowProvider::default());
    let scene = scene().await;
    let stores = scene.stores.stores();
    let oauth = SparkOauth::builder(integration(), provider.clone(), stores, scene.ring.clone())
        .clock(scene.clock.clone())
        .random(Arc::new(SeededRandom::new(3)))
        .build()
        .await
        .unwrap();
    let tokens = due_many(&scene, TOKENS as usize);
    let begun = Instant::now();
    let worker = Running::of(&oauth, CONCURRENCY as usize);
    while !tokens.iter().all(|token| is_refreshed(&scene, token)) {
        tokio::time::sleep(LATENCY / 10).await;
    }
    let took = begun.elapsed();
    worker.end().await;
    assert_eq!(provider.most.load(Ordering::SeqCst), CONCURRENCY as usize);
    // The first look comes within the time between two.
    let ideal = LATENCY * TOKENS / CONCURRENCY + Duration::from_millis(100);
    assert!(took < ideal.mul_f64(1.15), "{took:?} instead of {ideal:?}");
}
