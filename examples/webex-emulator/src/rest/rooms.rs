//! `/v1/rooms`

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
use crate::oauth::scopes::{ROOMS_READ, ROOMS_WRITE};
use crate::provider::Provider;
use crate::rooms::{Room, RoomError, RoomKind};

/// A room to create, or what to change of one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RoomInput {
    title: Option<String>,
    is_locked: Option<bool>,
}

impl RoomInput {
    fn title(&self) -> Result<&str, ApiError> {
        let title = self.title.as_deref().map(str::trim);
        title
            .filter(|title| !title.is_empty())
            .ok_or_else(|| ApiError::bad_request("The title is missing or empty."))
    }
}

/// `max` and `cursor` are read by [`Address`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RoomFilter {
    #[serde(rename = "type")]
    kind: Option<RoomKind>,
    #[serde(default)]
    sort_by: SortBy,
    #[serde(rename = "max")]
    _max: Option<String>,
    #[serde(rename = "cursor")]
    _cursor: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SortBy {
    Id,
    #[default]
    LastActivity,
    Created,
}

impl SortBy {
    /// The order of creation decides between rooms that are alike.
    fn key(self, number: u64, room: &Room) -> String {
        let first = match self {
            Self::Id => &room.id,
            Self::LastActivity => &room.last_activity,
            Self::Created => &room.created,
        };
        format!("{first} {number:020}")
    }
}

impl From<RoomError> for ApiError {
    fn from(error: RoomError) -> Self {
        match error {
            RoomError::NotFound => Self::no_such_room(),
            RoomError::AlreadyMember => {
                Self::webex(StatusCode::CONFLICT, "Person is already in the room.")
            }
            RoomError::NotModerator => Self::webex(
                StatusCode::FORBIDDEN,
                "You must be a moderator of this room.",
            ),
            RoomError::Direct => Self::bad_request(
                "A direct room cannot be changed or deleted, and its members stay.",
            ),
            RoomError::NoMembership => Self::webex(
                StatusCode::NOT_FOUND,
                "Could not find a membership with provided ID.",
            ),
            RoomError::NoMessage => Self::webex(
                StatusCode::NOT_FOUND,
                "Could not find a message with provided ID.",
            ),
            RoomError::NotSender => Self::webex(
                StatusCode::FORBIDDEN,
                "You can only delete your own messages.",
            ),
        }
    }
}

/// `POST /v1/rooms`. Answers 200, not 201.
pub(crate) async fn create(
    State(provider): State<Provider>,
    caller: Bearer,
    StrictQuery(NoParameters {}): StrictQuery<NoParameters>,
    JsonBody(new): JsonBody<RoomInput>,
) -> Result<Json<Room>, ApiError> {
    caller.require(ROOMS_WRITE)?;
    let locked = new.is_locked.unwrap_or_default();
    let room = provider
        .room_table()
        .create(&caller.person, new.title()?, locked, provider.now());
    Ok(Json(room))
}

/// `GET /v1/rooms`: the caller's rooms, the last active one first.
pub(crate) async fn list(
    State(provider): State<Provider>,
    caller: Bearer,
    address: Address,
    StrictQuery(filter): StrictQuery<RoomFilter>,
) -> Result<Response, ApiError> {
    caller.require(ROOMS_READ)?;
    let rooms = provider.room_table().of(&caller.person).into_iter();
    let rooms = rooms
        .filter(|(_, room)| filter.kind.is_none_or(|kind| kind == room.kind))
        .map(|(number, room)| (filter.sort_by.key(number, &room), room));
    address.page(rooms.collect(), Order::Descending, 100)
}

/// `PUT /v1/rooms/{id}`
pub(crate) async fn update(
    State(provider): State<Provider>,
    caller: Bearer,
    Path(id): Path<String>,
    StrictQuery(NoParameters {}): StrictQuery<NoParameters>,
    JsonBody(change): JsonBody<RoomInput>,
) -> Result<Json<Room>, ApiError> {
    caller.require(ROOMS_WRITE)?;
    let id = ids::decode(Kind::Room, &id).ok_or_else(ApiError::no_such_room)?;
    let title = change.title()?;
    let room = provider
        .room_table()
        .update(id, &caller.person, title, change.is_locked)?;
    Ok(Json(room))
}

/// `GET /v1/rooms/{id}`
pub(crate) async fn read(
    State(provider): State<Provider>,
    caller: Bearer,
    Path(id): Path<String>,
    StrictQuery(NoParameters {}): StrictQuery<NoParameters>,
) -> Result<Json<Room>, ApiError> {
    caller.require(ROOMS_READ)?;
    let id = ids::decode(Kind::Room, &id).ok_or_else(ApiError::no_such_room)?;
    Ok(Json(provider.room_table().get(id, &caller.person)?))
}

/// `DELETE /v1/rooms/{id}`
pub(crate) async fn delete(
    State(provider): State<Provider>,
    caller: Bearer,
    Path(id): Path<String>,
    StrictQuery(NoParameters {}): StrictQuery<NoParameters>,
) -> Result<StatusCode, ApiError> {
    caller.require(ROOMS_WRITE)?;
    let id = ids::decode(Kind::Room, &id).ok_or_else(ApiError::no_such_room)?;
    provider.room_table().delete(id, &caller.person)?;
    Ok(StatusCode::NO_CONTENT)
}
