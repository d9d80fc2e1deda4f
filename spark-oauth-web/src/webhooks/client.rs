//! Sends webhooks.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Response};
use spark_oauth_core::event::Event;
use spark_oauth_core::http_client::{self, Proxies};
use spark_oauth_core::ports::{Clock, Delivery, DeliveryError};
use url::{Position, Url};

use super::WebhookSecrets;
use super::answer::judge;
use super::payload::payload;

/// The longest time for one webhook. A receiver that works longer should take the
/// event first and work then.
const LIMIT: Duration = Duration::from_secs(15);
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// How much of an answer is read, so that its connection can be used again.
const MAX_ANSWER: usize = 16 * 1024;

/// The client cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("the client for webhooks cannot be made")]
pub struct WebhookClientError(#[source] Box<dyn Error + Send + Sync>);

/// Sends every event to one address, signed.
pub struct WebhookClient {
    client: Client,
    url: Url,
    secrets: WebhookSecrets,
    clock: Arc<dyn Clock>,
}

impl WebhookClient {
    /// Makes a client that posts to `url`; nothing is sent.
    ///
    /// # Errors
    /// [`WebhookClientError`] where TLS cannot be set up.
    pub fn new(
        url: Url,
        secrets: WebhookSecrets,
        proxies: &Proxies,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, WebhookClientError> {
        let client = http_client::builder(proxies)
            .map_err(|error| WebhookClientError(error.into()))?
            .connect_timeout(CONNECT_LIMIT)
            .timeout(LIMIT)
            .build()
            .map_err(|error| WebhookClientError(error.without_url().into()))?;
        Ok(Self {
            client,
            url,
            secrets,
            clock,
        })
    }

    async fn post(&self, event: &Event) -> Result<Response, DeliveryError> {
        let id = event.id.to_string();
        let body = payload(event).to_string();
        // The time of this try: a receiver refuses one that is long past.
        let seconds = self.clock.now().as_millis().div_euclid(1000);
        let signature = self
            .secrets
            .sign(&id, seconds, body.as_bytes())
            .ok_or_else(|| failed("the event cannot be signed".to_owned()))?;
        self.client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signature)
            .body(body)
            .send()
            .await
            .map_err(|error| failed(unanswered(&error).to_owned()))
    }
}

#[async_trait]
impl Delivery for WebhookClient {
    async fn deliver(&self, _: &str, event: &Event) -> Result<(), DeliveryError> {
        let response = self.post(event).await?;
        let verdict = judge(response.status(), response.headers());
        drain(response).await;
        verdict
    }
}

/// Reads a short answer to its end; a longer one costs its connection.
async fn drain(mut response: Response) {
    let mut read = 0;
    while read < MAX_ANSWER {
        match response.chunk().await {
            Ok(Some(chunk)) => read += chunk.len(),
            Ok(None) | Err(_) => return,
        }
    }
}

/// Why there was no answer, without the address: its path may be a secret.
fn unanswered(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "the receiver did not answer in time"
    } else if error.is_connect() {
        "the receiver cannot be reached"
    } else {
        "the connection to the receiver broke"
    }
}

const fn failed(summary: String) -> DeliveryError {
    DeliveryError::Failed {
        summary,
        retry_after: None,
    }
}

impl fmt::Debug for WebhookClient {
    /// Without the path, which may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = &self.url[Position::BeforeScheme..Position::BeforePath];
        f.debug_struct("WebhookClient")
            .field("to", &origin)
            .finish_non_exhaustive()
    }
}
