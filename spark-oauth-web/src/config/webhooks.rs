//! Section `webhooks`: who is told of events over HTTP.

use spark_oauth_core::event::EventType;
use spark_oauth_core::http_client::is_loopback;
use url::{Position, Url};

use super::reader::Reader;
use super::schema::Setting;
use crate::webhooks::WebhookSecrets;

// The address may hold a secret in its path or query, as those of chat services do.
const URL: Setting = Setting::secret("webhooks.url");
const SECRET: Setting = Setting::secret("webhooks.secret");
const EVENTS: Setting = Setting::plain("webhooks.events");
const ALLOW_HTTP: Setting = Setting::plain("webhooks.allowHttp");

pub(super) const SETTINGS: &[Setting] = &[URL, SECRET, EVENTS, ALLOW_HTTP];

/// Section `webhooks`.
#[derive(Clone)]
pub struct WebhookConfig {
    /// Where events are posted to. Its path may be a secret.
    pub url: Url,
    /// What they are signed with.
    pub secrets: WebhookSecrets,
    /// Which of them.
    pub events: Vec<EventType>,
}

impl std::fmt::Debug for WebhookConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookConfig")
            .field(
                "url",
                &&self.url[Position::BeforeScheme..Position::BeforePath],
            )
            .field("secrets", &self.secrets)
            .field("events", &self.events)
            .finish()
    }
}

/// Why a text cannot be the address of a receiver.
#[derive(Debug, thiserror::Error)]
enum InvalidWebhookUrl {
    #[error("not an absolute URL ({0})")]
    Malformed(#[from] url::ParseError),
    #[error("the scheme must be https")]
    Scheme,
    #[error("http would send e-mail addresses in the clear, unless to this machine itself")]
    Plain,
    #[error("it holds a fragment or credentials")]
    Surplus,
}

/// `None` where nobody is told, and where something is wrong.
pub(super) fn read(reader: &mut Reader) -> Option<WebhookConfig> {
    let allow_http = reader.boolean(ALLOW_HTTP).unwrap_or_default();
    let url = reader.parsed(
        URL,
        "give one like https://example.com/hooks, or set `webhooks.allowHttp` to true where a \
         trusted network lies between",
        |text| parse(text, allow_http),
    );
    let secrets = reader.parsed(
        SECRET,
        "give whsec_ and 24 to 64 random bytes in base64: echo \"whsec_$(openssl rand -base64 32)\"",
        WebhookSecrets::parse,
    );
    let events = events(reader);
    if SETTINGS.iter().any(|&setting| reader.is_given(setting)) {
        reader.require(URL, "the address that events are posted to");
        reader.require(SECRET, "the secret that signs them");
    }
    if allow_http && url.as_ref().is_some_and(|url| url.scheme() == "http") {
        let text = "events, with people's e-mail addresses, go to the receiver unencrypted";
        reader.warn(ALLOW_HTTP, text);
    }
    Some(WebhookConfig {
        url: url?,
        secrets: secrets?,
        events,
    })
}

fn events(reader: &mut Reader) -> Vec<EventType> {
    let Some(names) = reader.list(EVENTS) else {
        return EventType::ALL.into();
    };
    if names.is_empty() {
        let advice = "name events, or remove it to get all";
        reader.wrong(EVENTS, "names no event", advice);
    }
    let mut events = Vec::new();
    for name in names {
        match name.parse() {
            Ok(event) => events.push(event),
            Err(unknown) => reader.wrong(EVENTS, format!("{name:?}"), format!("{unknown}")),
        }
    }
    events
}

fn parse(text: &str, allow_http: bool) -> Result<Url, InvalidWebhookUrl> {
    let url = Url::parse(text)?;
    let credentials = !url.username().is_empty() || url.password().is_some();
    if !matches!(url.scheme(), "http" | "https") {
        Err(InvalidWebhookUrl::Scheme)
    } else if url.scheme() == "http" && !allow_http && !is_loopback(&url) {
        Err(InvalidWebhookUrl::Plain)
    } else if url.fragment().is_some() || credentials {
        Err(InvalidWebhookUrl::Surplus)
    } else {
        Ok(url)
    }
}
