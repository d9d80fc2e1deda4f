//! `/v1/memberships`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::bearer::Bearer;
use super::json_body::JsonBody;
use super::pages::{Address, Order};
use super::query::{NoParameters, StrictQuery};
use crate::errors::ApiError;
use crate::ids::{self, Kind};
use crate::oauth::scopes::{MEMBERSHIPS_READ, MEMBERSHIPS_WRITE};
use crate::people::Person;
use crate::provider::Provider;
use crate::rooms::{Membership, RoomError};

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
    StrictQuery(NoParameters {}): StrictQuery<NoParameters>,
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

/// `max` and `cursor` are read by [`Address`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MembershipFilter {
    room_id: Option<String>,
    person_id: Option<String>,
    person_email: Option<String>,
    #[serde(rename = "max")]
    _max: Option<String>,
    #[serde(rename = "cursor")]
    _cursor: Option<String>,
}

/// `GET /v1/memberships`: those of one room, or the caller's own.
pub(crate) async fn list(
    State(provider): State<Provider>,
    caller: Bearer,
    address: Address,
    StrictQuery(filter): StrictQuery<MembershipFilter>,
) -> Result<Response, ApiError> {
    caller.require(MEMBERSHIPS_READ)?;
    let rooms = provider.room_table();
    let memberships: Vec<(String, Membership)> = if let Some(room) = &filter.room_id {
        let room = ids::decode(Kind::Room, room).ok_or_else(ApiError::no_such_room)?;
        let members = rooms.members(room, &caller.person)?.into_iter();
        members
            .map(|member| (format!("{} {}", member.created, member.person_id), member))
            .collect()
    } else if filter.person_id.is_some() || filter.person_email.is_some() {
        return Err(ApiError::bad_request(
            "The roomId is missing: a person is only found in a room of yours.",
        ));
    } else {
        let own = rooms.memberships_of(&caller.person).into_iter();
        own.map(|(number, member)| (format!("{number:020}"), member))
            .collect()
    };
    let email = filter.person_email.map(|email| email.trim().to_lowercase());
    let id = filter.person_id.map(|id| ids::decode(Kind::Person, &id));
    let fits = |member: &Membership| {
        email
            .as_ref()
            .is_none_or(|email| *email == member.person_email)
            && id.is_none_or(|id| id == ids::decode(Kind::Person, &member.person_id))
    };
    let memberships = memberships.into_iter();
    let memberships = memberships.filter(|(_, member)| fits(member));
    address.page(memberships.collect(), Order::Ascending, 100)
}

/// `GET /v1/memberships/{id}`
pub(crate) async fn read(
    State(provider): State<Provider>,
    caller: Bearer,
    Path(id): Path<String>,
    StrictQuery(NoParameters {}): StrictQuery<NoParameters>,
) -> Result<Json<Membership>, ApiError> {
    caller.require(MEMBERSHIPS_READ)?;
    let (person, room) = ids::decode_membership(&id).ok_or(RoomError::NoMembership)?;
    let membership = provider
        .room_table()
        .membership(room, person, &caller.person)?;
    Ok(Json(membership))
}

/// `DELETE /v1/memberships/{id}`
pub(crate) async fn delete(
    State(provider): State<Provider>,
    caller: Bearer,
    Path(id): Path<String>,
    StrictQuery(NoParameters {}): StrictQuery<NoParameters>,
) -> Result<StatusCode, ApiError> {
    caller.require(MEMBERSHIPS_WRITE)?;
    let (person, room) = ids::decode_membership(&id).ok_or(RoomError::NoMembership)?;
    provider
        .room_table()
        .remove_member(room, person, &caller.person)?;
    Ok(StatusCode::NO_CONTENT)
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
