//! `/v1/memberships`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use super::bearer::Bearer;
use super::json_body::JsonBody;
use crate::errors::ApiError;
use crate::ids::{self, Kind};
use crate::oauth::scopes::MEMBERSHIPS_WRITE;
use crate::people::Person;
use crate::provider::Provider;
use crate::rooms::Membership;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewMembership {
    room_id: Option<String>,
    person_id: Option<String>,
    person_email: Option<String>,
    #[serde(default)]
    is_moderator: bool,
}

/// `POST /v1/memberships`. An e-mail address that nobody has yet makes a new person.
pub(crate) async fn create(
    State(provider): State<Provider>,
    caller: Bearer,
    JsonBody(new): JsonBody<NewMembership>,
) -> Result<Json<Membership>, ApiError> {
    caller.require(MEMBERSHIPS_WRITE)?;
    let room = new
        .room_id
        .ok_or_else(|| ApiError::bad_request("The roomId is missing."))?;
    let room = ids::decode(Kind::Room, &room).ok_or_else(ApiError::no_such_room)?;
    let person = find_person(
        &provider,
        new.person_id.as_deref(),
        new.person_email.as_deref(),
    )?;
    let membership = provider.room_table().add_member(
        room,
        &caller.person,
        &person,
        new.is_moderator,
        provider.now(),
    )?;
    Ok(Json(membership))
}

/// The person whom a request names by ID or by e-mail address.
pub(super) fn find_person(
    provider: &Provider,
    id: Option<&str>,
    email: Option<&str>,
) -> Result<Arc<Person>, ApiError> {
    match (id, email) {
        (Some(id), _) => ids::decode(Kind::Person, id)
            .and_then(|id| provider.people().get(id))
            .ok_or_else(|| {
                ApiError::webex(
                    StatusCode::NOT_FOUND,
                    "Could not find a person with provided ID.",
                )
            }),
        (None, Some(email)) => provider
            .people()
            .find_or_create(email, provider.now())
            .map_err(|error| {
                ApiError::bad_request(format!("The e-mail address is invalid: {error}."))
            }),
        (None, None) => Err(ApiError::bad_request(
            "The person is missing: give an ID or an e-mail address.",
        )),
    }
}
