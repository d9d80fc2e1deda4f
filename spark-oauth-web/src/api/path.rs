//! What a path names.

use std::fmt;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use spark_oauth_core::{ConsentLinkId, EmailAddress, TokenId};

use super::code::Code;
use super::problem::Problem;

/// The token that a path names. One that names no token is like one that names a
/// token which is gone.
#[derive(Clone, Copy, Debug)]
pub(super) struct TokenPath(pub(super) TokenId);

/// The consent link that a path names.
#[derive(Clone, Copy, Debug)]
pub(super) struct LinkPath(pub(super) ConsentLinkId);

/// The person that a path names.
#[derive(Clone, Debug)]
pub(super) struct PersonPath(pub(super) EmailAddress);

/// The only parameter of the path, decoded.
async fn segment<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<String, Problem> {
    let parameters = RawPathParams::from_request_parts(parts, state).await;
    let parameters = parameters.map_err(|_| Problem::invalid("the path is not UTF-8"))?;
    let first = parameters.iter().next().map(|(_, value)| value.to_owned());
    first.ok_or_else(|| Problem::of(Code::NoSuchPath))
}

impl<S: Send + Sync> FromRequestParts<S> for TokenPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = segment(parts, state).await?.parse();
        id.map(Self).map_err(|_| Problem::of(Code::TokenNotFound))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for LinkPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = segment(parts, state).await?.parse();
        id.map(Self).map_err(|_| Problem::of(Code::LinkNotFound))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PersonPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let wrong = |wrong: &dyn fmt::Display| Problem::invalid(format!("the path: {wrong}"));
        let text = segment(parts, state).await?;
        EmailAddress::parse(&text)
            .map(Self)
            .map_err(|error| wrong(&error))
    }
}
