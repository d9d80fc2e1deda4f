//! The service from outside: spark-oauth and an emulator of Webex run beside it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::num::NonZeroU32;

use api_client::{Messenger, SendError};
use reqwest::{StatusCode, redirect};
use serde_json::{Value, json};
use spark_oauth_core::api_keys::{ApiKeyInput, KeyName, KeyScope, Reach};
use spark_oauth_core::audit::{Actor, Caller, Origin};
use spark_oauth_core::client::TokenClient;
use spark_oauth_core::http_client::{self, Proxies};
use spark_oauth_core::{ApiKeySecret, EmailAddress};
use spark_oauth_web::config::{Config, Environment};
use spark_oauth_web::launch::{Application, Listening, Overrides, Running};
use tempfile::TempDir;
use tokio::net::TcpListener;
use webex_emulator::{Emulator, EmulatorOptions, Settings};

const ALICE: &str = "alice@example.com";
const BOB: &str = "bob@example.com";

/// spark-oauth, Webex, and a person who consented.
struct Scene {
    emulator: Emulator,
    running: Running,
    config: Config,
    _folder: TempDir,
}

impl Scene {
    async fn start() -> Self {
        let options = EmulatorOptions {
            settings: Settings {
                auto_approve: Some(ALICE.to_owned()),
                ..Settings::default()
            },
            ..EmulatorOptions::default()
        };
        let emulator = Emulator::start(options).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let port = listener.local_addr().unwrap().port();
        let config = configuration(&folder, port, &emulator.base_url());
        let listening = Listening::on(listener);
        let running = Running::start(&config, listening, Overrides::default());
        let scene = Self {
            emulator,
            running: running.await.unwrap(),
            config,
            _folder: folder,
        };
        scene.consent().await;
        scene
    }

    fn base(&self) -> String {
        format!("http://{}", self.running.address)
    }

    /// Alice clicks "Grant access"; the emulator accepts at once.
    async fn consent(&self) {
        let browser = http_client::builder(&Proxies::none())
            .unwrap()
            .cookie_store(true)
            .redirect(redirect::Policy::limited(10))
            .build()
            .unwrap();
        let begin = format!("{}/auth/spark", self.base());
        let receipt = browser.post(begin).send().await.unwrap();
        assert_eq!(receipt.status(), StatusCode::OK);
        assert_eq!(receipt.url().path(), "/granted");
    }

    /// A key for Alice's tokens, as `spark-oauth-web api-key create` makes it.
    async fn key(&self) -> ApiKeySecret {
        let application = Application::build(&self.config, Overrides::default());
        let application = application.await.unwrap();
        let input = ApiKeyInput {
            name: KeyName::parse("messenger").unwrap(),
            scopes: vec![KeyScope::TokensUse],
            reach: Reach::of([EmailAddress::parse(ALICE).unwrap()], []),
            requests_per_minute: NonZeroU32::new(600),
            expires_at: None,
        };
        let operator = Caller {
            actor: Actor::Operator,
            origin: Origin::default(),
        };
        let keys = &application.services().api_keys;
        let created = keys.create(input, "operator", &operator).await.unwrap();
        application.close().await;
        created.secret
    }

    fn messenger(&self, key: &ApiKeySecret) -> Messenger {
        let tokens = TokenClient::new(self.base().parse().unwrap(), key).unwrap();
        Messenger::new(tokens, &self.emulator.base_url().parse().unwrap()).unwrap()
    }

    async fn control(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> Value {
        let root = self.emulator.base_url();
        let url = format!("{}{path}", root.trim_end_matches("/v1"));
        let client = http_client::builder(&Proxies::none())
            .unwrap()
            .build()
            .unwrap();
        let mut request = client.request(method, url);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let text = request.send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    async fn end(self) {
        self.running.shut_down().await;
        self.emulator.shutdown().await;
    }
}

fn configuration(folder: &TempDir, port: u16, provider: &str) -> Config {
    let file = |name: &str| folder.path().join(name).display().to_string();
    let document = json!({
        "server": { "host": "127.0.0.1", "port": port },
        "oauth": {
            "clientID": "C0ffee",
            "clientSecret": "a-secret",
            "contactEmail": "requester@example.org",
            "redirectURIUnencoded": format!("http://127.0.0.1:{port}/auth/spark/callback"),
            "scope": "spark:people_read spark:messages_write",
        },
        "provider": { "apiBase": provider },
        "store": format!("sqlite:{}", file("spark-oauth.db")),
        "keyFile": file("spark-oauth.keys"),
        "refresh": { "journalDirectory": file("journal") },
    });
    let text = document.to_string();
    let read = Config::from_json("the test", &text, &Environment::default());
    read.map(|(config, _)| config).unwrap()
}

fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

#[tokio::test]
async fn a_message_is_sent_in_the_name_of_the_person_who_consented() {
    let scene = Scene::start().await;
    let messenger = scene.messenger(&scene.key().await);
    let (alice, bob) = (email(ALICE), email(BOB));
    for text in ["first", "second"] {
        let sent = messenger.send(&alice, &bob, text).await.unwrap();
        assert_eq!(sent.by, alice);
    }
    let rooms = scene
        .control(reqwest::Method::GET, "/_emulator/rooms", None)
        .await;
    let rooms = rooms.to_string();
    assert!(
        rooms.contains("first") && rooms.contains("second"),
        "{rooms}"
    );
    scene.end().await;
}

#[tokio::test]
async fn a_person_who_withdrew_is_asked_to_consent_again() {
    let scene = Scene::start().await;
    let messenger = scene.messenger(&scene.key().await);
    let (alice, bob) = (email(ALICE), email(BOB));
    messenger.send(&alice, &bob, "first").await.unwrap();
    let withdrew = Some(json!({ "email": ALICE }));
    scene
        .control(reqwest::Method::POST, "/_emulator/revoke", withdrew)
        .await;
    // Webex refuses the token that is kept; spark-oauth has not noticed yet, and hands
    // the same one out.
    let refused = messenger.send(&alice, &bob, "second").await.unwrap_err();
    assert!(
        matches!(refused, SendError::Refused { status: 401, .. }),
        "{refused}"
    );
    scene.end().await;
}

#[tokio::test]
async fn a_key_that_is_not_known_is_told_what_to_do() {
    let scene = Scene::start().await;
    let stranger =
        spark_oauth_core::api_keys::KeyText::generate(&spark_oauth_core::ports::SystemRandom);
    let messenger = scene.messenger(stranger.secret());
    let refused = messenger.send(&email(ALICE), &email(BOB), "first").await;
    let error = refused.unwrap_err();
    assert!(matches!(&error, SendError::Token(error) if error.refusal().unwrap().status == 401));
    assert!(error.advice().contains("api-key create"), "{error:?}");
    let nobody = scene.messenger(&scene.key().await);
    let refused = nobody.send(&email(BOB), &email(ALICE), "first").await;
    assert!(
        matches!(refused, Err(SendError::Token(error)) if error.refusal().unwrap().status == 403)
    );
    scene.end().await;
}
