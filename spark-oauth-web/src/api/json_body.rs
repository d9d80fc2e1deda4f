//! Bodies of JSON, read strictly.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse as _;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::code::Code;
use super::problem::Problem;
use crate::http::SLOWEST_BODY;

/// A body of JSON. `T` denies unknown fields, so that each is named which nobody
/// would read.
#[derive(Clone, Debug)]
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::of(Code::UnsupportedMediaType));
        }
        let bytes = timeout(SLOWEST_BODY, Bytes::from_request(request, state)).await;
        let bytes = bytes.map_err(|_| Problem::invalid("the body: it came too slowly"))?;
        let bytes = bytes.map_err(|rejection| match rejection.into_response().status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::of(Code::BodyTooLarge),
            _ => Problem::invalid("the body: it ended early"),
        })?;
        read_json(&bytes).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let text = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// Reads all of a text; an error names the place, and no value: it may be a secret.
fn read_json<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    // Else a list would do, of the fields in their order.
    if text.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::invalid("the body: an object of JSON is wanted"));
    }
    let mut reader = serde_json::Deserializer::from_slice(text);
    let read = serde_path_to_error::deserialize(&mut reader);
    let value = read.map_err(|error| {
        let path = error.path().to_string();
        let place = match path.as_str() {
            "." => "the body".to_owned(),
            path => format!("field {path}"),
        };
        Problem::invalid(format!("{place}: {}", error.into_inner()))
    })?;
    reader
        .end()
        .map_err(|error| Problem::invalid(format!("the body: {error}")))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use axum::Router;
    use axum::body::{Body, HttpBody};
    use axum::routing::post;
    use http_body::Frame;
    use serde::Deserialize;
    use tower::ServiceExt as _;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        count: u8,
    }

    async fn read(kind: &str, body: impl Into<Body>) -> Result<u8, (Code, String)> {
        let request = Request::builder().header("content-type", kind);
        let request = request.body(body.into()).unwrap();
        let read = JsonBody::<Sample>::from_request(request, &()).await;
        read.map(|JsonBody(sample)| sample.count)
            .map_err(|problem| (problem.code(), problem.detail().to_owned()))
    }

    /// A body of which nothing ever comes.
    struct Silent;

    impl HttpBody for Silent {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Pending
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_comes_is_not_waited_for_long() {
        let read = |JsonBody(Sample { count }): JsonBody<Sample>| async move { count.to_string() };
        let router = Router::new().route("/", post(read));
        let request = Request::post("/").header("content-type", "application/json");
        let begun = tokio::time::Instant::now();
        let answer = router.oneshot(request.body(Body::new(Silent)).unwrap());
        let problem = answer.await.unwrap().extensions_mut().remove::<Problem>();
        assert!(problem.unwrap().detail().contains("came too slowly"));
        assert_eq!(begun.elapsed().as_secs(), SLOWEST_BODY.as_secs());
    }

    #[tokio::test]
    async fn only_json_that_says_nothing_else_is_read() {
        assert_eq!(read("application/json", "{\"count\":3}").await, Ok(3));
        assert_eq!(
            read("Application/JSON; charset=utf-8", "{\"count\":3}").await,
            Ok(3)
        );
        for (body, place) in [
            ("", "the body: "),
            ("{\"count\":3}x", "the body: "),
            ("\u{feff}{\"count\":3}", "the body: "),
            ("[1]", "field [0]: "),
            ("{\"count\":\"3\"}", "field count: "),
            ("{\"count\":3,\"more\":1}", "field more: "),
            ("{\"count\":3,\"count\":3}", "the body: "),
            ("{}", "the body: "),
        ] {
            let (code, detail) = read("application/json", body).await.unwrap_err();
            assert_eq!(code, Code::InvalidRequest, "{body}");
            assert!(
                detail.starts_with(place) || detail.starts_with("the body"),
                "{body}: {detail}"
            );
        }
        for kind in ["text/plain", "application/x-www-form-urlencoded", ""] {
            let (code, _) = read(kind, "{\"count\":3}").await.unwrap_err();
            assert_eq!(code, Code::UnsupportedMediaType, "{kind}");
        }
        let huge = vec![b' '; 3 << 20];
        let (code, _) = read("application/json", huge).await.unwrap_err();
        assert_eq!(code, Code::BodyTooLarge);
    }
}
