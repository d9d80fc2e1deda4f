//! `/v1/rooms`

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;

use super::bearer::Bearer;
use super::json_body::JsonBody;
use crate::errors::ApiError;
use crate::ids::{self, Kind};
use crate::oauth::scopes::{ROOMS_READ, ROOMS_WRITE};
use crate::provider::Provider;
use crate::rooms::{Room, RoomError};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewRoom {
    title: Option<String>,
    #[serde(default)]
    is_locked: bool,
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
            RoomError::Direct => {
                Self::bad_request("A direct room cannot be deleted, and nobody can be added to it.")
            }
        }
    }
}

/// `POST /v1/rooms`. Answers 200, not 201.
pub(crate) async fn create(
    State(provider): State<Provider>,
    caller: Bearer,
    JsonBody(new): JsonBody<NewRoom>,
) -> Result<Json<Room>, ApiError> {
    caller.require(ROOMS_WRITE)?;
    let title = new
        .title
        .as_deref()
        .map(str::trim)
        .filter(|title| !title.is_empty());
    let title = title.ok_or_else(|| ApiError::bad_request("The title is missing or empty."))?;
    let room = provider
        .room_table()
        .create(&caller.person, title, new.is_locked, provider.now());
    Ok(Json(room))
}

/// `GET /v1/rooms/{id}`
pub(crate) async fn read(
    State(provider): State<Provider>,
    caller: Bearer,
    Path(id): Path<String>,
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
) -> Result<StatusCode, ApiError> {
    caller.require(ROOMS_WRITE)?;
    let id = ids::decode(Kind::Room, &id).ok_or_else(ApiError::no_such_room)?;
    provider.room_table().delete(id, &caller.person)?;
    Ok(StatusCode::NO_CONTENT)
}
