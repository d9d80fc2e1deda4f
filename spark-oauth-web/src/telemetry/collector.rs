//! Sends batches to the collector, on our own client: the TLS of everything else
//! here, no redirects, and a word in the log when it fails.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Request, Response};
use opentelemetry_http::{Bytes, HttpClient, HttpError};
use reqwest::Client;
use spark_oauth_core::http_client::{self, Proxies};
use tokio::runtime::Handle;

use crate::config::TelemetryConfig;

/// The longest answer that is read: a count, and a sentence.
const MAX_ANSWER: usize = 64 * 1024;

/// Why a batch was not taken. It shows neither the address nor what was answered.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("the collector did not answer in time")]
    TimedOut,
    #[error("the collector cannot be reached")]
    Unreachable,
    #[error("the connection to the collector broke")]
    Broken,
    #[error("the collector answered with status {0}")]
    Status(u16),
    #[error("what answers is no collector: its answer is not OTLP")]
    NotOtlp,
    #[error("the answer of the collector is too long")]
    TooLong,
}

impl From<reqwest::Error> for Refused {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            Self::TimedOut
        } else if error.is_connect() {
            Self::Unreachable
        } else {
            Self::Broken
        }
    }
}

/// A collector of OpenTelemetry.
#[derive(Debug)]
pub(super) struct Collector {
    client: Client,
    /// Marked sensitive: they may hold what the collector knows us by.
    headers: HeaderMap,
    /// Where requests run: the exporting thread has no runtime of its own.
    runtime: Handle,
    tidings: Tidings,
}

/// Says when sending begins to fail, and when it works again.
#[derive(Clone, Debug, Default)]
struct Tidings {
    /// Whether the last batch was not taken.
    fails: Arc<AtomicBool>,
}

impl Collector {
    /// How long one batch may take.
    pub(super) const LIMIT: Duration = Duration::from_secs(10);

    /// Makes a client; nothing is sent.
    pub(super) fn new(
        config: &TelemetryConfig,
        proxies: &Proxies,
        runtime: Handle,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let builder = http_client::builder(proxies)?.timeout(Self::LIMIT);
        Ok(Self {
            client: builder.build().map_err(reqwest::Error::without_url)?,
            headers: config.headers.clone(),
            runtime,
            tidings: Tidings::default(),
        })
    }
}

impl Tidings {
    fn note(&self, outcome: &Result<Response<Bytes>, Refused>) {
        match outcome {
            Ok(_) if self.fails.swap(false, Ordering::Relaxed) => {
                tracing::info!("traces are exported again");
            }
            Ok(_) => {}
            Err(error) if !self.fails.swap(true, Ordering::Relaxed) => {
                tracing::warn!(
                    %error,
                    "traces cannot be exported (`telemetry.endpoint`); those that do not fit \
                     into the queue are dropped"
                );
            }
            Err(error) => tracing::debug!(%error, "traces cannot be exported"),
        }
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        // Ours alone: what `OTEL_EXPORTER_OTLP_HEADERS` says may be meant for
        // another collector.
        let kind = request.headers_mut().remove(CONTENT_TYPE);
        request.headers_mut().clone_from(&self.headers);
        if let Some(kind) = kind {
            request.headers_mut().insert(CONTENT_TYPE, kind);
        }
        let request = reqwest::Request::try_from(request)?;
        let (client, tidings) = (self.client.clone(), self.tidings.clone());
        let sending = self.runtime.spawn(async move {
            let outcome = send(client, request).await;
            tidings.note(&outcome);
            outcome
        });
        Ok(sending.await??)
    }
}

async fn send(client: Client, request: reqwest::Request) -> Result<Response<Bytes>, Refused> {
    let mut answer = client.execute(request).await?;
    let status = answer.status();
    if !status.is_success() {
        return Err(Refused::Status(status.as_u16()));
    }
    let kind = answer.headers().get(CONTENT_TYPE);
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/")) {
        return Err(Refused::NotOtlp);
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER {
            return Err(Refused::TooLong);
        }
    }
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    Ok(response)
}
