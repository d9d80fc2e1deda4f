//! Errors for programs: RFC 9457 `application/problem+json`.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use spark_oauth_core::consent_links::LinkText;
use utoipa::ToSchema;
use utoipa::openapi::schema::{AnyOfBuilder, Object, Schema, Type};
use utoipa::openapi::{Ref, RefOr};

use super::code::Code;
use crate::http::RequestId;
use crate::site::Site;

/// What went wrong (RFC 9457). Members that do not belong to the `code` are left out;
/// new ones may come.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemBody {
    /// Where the code is explained.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference", examples("/api/v1/docs#token_not_found"))]
    pub(super) kind: String,
    /// What happened, in a few words.
    #[schema(examples("There is no such token"))]
    pub(super) title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599, examples(404))]
    pub(super) status: u16,
    /// What happened and what to do, for a person.
    #[schema(examples("there is no such token"))]
    pub(super) detail: String,
    /// What went wrong, for a program.
    #[schema(schema_with = code_or_new_one)]
    pub(super) code: Code,
    /// The scope that the key lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("tokens:use"))]
    pub(super) scope: Option<&'static str>,
    /// The tokens that fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) ids: Option<Vec<String>>,
    /// Where the person can consent again. It ends by itself after some days.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "uri")]
    pub(super) consent_url: Option<String>,
    /// Why, in a word: what was lost, or why refreshing pauses.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("refresh_refused"))]
    pub(super) reason: Option<&'static str>,
    /// Webex's reference of the call, for its support.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) tracking_id: Option<String>,
    /// The request's identifier, to find it in our log.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) request_id: Option<String>,
}

/// One of today's codes, or a later one: a generated client must not fail on a code that
/// was added after it was generated.
fn code_or_new_one() -> RefOr<Schema> {
    AnyOfBuilder::new()
        .item(Ref::from_schema_name("Code"))
        .item(Object::with_type(Type::String))
        .description(Some("What went wrong, for a program."))
        .into()
}

/// An error of the API. What it says is written at the end, where the identifier of
/// the request is known.
#[derive(Clone, Debug)]
pub(crate) struct Problem(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    retry_after: Option<Duration>,
    challenge: Option<String>,
    renewal: Option<LinkText>,
    body: ProblemBody,
}

impl Problem {
    /// An error with words of its own.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            retry_after: None,
            challenge: None,
            renewal: None,
            body: ProblemBody {
                kind: format!("/api/v1/docs#{}", code.as_str()),
                title: code.title(),
                status: code.status().as_u16(),
                detail: detail.into(),
                code,
                scope: None,
                ids: None,
                consent_url: None,
                reason: None,
                tracking_id: None,
                request_id: None,
            },
        }))
    }

    /// An error in the usual words of its code.
    pub(crate) fn of(code: Code) -> Self {
        Self::new(code, code.explanation())
    }

    /// A parameter, a field or the body is wrong.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(Code::InvalidRequest, detail)
    }

    /// What the framework answered bare, in our words.
    pub(super) fn of_status(status: StatusCode) -> Self {
        Self::of(match status {
            StatusCode::NOT_FOUND => Code::NoSuchPath,
            StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
            StatusCode::GATEWAY_TIMEOUT => Code::TimedOut,
            status if status.is_client_error() => Code::InvalidRequest,
            _ => Code::Internal,
        })
    }

    /// When to come back.
    pub(crate) const fn retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    /// The challenge of `WWW-Authenticate` (RFC 6750 section 3).
    pub(super) fn challenge(mut self, challenge: impl Into<String>) -> Self {
        self.0.challenge = Some(challenge.into());
        self
    }

    /// The scope that the key lacks.
    pub(super) const fn scope(mut self, scope: &'static str) -> Self {
        self.0.body.scope = Some(scope);
        self
    }

    /// The tokens that fit.
    pub(super) fn ids(mut self, ids: impl IntoIterator<Item = impl ToString>) -> Self {
        let ids = ids.into_iter().map(|id| id.to_string());
        self.0.body.ids = Some(ids.collect());
        self
    }

    /// Why, in a word.
    pub(super) const fn reason(mut self, reason: &'static str) -> Self {
        self.0.body.reason = Some(reason);
        self
    }

    /// The link under which the person can consent again.
    pub(super) fn renewal(mut self, link: Option<LinkText>) -> Self {
        self.0.renewal = link;
        self
    }

    /// Webex's reference of the call.
    pub(super) fn tracking_id(mut self, id: Option<impl ToString>) -> Self {
        self.0.body.tracking_id = id.map(|id| id.to_string());
        self
    }

    /// What went wrong.
    pub(super) const fn code(&self) -> Code {
        self.0.body.code
    }

    /// What is said of it.
    pub(super) const fn detail(&self) -> &str {
        self.0.body.detail.as_str()
    }

    /// The body of the answer.
    pub(super) fn write(mut self, site: &Site, request: Option<&RequestId>) -> Body {
        let link = self.0.renewal.take();
        self.0.body.consent_url = link.map(|text| site.consent_url(&text).into());
        self.0.body.request_id = request.map(ToString::to_string);
        // A struct of texts and numbers has no way to fail.
        Body::from(serde_json::to_vec(&self.0.body).unwrap_or_default())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.code().status().into_response();
        let headers = response.headers_mut();
        if let Some(after) = self.0.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(in_seconds(after)));
        }
        let challenge = self.0.challenge.as_deref().map(HeaderValue::from_str);
        if let Some(Ok(challenge)) = challenge {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Whole seconds, rounded up: nobody is to come too early.
pub(super) fn in_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}
