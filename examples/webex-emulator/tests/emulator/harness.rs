//! A running emulator and a client that behaves like an integration and a browser.

use std::collections::HashMap;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::Value;
use url::Url;
use webex_emulator::{Emulator, EmulatorOptions, Provider, Settings};

pub(crate) const CLIENT_ID: &str =
    "C80fb9c7096bd8474627317ee1d7a817eff372ca9c9cee3ce43c3ea3e8d1511ec";
pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1:3000/auth/spark/callback";
/// The pair of RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const ALICE: &str = "alice@example.com";
pub(crate) const BOB: &str = "bob@example.com";
pub(crate) const ALL: &str = "spark:all";

/// Parameters that replace those of a right request; an empty value takes one away.
pub(crate) type Changes<'a> = &'a [(&'a str, &'a str)];

pub(crate) struct Harness {
    pub(crate) emulator: Emulator,
    pub(crate) http: Client,
}

/// An answer that was read.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) tracking_id: String,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) async fn of(response: Response) -> Self {
        let status = response.status();
        let tracking_id = response.headers()["trackingid"]
            .to_str()
            .unwrap()
            .to_owned();
        let text = response.text().await.unwrap();
        let body = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap()
        };
        Self {
            status,
            tracking_id,
            body,
        }
    }

    pub(crate) fn text(&self, field: &str) -> &str {
        self.body[field]
            .as_str()
            .unwrap_or_else(|| panic!("no {field} in {self:?}"))
    }

    /// That this is an error in the REST API's shape with this text.
    pub(crate) fn assert_webex_error(&self, status: u16, message: &str) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert!(self.text("message").contains(message), "{self:?}");
        assert_eq!(self.body["errors"][0]["description"], self.body["message"]);
        assert_eq!(self.text("trackingId"), self.tracking_id);
    }

    /// That this is an error in the identity broker's shape.
    pub(crate) fn assert_broker_error(&self, status: u16, error: &str, description: &str) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.text("error"), error);
        assert!(
            self.text("error_description").contains(description),
            "{self:?}"
        );
        assert_eq!(self.text("trackingID"), self.tracking_id);
    }
}

/// The tokens of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Harness {
    pub(crate) async fn start() -> Self {
        Self::start_with(EmulatorOptions::default()).await
    }

    pub(crate) async fn with_settings(settings: Settings) -> Self {
        Self::start_with(EmulatorOptions {
            settings,
            ..EmulatorOptions::default()
        })
        .await
    }

    pub(crate) async fn start_with(options: EmulatorOptions) -> Self {
        // Another test of this process may have installed it before.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = Client::builder()
            .redirect(Policy::none())
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        Self {
            emulator: Emulator::start(options).await.unwrap(),
            http,
        }
    }

    pub(crate) fn provider(&self) -> &Provider {
        self.emulator.provider()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.emulator.base_url())
    }

    pub(crate) fn control(&self, path: &str) -> String {
        format!("{}{path}", self.emulator.control_url())
    }

    /// A REST call.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<Value>,
    ) -> Reply {
        let mut request = self.http.request(method, self.url(path)).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        Reply::of(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Reply {
        self.call(Method::GET, path, token, None).await
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: Value) -> Reply {
        self.call(Method::POST, path, token, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str, token: &str) -> Reply {
        self.call(Method::DELETE, path, token, None).await
    }

    /// What the browser gets from the authorize page.
    pub(crate) async fn authorize(&self, changes: Changes<'_>) -> Response {
        let parameters = changed(&authorization_request(), changes);
        self.http
            .get(self.url("/authorize"))
            .query(&parameters)
            .send()
            .await
            .unwrap()
    }

    /// What the browser gets when the person has pressed a button on it.
    pub(crate) async fn press(&self, button: &str, person: &str, changes: Changes<'_>) -> Response {
        let mut form = authorization_request();
        form.extend([("decision", button), ("person", person)]);
        let form = changed(&form, changes);
        self.http
            .post(self.url("/authorize"))
            .form(&form)
            .send()
            .await
            .unwrap()
    }

    /// A code, as the redirect URI gets it.
    pub(crate) async fn code(&self, person: &str, scope: &str) -> String {
        let response = self.press("accept", person, &[("scope", scope)]).await;
        redirect_parameters(&response).remove("code").unwrap()
    }

    pub(crate) async fn exchange(&self, code: &str, changes: Changes<'_>) -> Reply {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", CLIENT_ID),
            ("client_secret", "secret"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ];
        self.post_form("/access_token", &changed(&form, changes))
            .await
    }

    pub(crate) async fn refresh(&self, token: &str, changes: Changes<'_>) -> Reply {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", CLIENT_ID),
            ("client_secret", "secret"),
            ("refresh_token", token),
        ];
        self.post_form("/access_token", &changed(&form, changes))
            .await
    }

    pub(crate) async fn post_form(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        Reply::of(
            self.http
                .post(self.url(path))
                .form(form)
                .send()
                .await
                .unwrap(),
        )
        .await
    }

    /// Tokens by the whole way through page and exchange.
    pub(crate) async fn tokens(&self, person: &str, scope: &str) -> Tokens {
        let code = self.code(person, scope).await;
        let reply = self.exchange(&code, &[]).await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        Tokens {
            access: reply.text("access_token").to_owned(),
            refresh: reply.text("refresh_token").to_owned(),
        }
    }
}

fn authorization_request() -> Vec<(&'static str, &'static str)> {
    vec![
        ("response_type", "code"),
        ("client_id", CLIENT_ID),
        ("redirect_uri", REDIRECT_URI),
        ("scope", ALL),
        ("state", "a state & more"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
}

fn changed<'a>(parameters: &[(&'a str, &'a str)], changes: Changes<'a>) -> Vec<(&'a str, &'a str)> {
    let kept = parameters
        .iter()
        .filter(|(name, _)| !changes.iter().any(|(new, _)| new == name));
    kept.chain(changes.iter().filter(|(_, value)| !value.is_empty()))
        .copied()
        .collect()
}

/// The parameters with which a browser is sent to the redirect URI.
pub(crate) fn redirect_parameters(response: &Response) -> HashMap<String, String> {
    assert!(response.status().is_redirection(), "{response:?}");
    let location = response.headers()["location"].to_str().unwrap();
    assert!(location.starts_with(REDIRECT_URI), "{location}");
    Url::parse(location)
        .unwrap()
        .query_pairs()
        .into_owned()
        .collect()
}
