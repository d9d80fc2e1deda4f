//! The layer around every call below `/v1`: counts it, slows it down, spoils it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body::Frame;

use super::{Answer, Cut, Effect};
use crate::errors::ApiError;
use crate::provider::Provider;

pub(crate) async fn spoil(
    State(provider): State<Provider>,
    matched: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    provider
        .counters()
        .count_call(request.method(), matched.as_str());
    let effect = provider
        .faults()
        .take(request.method(), request.uri().path());
    pause(Duration::from_millis(provider.settings().latency_ms)).await;
    match effect {
        Some(effect) => spoiled(effect, request, next).await,
        None => next.run(request).await,
    }
}

async fn spoiled(effect: Effect, request: Request, next: Next) -> Response {
    if effect.cut == Some(Cut::After) {
        // The work is done at once; the caller then waits for nothing.
        drop(next.run(request).await);
        pause(effect.delay).await;
        return cut();
    }
    pause(effect.delay).await;
    if effect.cut == Some(Cut::Before) {
        return cut();
    }
    let mut response = match effect.answer {
        Some(answer) => answer.into_response(),
        None => next.run(request).await,
    };
    response.headers_mut().extend(effect.headers);
    response
}

async fn pause(duration: Duration) {
    if !duration.is_zero() {
        tokio::time::sleep(duration).await;
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let Some(body) = self.body else {
            return if self.status.is_success() || self.status.is_redirection() {
                self.status.into_response()
            } else {
                ApiError::of_status(self.status).into_response()
            };
        };
        let content_type = HeaderValue::from_static(guess_content_type(&body));
        let mut response = (self.status, body).into_response();
        response.headers_mut().insert(CONTENT_TYPE, content_type);
        response
    }
}

/// What a provider would say of such a body. A fault's own header overrides it.
fn guess_content_type(body: &[u8]) -> &'static str {
    match body.trim_ascii_start().first() {
        Some(b'{' | b'[') => "application/json;charset=UTF-8",
        Some(b'<') => "text/html;charset=UTF-8",
        _ => "text/plain;charset=UTF-8",
    }
}

/// An answer of which not one byte reaches the wire: its body fails at the
/// first poll, before the server has flushed the head, and the server then
/// drops the connection.
fn cut() -> Response {
    (StatusCode::OK, Body::new(FailingBody)).into_response()
}

#[derive(Debug)]
struct FailingBody;

impl http_body::Body for FailingBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Poll::Ready(Some(Err(io::Error::other(
            "the connection is cut, as a fault asked for",
        ))))
    }
}
