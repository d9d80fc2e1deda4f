//! `/v1/messages`

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use super::bearer::Bearer;
use super::json_body::JsonBody;
use super::memberships::find_person;
use super::pages::{Address, Order};
use super::query::{NoParameters, StrictQuery};
use crate::clock::webex_time;
use crate::errors::ApiError;
use crate::ids::{self, Kind};
use crate::oauth::scopes::{MESSAGES_READ, MESSAGES_WRITE};
use crate::provider::Provider;
use crate::rooms::{Draft, Message, RoomError};

/// The provider's limit on text and on markdown, in bytes, not in characters.
const MAX_BYTES: usize = 7439;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewMessage {
    room_id: Option<String>,
    to_person_id: Option<String>,
    to_person_email: Option<String>,
    text: Option<String>,
    markdown: Option<String>,
}

/// `POST /v1/messages`
pub(crate) async fn create(
    State(provider): State<Provider>,
    caller: Bearer,
    StrictQuery(NoParameters {}): StrictQuery<NoParameters>,
    JsonBody(new): JsonBody<NewMessage>,
) -> Result<Json<Message>, ApiError> {
    caller.require(MESSAGES_WRITE)?;
    let draft = check_content(new.text, new.markdown)?;
    let now = provider.now();
    let rooms = provider.room_table();
    let message = match (new.room_id, new.to_person_id, new.to_person_email) {
        (Some(room), None, None) => {
            let room = ids::decode(Kind::Room, &room).ok_or_else(ApiError::no_such_room)?;
            rooms.post(room, &caller.person, draft, now)?
        }
        (None, id, email) if id.is_some() != email.is_some() => {
            let recipient = find_person(&provider, id.as_deref(), email.as_deref())?;
            if recipient.id == caller.person.id {
                return Err(ApiError::bad_request(
                    "A message cannot be sent to yourself.",
                ));
            }
            rooms.post_direct(&caller.person, &recipient, draft, now)?
        }
        _ => {
            return Err(ApiError::bad_request(
                "Give exactly one of roomId, toPersonId and toPersonEmail.",
            ));
        }
    };
    Ok(Json(message))
}

/// `max` and `cursor` are read by [`Address`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MessageFilter {
    room_id: Option<String>,
    /// Only messages that were sent before this time.
    before: Option<String>,
    /// Only messages that were sent before this one.
    before_message: Option<String>,
    #[serde(rename = "max")]
    _max: Option<String>,
    #[serde(rename = "cursor")]
    _cursor: Option<String>,
}

/// `GET /v1/messages`: those of one room, the newest first.
pub(crate) async fn list(
    State(provider): State<Provider>,
    caller: Bearer,
    address: Address,
    StrictQuery(filter): StrictQuery<MessageFilter>,
) -> Result<Response, ApiError> {
    caller.require(MESSAGES_READ)?;
    let room = filter.room_id;
    let room = room.ok_or_else(|| ApiError::bad_request("The roomId is missing."))?;
    let room = ids::decode(Kind::Room, &room).ok_or_else(ApiError::no_such_room)?;
    let before = filter.before.as_deref().map(read_time).transpose()?;
    let mut messages = provider.room_table().messages(room, &caller.person)?;
    if let Some(id) = filter.before_message {
        let position = messages.iter().position(|message| message.id == id);
        messages.truncate(position.ok_or(RoomError::NoMessage)?);
    }
    let messages = messages.into_iter().enumerate();
    let messages = messages
        .filter(|(_, message)| before.as_ref().is_none_or(|time| message.created < *time))
        .map(|(number, message)| (format!("{} {number:020}", message.created), message));
    address.page(messages.collect(), Order::Descending, 50)
}

fn read_time(text: &str) -> Result<String, ApiError> {
    OffsetDateTime::parse(text, &Rfc3339)
        .map(|time| webex_time(time.to_offset(UtcOffset::UTC)))
        .map_err(|_| {
            ApiError::bad_request("The before is not a time, such as 2016-04-21T19:01:55Z.")
        })
}

/// `GET /v1/messages/{id}`
pub(crate) async fn read(
    State(provider): State<Provider>,
    caller: Bearer,
    Path(id): Path<String>,
    StrictQuery(NoParameters {}): StrictQuery<NoParameters>,
) -> Result<Json<Message>, ApiError> {
    caller.require(MESSAGES_READ)?;
    Ok(Json(provider.room_table().message(&id, &caller.person)?))
}

/// `DELETE /v1/messages/{id}`
pub(crate) async fn delete(
    State(provider): State<Provider>,
    caller: Bearer,
    Path(id): Path<String>,
    StrictQuery(NoParameters {}): StrictQuery<NoParameters>,
) -> Result<StatusCode, ApiError> {
    caller.require(MESSAGES_WRITE)?;
    provider.room_table().delete_message(&id, &caller.person)?;
    Ok(StatusCode::NO_CONTENT)
}

fn check_content(text: Option<String>, markdown: Option<String>) -> Result<Draft, ApiError> {
    let filled = |content: Option<String>| content.filter(|content| !content.is_empty());
    let draft = Draft {
        text: filled(text),
        markdown: filled(markdown),
    };
    if draft.text.is_none() && draft.markdown.is_none() {
        return Err(ApiError::bad_request(
            "The message is empty: give text or markdown.",
        ));
    }
    for (name, content) in [("text", &draft.text), ("markdown", &draft.markdown)] {
        if content
            .as_ref()
            .is_some_and(|content| content.len() > MAX_BYTES)
        {
            return Err(ApiError::bad_request(format!(
                "The {name} is longer than the limit of {MAX_BYTES} bytes.",
            )));
        }
    }
    Ok(draft)
}
