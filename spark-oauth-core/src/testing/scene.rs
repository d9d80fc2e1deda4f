//! All services on stores in memory, a provider by script, and a clock that a test
//! moves: what the scenario tests of this crate begin with.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::admins::{HashingLimits, SuperAdminSettings, Username};
use crate::application::{SparkOauth, SparkOauthBuilder};
use crate::audit::{AuditAction, Caller, Origin, Outcome};
use crate::broker::{Refreshed, TokenError};
use crate::email::EmailAddress;
use crate::ids::{ProcessId, TokenId};
use crate::integration::{ClientId, Integration, RedirectUri};
use crate::keyring::{KeyRing, SealingKey};
use crate::person::{Person, PersonId};
use crate::ports::{ManualClock, Random, SeededRandom, TokenAnswer};
use crate::scopes::Scopes;
use crate::secret::{AccessToken, ClientSecret, RefreshToken};
use crate::testing::{MemoryStores, ScriptedClient};
use crate::timestamp::Timestamp;
use crate::token::{FIRST_VERSION, Profile, RefreshTrigger, Status, Token, Upkeep};

/// When a scene begins.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_764_000_000_000);
pub(crate) const MINUTE: Duration = Duration::from_mins(1);
pub(crate) const HOUR: Duration = Duration::from_hours(1);

/// One process.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) stores: MemoryStores,
    pub(crate) client: ScriptedClient,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) oauth: SparkOauth,
    pub(crate) ring: KeyRing,
    random: Arc<SeededRandom>,
}

/// A scene with the defaults of the product, but cheap password hashes.
pub(crate) async fn scene() -> Scene {
    scene_with(|builder| builder).await
}

/// A scene that is built in another way.
pub(crate) async fn scene_with(
    configure: impl FnOnce(SparkOauthBuilder) -> SparkOauthBuilder,
) -> Scene {
    let clock = Arc::new(ManualClock::at(NOW));
    process(MemoryStores::new(), clock, 1, configure).await
}

async fn process(
    stores: MemoryStores,
    clock: Arc<ManualClock>,
    number: u64,
    configure: impl FnOnce(SparkOauthBuilder) -> SparkOauthBuilder,
) -> Scene {
    let random = Arc::new(SeededRandom::new(number << 32));
    let key = SealingKey::generate(&SeededRandom::new(99));
    let ring = KeyRing::new(key, random.clone());
    let client = ScriptedClient::new();
    let builder = SparkOauth::builder(
        integration(),
        Arc::new(client.clone()),
        stores.stores(),
        ring.clone(),
    )
    .clock(clock.clone())
    .random(random.clone())
    .hashing(HashingLimits {
        cost: 5,
        ..HashingLimits::default()
    })
    .super_admin(SuperAdminSettings {
        username: Username::parse("Root").unwrap(),
        password: None,
        email: Some(email("root@example.com")),
    });
    Scene {
        oauth: configure(builder).build().await.unwrap(),
        stores,
        client,
        clock,
        ring,
        random,
    }
}

impl Scene {
    /// Another process on the same store, with the same keys and clock.
    pub(crate) async fn another_process(&self) -> Self {
        self.process_with(2, |builder| builder).await
    }

    /// A process with a number of its own on the same records, whose connection to
    /// the store has its own faults.
    pub(crate) async fn process_with(
        &self,
        number: u64,
        configure: impl FnOnce(SparkOauthBuilder) -> SparkOauthBuilder,
    ) -> Self {
        self.process_with_faults(number, |_| {}, configure).await
    }

    /// The same, where the store fails from the start.
    pub(crate) async fn process_with_faults(
        &self,
        number: u64,
        plan: impl FnOnce(&MemoryStores),
        configure: impl FnOnce(SparkOauthBuilder) -> SparkOauthBuilder,
    ) -> Self {
        let stores = self.stores.another_connection();
        plan(&stores);
        process(stores, self.clock.clone(), number, configure).await
    }

    /// A stored token of Ann's that lives an hour, `old-access` with `old-refresh`.
    pub(crate) fn stored_token(&self) -> Token {
        let token = self.token_of("ann", "spark:rooms_read");
        self.stores.put_token(token.clone());
        token
    }

    /// A token that is not stored.
    pub(crate) fn token_of(&self, name: &str, scopes: &str) -> Token {
        let id = TokenId::generate(NOW, &*self.random);
        let person = person(name);
        Token {
            id,
            integration: integration().client_id,
            person: Some(person.id),
            email: person.email,
            profile: Profile {
                email_confirmed_at: Some(NOW),
                ..Profile::default()
            },
            display_name: person.display_name,
            scopes: Scopes::parse(scopes).unwrap(),
            consented_scopes: Scopes::parse(scopes).unwrap(),
            status: Status::Active,
            access: self.ring.seal_access(id, &AccessToken::new("old-access")),
            access_expires_at: NOW + HOUR,
            refresh: Some(
                self.ring
                    .seal_refresh(id, &RefreshToken::new("old-refresh")),
            ),
            refresh_expires_at: Some(NOW + 24 * HOUR),
            obtained_at: NOW - HOUR,
            clock: None,
            granted_at: NOW - HOUR,
            last_refresh: None,
            last_failure: None,
            generation: 1,
            version: FIRST_VERSION,
            lease: None,
            attempt: None,
            upkeep: Upkeep::default(),
        }
    }

    /// The record as it stands.
    pub(crate) fn token(&self, id: TokenId) -> Token {
        let found = self
            .stores
            .tokens()
            .into_iter()
            .find(|token| token.id == id);
        found.expect("the token stands")
    }

    /// The texts of the access and the refresh token in the record.
    pub(crate) fn opened(&self, id: TokenId) -> (String, Option<String>) {
        let token = self.token(id);
        let access = self.ring.open_access(id, &token.access).unwrap();
        let refresh = token
            .refresh
            .map(|sealed| self.ring.open_refresh(id, &sealed).unwrap());
        (
            access.expose_secret().to_owned(),
            refresh.map(|refresh| refresh.expose_secret().to_owned()),
        )
    }

    /// What the audit log tells of an action, the oldest entry first.
    pub(crate) fn outcomes(&self, action: AuditAction) -> Vec<Outcome> {
        let entries = self.stores.audit_entries().into_iter();
        entries
            .filter(|entry| entry.action == action)
            .map(|entry| entry.outcome)
            .collect()
    }

    /// The name of a process that is not this one.
    pub(crate) fn stranger(&self) -> ProcessId {
        ProcessId::generate(NOW, &*self.random)
    }

    pub(crate) fn random(&self) -> &dyn Random {
        &*self.random
    }
}

pub(crate) fn integration() -> Integration {
    Integration {
        client_id: ClientId::new("C0ffee"),
        client_secret: ClientSecret::new("the-client-secret"),
        redirect_uri: RedirectUri::parse("http://127.0.0.1:3000/auth/spark/callback").unwrap(),
        scopes: Scopes::parse("spark:rooms_read spark:people_read").unwrap(),
        requester: email("owner@example.com"),
    }
}

pub(crate) fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

pub(crate) fn person(name: &str) -> Person {
    Person {
        id: PersonId::new(format!("person-{name}")),
        email: email(&format!("{name}@example.com")),
        display_name: Some(name.to_owned()),
    }
}

/// An answer of the token endpoint: the access token lives two hours.
pub(crate) fn answer(access: &str, refresh: Option<&str>) -> TokenAnswer {
    TokenAnswer {
        access_token: AccessToken::new(access),
        expires_in: Some(2 * HOUR),
        refresh_token: refresh.map(RefreshToken::new),
        refresh_token_expires_in: refresh.map(|_| 48 * HOUR),
        scopes: None,
        provider_time: None,
    }
}

pub(crate) fn caller() -> Caller {
    Caller::service("a-test")
}

/// A refresh that an admin asks for.
pub(crate) async fn refresh(scene: &Scene, id: TokenId) -> Result<Refreshed, TokenError> {
    let trigger = RefreshTrigger::Admin;
    scene.oauth.broker.refresh(id, trigger, &caller()).await
}

/// The same, beside what the test does meanwhile.
pub(crate) fn spawn_refresh(
    scene: &Arc<Scene>,
    id: TokenId,
) -> JoinHandle<Result<Refreshed, TokenError>> {
    let scene = scene.clone();
    tokio::spawn(async move { refresh(&scene, id).await })
}

pub(crate) fn origin(last: u8) -> Origin {
    Origin {
        address: Some([192, 0, 2, last].into()),
        request_id: None,
    }
}

/// Lets every task go as far as it can.
pub(crate) async fn settle_down() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}
