//! `/v1/authorizations`: what the caller granted, and taking it back.
//!
//! The vendor's reference asks for `identity:tokens_read` and
//! `identity:tokens_write`. Here nobody is an administrator: callers see and
//! end their own authorizations only.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::bearer::Bearer;
use super::query::{NoParameters, StrictQuery};
use crate::errors::ApiError;
use crate::ids::{self, Kind};
use crate::oauth::grants::AuthorizationAnswer;
use crate::oauth::scopes::{TOKENS_READ, TOKENS_WRITE};
use crate::people::Person;
use crate::provider::Provider;
use crate::stats::count;

#[derive(Debug, Serialize)]
pub(crate) struct AuthorizationList {
    items: Vec<AuthorizationAnswer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListQuery {
    person_id: Option<String>,
    person_email: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DeleteQuery {
    client_id: Option<String>,
    org_id: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct TokenExpiry {
    /// Milliseconds since 1970.
    exp: i128,
}

/// `GET /v1/authorizations`
pub(crate) async fn list(
    State(provider): State<Provider>,
    caller: Bearer,
    StrictQuery(query): StrictQuery<ListQuery>,
) -> Result<Json<AuthorizationList>, ApiError> {
    caller.require(TOKENS_READ)?;
    if !asks_for_self(&query, &caller.person)? {
        return Err(ApiError::missing_scope());
    }
    Ok(Json(AuthorizationList {
        items: provider.grants().list(caller.person.id),
    }))
}

fn asks_for_self(query: &ListQuery, caller: &Person) -> Result<bool, ApiError> {
    match (&query.person_id, &query.person_email) {
        (Some(id), _) => Ok(ids::decode(Kind::Person, id) == Some(caller.id)),
        (None, Some(email)) => Ok(email.trim().to_ascii_lowercase() == caller.email),
        (None, None) => Err(ApiError::bad_request("Give personId or personEmail.")),
    }
}

/// `DELETE /v1/authorizations?clientId=…`: all that the caller granted to one client.
pub(crate) async fn delete_client(
    State(provider): State<Provider>,
    caller: Bearer,
    StrictQuery(query): StrictQuery<DeleteQuery>,
) -> Result<StatusCode, ApiError> {
    caller.require(TOKENS_WRITE)?;
    let client_id = query
        .client_id
        .ok_or_else(|| ApiError::bad_request("The clientId is missing."))?;
    if query
        .org_id
        .is_some_and(|org_id| org_id != ids::organization())
    {
        return Err(ApiError::missing_scope());
    }
    deleted(
        &provider,
        provider
            .grants()
            .revoke_of_person(caller.person.id, Some(&client_id))
            > 0,
    )
}

/// `DELETE /v1/authorizations/{id}`
pub(crate) async fn delete_one(
    State(provider): State<Provider>,
    caller: Bearer,
    Path(id): Path<String>,
    StrictQuery(NoParameters {}): StrictQuery<NoParameters>,
) -> Result<StatusCode, ApiError> {
    caller.require(TOKENS_WRITE)?;
    let id = ids::decode(Kind::Authorization, &id);
    deleted(
        &provider,
        id.is_some_and(|id| provider.grants().revoke_one(caller.person.id, id)),
    )
}

fn deleted(provider: &Provider, found: bool) -> Result<StatusCode, ApiError> {
    if found {
        count(&provider.counters().revocations);
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::webex(
            StatusCode::NOT_FOUND,
            "Could not find an authorization with provided ID.",
        ))
    }
}

/// `GET /v1/authorizations/tokenExpiry`: any valid token may ask for its own.
pub(crate) async fn token_expiry(
    caller: Bearer,
    StrictQuery(NoParameters {}): StrictQuery<NoParameters>,
) -> Json<TokenExpiry> {
    Json(TokenExpiry {
        exp: caller.expires.unix_timestamp_nanos() / 1_000_000,
    })
}
