//! `/v1/messages`

use axum::Json;
use axum::extract::State;
use serde::Deserialize;

use super::bearer::Bearer;
use super::json_body::JsonBody;
use super::memberships::find_person;
use crate::errors::ApiError;
use crate::ids::{self, Kind};
use crate::oauth::scopes::MESSAGES_WRITE;
use crate::provider::Provider;
use crate::rooms::{Draft, Message};

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
