//! An application in this process, whose provider is the emulator, with one stored token and
//! an API key.

use std::sync::LazyLock;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::request::Builder;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, Uri, header};
use spark_oauth_core::api_keys::{ApiKeyInput, KeyName, KeyScope, Reach};
use spark_oauth_core::audit::Caller;
use spark_oauth_core::{ClientId, ClientSecret, EmailAddress, Integration, RedirectUri, Scopes};
use spark_oauth_web::config::{Config, Environment};
use spark_oauth_web::launch::{Application, Overrides};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;
use url::Url;
use webex_emulator::{Emulator, EmulatorOptions, Settings};

/// Under which the application says that it is reached.
const PUBLIC: &str = "http://127.0.0.1:3000";
/// Who consented.
pub const PERSON: &str = "alice@example.com";

/// Runs what a target awaits.
pub static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    drop(rustls::crypto::ring::default_provider().install_default());
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
});

/// The application of this process.
pub static APP: LazyLock<App> = LazyLock::new(|| RUNTIME.block_on(App::start()));

/// Awaits what a target does with [`APP`], which must be there before: a runtime does not
/// start another one.
pub fn block_on<F: Future>(future: F) -> F::Output {
    LazyLock::force(&APP);
    RUNTIME.block_on(future)
}

/// An application that is called without a network.
#[derive(Debug)]
pub struct App {
    router: Router,
    key: String,
    // Its journal and key file.
    _folder: tempfile::TempDir,
    _emulator: Emulator,
}

/// A consent that was begun: the cookies of its browser, and its state.
#[derive(Debug)]
pub struct Begun {
    pub cookies: Vec<u8>,
    pub state: String,
    authorize: Url,
}

impl App {
    async fn start() -> Self {
        let settings = Settings {
            auto_approve: Some(PERSON.to_owned()),
            ..Settings::default()
        };
        let options = EmulatorOptions {
            settings,
            ..EmulatorOptions::default()
        };
        let emulator = Emulator::start(options).await.expect("the emulator");
        let folder = tempfile::tempdir().expect("a folder");
        let config = config(folder.path(), emulator.base_url().as_ref());
        let overrides = Overrides {
            provider_timeout: Duration::from_secs(5),
            ..Overrides::default()
        };
        let application = Application::build(&config, overrides).await;
        let application = application.expect("an application");
        let key = make_key(&application).await;
        let app = Self {
            router: application.router(),
            key,
            _folder: folder,
            _emulator: emulator,
        };
        app.consent().await;
        app
    }

    /// Sends a request, and says that the answer is no failure of ours.
    ///
    /// # Panics
    /// Where it is: libFuzzer reports it.
    pub async fn send(&self, request: Request<Body>) -> (StatusCode, HeaderMap, Vec<u8>) {
        let answer = self.router.clone().oneshot(request).await;
        let (head, body) = answer.unwrap_or_else(|never| match never {}).into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a whole body");
        let text = String::from_utf8_lossy(&body);
        assert_ne!(head.status, StatusCode::INTERNAL_SERVER_ERROR, "{text}");
        (head.status, head.headers, body.to_vec())
    }

    /// A request of a browser on the machine itself.
    pub fn request(method: &str, target: &[u8]) -> Option<Builder> {
        let uri = Uri::try_from(target).ok()?;
        let builder = Request::builder().method(method).uri(uri);
        let peer = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
        Some(
            builder
                .extension(axum::extract::ConnectInfo(peer))
                .header(header::HOST, "127.0.0.1:3000"),
        )
    }

    /// A request of a service.
    pub fn api_request(&self, method: &str, target: &[u8]) -> Option<Builder> {
        let bearer = format!("Bearer {}", self.key);
        Some(Self::request(method, target)?.header(header::AUTHORIZATION, bearer))
    }

    /// Begins a consent; `None` while this machine begins too many of them.
    ///
    /// # Panics
    /// Where the server refuses it for another reason.
    pub async fn begin(&self) -> Option<Begun> {
        let request = Self::request("POST", b"/auth/spark")
            .and_then(|request| {
                let request = request.header("sec-fetch-site", "same-origin");
                let form = "application/x-www-form-urlencoded";
                let request = request.header(header::CONTENT_TYPE, form);
                request.body(Body::empty()).ok()
            })
            .expect("a request");
        let (status, headers, body) = self.send(request).await;
        let text = String::from_utf8_lossy(&body);
        if status == StatusCode::TOO_MANY_REQUESTS {
            return None;
        }
        assert!(status.is_redirection(), "{status}: {text}");
        let location = headers[header::LOCATION].to_str().expect("an address");
        let authorize = Url::parse(location).expect("an address");
        let mut pairs = authorize.query_pairs();
        let state = pairs.find(|(name, _)| name == "state").expect("a state");
        Some(Begun {
            cookies: cookies(&headers),
            state: state.1.into_owned(),
            authorize,
        })
    }

    /// Ends it at the provider; answers the query of the callback.
    pub async fn accept(&self, begun: &Begun) -> String {
        let target = &begun.authorize;
        let address = format!("127.0.0.1:{}", target.port().expect("a port"));
        let mut stream = TcpStream::connect(address).await.expect("the emulator");
        let query = target.query().unwrap_or_default();
        let request = format!(
            "GET {}?{query} HTTP/1.1\r\nHost: emulator\r\nConnection: close\r\n\r\n",
            target.path()
        );
        stream.write_all(request.as_bytes()).await.expect("a call");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        let callback = format!("{PUBLIC}/auth/spark/callback?");
        let (_, query) = answer.split_once(&callback).expect("a redirect back");
        query
            .split(['\r', '\n'])
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    async fn consent(&self) {
        let begun = self.begin().await.expect("a first consent");
        let query = self.accept(&begun).await;
        let target = format!("/auth/spark/callback?{query}");
        let request = Self::request("GET", target.as_bytes()).expect("a request");
        let request = request.header(header::COOKIE, begun.cookies);
        let (_, headers, body) = self
            .send(request.body(Body::empty()).expect("a request"))
            .await;
        let text = String::from_utf8_lossy(&body);
        assert_eq!(
            headers.get(header::LOCATION).map(HeaderValue::as_bytes),
            Some(&b"/granted"[..]),
            "{text}"
        );
    }
}

/// The cookies that an answer sets, as the next request sends them.
pub fn cookies(headers: &HeaderMap) -> Vec<u8> {
    let set = headers.get_all(header::SET_COOKIE).iter();
    let pairs = set.filter_map(|cookie| cookie.as_bytes().split(|byte| *byte == b';').next());
    pairs.collect::<Vec<_>>().join(&b"; "[..])
}

/// The bytes with each `word` replaced.
pub fn replaced(bytes: &[u8], word: &[u8], by: &[u8]) -> Vec<u8> {
    let mut rest = bytes;
    let mut found = Vec::new();
    while let Some(place) = rest.windows(word.len()).position(|window| window == word) {
        found.extend_from_slice(&rest[..place]);
        found.extend_from_slice(by);
        rest = &rest[place + word.len()..];
    }
    found.extend_from_slice(rest);
    found
}

/// An integration with this client secret.
pub fn integration(secret: &str) -> Integration {
    Integration {
        client_id: ClientId::new("C0ffee"),
        client_secret: ClientSecret::new(secret),
        redirect_uri: RedirectUri::parse("http://127.0.0.1:3000/auth/spark/callback")
            .expect("an address"),
        scopes: Scopes::parse("spark:people_read").expect("a scope"),
        requester: EmailAddress::parse("requester@example.com").expect("an address"),
    }
}

async fn make_key(application: &Application) -> String {
    let input = ApiKeyInput {
        name: KeyName::parse("fuzz").expect("a name"),
        scopes: vec![
            KeyScope::TokensRead,
            KeyScope::TokensUse,
            KeyScope::ConsentsRequest,
        ],
        reach: Reach::everybody(),
        requests_per_minute: None,
        expires_at: None,
    };
    let keys = &application.services().api_keys;
    let created = keys.create(input, "fuzz", &Caller::operator()).await;
    created.expect("a key").secret.expose_secret().to_owned()
}

fn config(folder: &std::path::Path, provider: &str) -> Config {
    let text = serde_json::json!({
        "server": { "host": "127.0.0.1", "port": 0 },
        "oauth": {
            "clientID": "C0ffee",
            "clientSecret": "client-secret",
            "redirectURIUnencoded": format!("{PUBLIC}/auth/spark/callback"),
            "scope": "spark:people_read spark:rooms_read",
            "contactEmail": "requester@example.com",
        },
        "provider": { "apiBase": provider },
        "store": "sqlite::memory:",
        "keyFile": folder.join("spark-oauth.keys"),
        "refresh": { "journalDirectory": folder.join("journal") },
        "log": { "directory": "off" },
        "superAdminAccount": { "username": "admin" },
        "consentLinks": { "returnTo": ["https://app.example.com"] },
    });
    let environment: Environment = std::iter::empty::<(String, String)>().collect();
    let read = Config::from_json("config.json", &text.to_string(), &environment);
    read.expect("a configuration").0
}
