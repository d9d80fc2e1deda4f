//! Sends a call and reads its answer, within limits of time and size.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, Response};
use tokio::time::{Instant, timeout_at};
use url::Url;
use zeroize::Zeroizing;

use super::answer::{Answer, Body, Head};
use super::redaction::Secrets;
use super::settings::{WebexError, WebexSettings};
use crate::http_client::{self, Decoded, Proxies, decode};
use crate::ports::{Clock, SparkError, SparkErrorKind};
use crate::secret::AccessToken;

/// The longest body that is read, in bytes, compressed and decompressed. No documented
/// answer comes near it.
pub(super) const MAX_BODY: usize = 4 * 1024 * 1024;

/// How long an unused connection is kept: less than gateways usually do, so that
/// few calls meet a connection that was just closed.
const POOL_IDLE: Duration = Duration::from_secs(30);

/// One call, ready to be sent.
pub(super) struct Call<'a> {
    /// Method and path template, for the log: no identifier stands in it.
    pub(super) name: &'static str,
    pub(super) request: RequestBuilder,
    /// What the request holds that no answer may bring back.
    pub(super) secrets: &'a Secrets,
}

/// The HTTP client with its limits.
#[derive(Debug)]
pub(super) struct Http {
    client: Client,
    limit: Duration,
    clock: Arc<dyn Clock>,
}

impl Http {
    pub(super) fn new(settings: &WebexSettings, clock: Arc<dyn Clock>) -> Result<Self, WebexError> {
        let proxies = match &settings.proxies {
            Some(proxies) => proxies.clone(),
            None => Proxies::from_environment()?,
        };
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let client = http_client::builder(&proxies)
            .map_err(|error| WebexError::Client(Box::new(error)))?
            .default_headers(headers)
            .connect_timeout(settings.connect_timeout)
            .pool_idle_timeout(POOL_IDLE)
            .build()
            .map_err(|error| WebexError::Client(Box::new(error.without_url())))?;
        Ok(Self {
            client,
            limit: settings.request_timeout,
            clock,
        })
    }

    pub(super) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.client.request(method, url)
    }

    /// A request with the access token in its header (RFC 6750 section 2.1).
    ///
    /// # Errors
    /// [`SparkErrorKind::Unauthorized`] where the token cannot go into a header:
    /// the provider would refuse it, and a refresh is the way out.
    pub(super) fn authorized(
        &self,
        method: Method,
        url: Url,
        access_token: &AccessToken,
    ) -> Result<RequestBuilder, SparkError> {
        let token = access_token.expose_secret();
        if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(SparkError {
                message: Some("the stored access token cannot be sent in a header".to_owned()),
                ..SparkError::of(SparkErrorKind::Unauthorized)
            });
        }
        Ok(self.request(method, url).bearer_auth(token))
    }

    /// Sends the call and reads the answer, whatever its status.
    pub(super) async fn send(&self, call: Call<'_>) -> Result<Answer, SparkError> {
        let started = Instant::now();
        let outcome = self.exchange(call.request, call.secrets, started).await;
        let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        match &outcome {
            Ok(Answer { head, fault, .. }) => tracing::debug!(
                call = call.name,
                status = head.status.as_u16(),
                milliseconds,
                tracking_id = head.tracking_id.as_ref().map(tracing::field::display),
                whole = fault.is_none(),
                "the provider answered"
            ),
            Err(error) => tracing::debug!(
                call = call.name,
                milliseconds,
                error = error as &dyn Error,
                "the provider did not answer"
            ),
        }
        outcome
    }

    async fn exchange(
        &self,
        request: RequestBuilder,
        secrets: &Secrets,
        started: Instant,
    ) -> Result<Answer, SparkError> {
        // An absurd limit means none.
        let deadline = started
            .checked_add(self.limit)
            .unwrap_or_else(|| started + Duration::from_secs(u64::from(u32::MAX)));
        let response = timeout_at(deadline, request.send())
            .await
            .map_err(|_| self.too_slow())?
            .map_err(transport)?;
        let head = Head::read(response.status(), response.headers(), &*self.clock, secrets);
        let mut read = Body::default();
        let fault = match timeout_at(deadline, read_into(&mut read, response)).await {
            Ok(Ok(())) => None,
            Ok(Err(Fault::TooLarge)) => Some(too_long(&head)),
            Ok(Err(Fault::Transport(error))) => Some(of_answer(&head, transport(error))),
            Err(_) => Some(of_answer(&head, self.too_slow())),
        };
        let Decoded { body, whole } = decode(read, MAX_BODY);
        let fault = fault.or_else(|| (!whole).then(|| incomplete(&head, &body)));
        Ok(Answer { head, body, fault })
    }

    fn too_slow(&self) -> SparkError {
        SparkError {
            message: Some(format!("no whole answer within {:?}", self.limit)),
            ..SparkError::of(SparkErrorKind::TimedOut)
        }
    }
}

enum Fault {
    TooLarge,
    Transport(reqwest::Error),
}

/// Reads the body, but never more than [`MAX_BODY`], whatever `Content-Length` says. After
/// a fault, `body` holds the part before it.
async fn read_into(body: &mut Body, mut response: Response) -> Result<(), Fault> {
    let declared = response.content_length().unwrap_or(0);
    let declared = usize::try_from(declared).unwrap_or(usize::MAX);
    // Enough capacity from the start avoids copies of secrets when the buffer grows.
    body.reserve(declared.clamp(16 * 1024, MAX_BODY));
    while let Some(chunk) = response.chunk().await.map_err(Fault::Transport)? {
        let fits = chunk.len().min(MAX_BODY - body.len());
        let length = body.len() + fits;
        if length > body.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(length.max(2 * body.capacity())));
            larger.extend_from_slice(body);
            *body = larger;
        }
        body.extend_from_slice(&chunk[..fits]);
        if fits < chunk.len() {
            return Err(Fault::TooLarge);
        }
    }
    Ok(())
}

fn too_long(head: &Head) -> SparkError {
    head.error(
        SparkErrorKind::Unreadable,
        "the answer is longer than 4 MiB",
    )
}

/// A compressed body that does not decompress to its end.
fn incomplete(head: &Head, body: &Body) -> SparkError {
    if body.len() == MAX_BODY {
        return too_long(head);
    }
    head.error(
        SparkErrorKind::Unreadable,
        "the compressed answer is damaged",
    )
}

/// Adds to a fault what is known of the answer in which it happened.
fn of_answer(head: &Head, fault: SparkError) -> SparkError {
    SparkError {
        status: Some(head.status.as_u16()),
        tracking_id: head.tracking_id.clone(),
        ..fault
    }
}

fn transport(error: reqwest::Error) -> SparkError {
    let kind = if error.is_timeout() {
        SparkErrorKind::TimedOut
    } else {
        // Also a connection that is cut within an answer, and something that
        // does not speak HTTP: what answered was not the provider.
        SparkErrorKind::Unreachable
    };
    SparkError {
        // Without a connection nothing was asked.
        answer_lost: !error.is_connect(),
        source: Some(Box::new(TransportError::new(&error.without_url()))),
        ..SparkError::of(kind)
    }
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// What a failed transport says, in one line. The error itself is not kept,
/// since nobody promises what it will hold in another version.
#[derive(Debug)]
struct TransportError(String);

impl TransportError {
    fn new(error: &reqwest::Error) -> Self {
        let mut text = String::new();
        for cause in chain(error) {
            let cause = cause.to_string();
            // Some causes repeat the text of what lies behind them.
            if !text.contains(&cause) {
                let separator = if text.is_empty() { "" } else { ": " };
                let _ = write!(text, "{separator}{cause}");
            }
        }
        Self(Secrets::new([]).message(&text).unwrap_or_default())
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for TransportError {}
