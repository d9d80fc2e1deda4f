//! The service as its clients see it: over HTTP, with an emulator in place of Webex.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::net::SocketAddr;
use std::time::Duration;

use embed::{Assembled, CALLBACK_PATH, Settings, router};
use reqwest::{Client, Response, StatusCode, redirect};
use serde_json::{Value, json};
use spark_oauth_core::ClientSecret;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use webex_emulator::{Emulator, EmulatorOptions, Settings as Behaviour};

struct Service {
    emulator: Emulator,
    base: String,
    browser: Client,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Service {
    /// The service, with an emulator on which Alice accepts at once.
    async fn start() -> Self {
        let settings = Behaviour {
            auto_approve: Some("alice@example.com".to_owned()),
            ..Behaviour::default()
        };
        let options = EmulatorOptions {
            settings,
            ..EmulatorOptions::default()
        };
        let emulator = Emulator::start(options).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let assembled = Assembled::new(settings_for(&emulator, &base))
            .await
            .unwrap();
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(async move {
            let service = router(&assembled).into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, service)
                .with_graceful_shutdown(async {
                    let _ = stopped.await;
                })
                .await
                .unwrap();
            assembled.close().await;
        });
        Self {
            emulator,
            base,
            browser: browser(),
            stop,
            server,
        }
    }

    async fn get(&self, path: &str) -> Response {
        self.browser
            .get(format!("{}{path}", self.base))
            .send()
            .await
            .unwrap()
    }

    /// Follows the redirects of a consent, one by one, up to the service's answer.
    async fn connect(&self) -> Value {
        let mut response = self.get("/connect").await;
        let api = self.emulator.base_url();
        for start in [api, format!("{}{CALLBACK_PATH}?", self.base)] {
            assert!(response.status().is_redirection(), "{}", response.status());
            let next = response.headers()["location"].to_str().unwrap().to_owned();
            assert!(next.starts_with(&start), "{next}");
            response = self.browser.get(next).send().await.unwrap();
        }
        assert_eq!(response.status(), StatusCode::OK);
        json_of(response).await
    }

    async fn end(self) {
        self.stop.send(()).unwrap();
        drop(self.browser);
        self.server.await.unwrap();
        self.emulator.shutdown().await;
    }
}

fn settings_for(emulator: &Emulator, base: &str) -> Settings {
    Settings {
        provider: emulator.base_url().parse().unwrap(),
        client_id: "C1".to_owned(),
        client_secret: ClientSecret::new("sesame"),
        redirect_uri: format!("{base}{CALLBACK_PATH}"),
        contact: "dana@example.com".to_owned(),
        database: None,
        keys: None,
    }
}

/// Keeps cookies and follows no redirect by itself.
fn browser() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .cookie_store(true)
        .redirect(redirect::Policy::none())
        .build()
        .unwrap()
}

async fn json_of(response: Response) -> Value {
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

#[tokio::test]
async fn a_person_connects_once_and_the_service_acts_in_her_name() {
    let service = Service::start().await;
    let connected = service.connect().await;
    assert_eq!(connected["email"], "alice@example.com");
    assert_eq!(connected["scopes"], "spark:people_read spark:rooms_write");

    let person = json_of(service.get("/people/Alice@Example.com").await).await;
    assert_eq!(person["name"], "Alice Anderson");
    assert!(person["token_good_for"].as_u64().unwrap() > 3600);

    let url = format!("{}/people/alice@example.com/rooms", service.base);
    let body = json!({ "title": "Stand-up" }).to_string();
    let request = service
        .browser
        .post(url)
        .header("content-type", "application/json")
        .body(body);
    let room = json_of(request.send().await.unwrap()).await;
    let rooms = service.emulator.provider().rooms();
    assert_eq!(rooms[0].room.title, "Stand-up");
    assert_eq!(room["id"].as_str().unwrap(), rooms[0].room.id);
    service.end().await;
}

#[tokio::test]
async fn what_a_person_withdrew_shows_at_the_call_that_uses_the_token() {
    let service = Service::start().await;
    service.connect().await;
    service.emulator.provider().revoke("alice@example.com");
    let refused = service.get("/people/alice@example.com").await;
    assert_eq!(refused.status(), StatusCode::BAD_GATEWAY);
    let text = json_of(refused).await["error"].as_str().unwrap().to_owned();
    assert!(text.contains("refuses the access token"), "{text}");
    service.end().await;
}

#[tokio::test]
async fn who_never_connected_is_told_where_to() {
    let service = Service::start().await;
    let response = service.get("/people/bob@example.com").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    let answer = json_of(response).await;
    assert_eq!(answer["connect"], "/connect");
    assert_eq!(answer["error"], "this person never connected");
    service.end().await;
}

#[tokio::test]
async fn a_callback_that_nobody_asked_for_asks_the_provider_nothing() {
    let service = Service::start().await;
    for query in ["", "?state=made-up&code=c", "?error=access_denied"] {
        let response = service.get(&format!("{CALLBACK_PATH}{query}")).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{query}");
    }
    assert_eq!(service.emulator.provider().stats().code_exchanges, 0);
    assert!(service.emulator.provider().stats().calls.is_empty());
    service.end().await;
}

#[tokio::test]
async fn a_database_file_needs_keys_that_are_kept() {
    let emulator = Emulator::start(EmulatorOptions::default()).await.unwrap();
    let settings = Settings {
        database: Some("never-made.db".into()),
        ..settings_for(&emulator, "http://127.0.0.1:4000")
    };
    let refused = Assembled::new(settings).await.unwrap_err();
    assert!(refused.to_string().contains("needs keys"), "{refused}");
    assert!(!std::path::Path::new("never-made.db").exists());
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_token_is_refreshed_before_it_ends_and_nobody_asks() {
    let service = Service::start().await;
    let provider = service.emulator.provider();
    provider.update_settings(|settings| settings.access_ttl_s = 4);
    service.connect().await;
    let refreshed = async {
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        while provider.stats().refreshes == 0 {
            looks.tick().await;
        }
    };
    let refreshed = tokio::time::timeout(Duration::from_secs(30), refreshed).await;
    refreshed.unwrap();
    service.end().await;
}
