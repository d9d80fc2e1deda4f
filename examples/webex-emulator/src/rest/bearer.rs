//! Who calls (RFC 6750, section 2.1).

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use time::OffsetDateTime;

use crate::errors::ApiError;
use crate::oauth::scopes::Scopes;
use crate::people::Person;
use crate::provider::Provider;

/// The person behind a valid access token.
#[derive(Debug)]
pub(crate) struct Bearer {
    pub(crate) person: Arc<Person>,
    pub(crate) expires: OffsetDateTime,
    scopes: Arc<Scopes>,
}

impl Bearer {
    /// Goes on only with a token that was granted `scope`.
    pub(crate) fn require(&self, scope: &str) -> Result<(), ApiError> {
        if self.scopes.cover(scope) {
            Ok(())
        } else {
            Err(ApiError::missing_scope())
        }
    }
}

impl FromRequestParts<Provider> for Bearer {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        provider: &Provider,
    ) -> Result<Self, Self::Rejection> {
        let header = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let token = header
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or_else(ApiError::unauthorized)?;
        let caller = provider
            .grants()
            .caller(token, provider.now())
            .ok_or_else(ApiError::unauthorized)?;
        let person = provider
            .people()
            .get(caller.person)
            .ok_or_else(ApiError::unauthorized)?;
        Ok(Self {
            person,
            expires: caller.expires,
            scopes: caller.scopes,
        })
    }
}
