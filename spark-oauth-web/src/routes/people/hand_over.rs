//! `POST /actions/createAndJoinRoom` and `POST /actions/deleteRoom`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use spark_oauth_core::audit::{Actor, Caller};
use spark_oauth_core::handoff::{HandOver, HandOverError, HandOverStep, RoomName};
use spark_oauth_core::ports::SparkError;

use super::receipts::{Extras, ReceiptDesk, SAME_PERSON};
use super::{ReceiptForm, receipt_of};
use crate::http::{ClientAddress, PageError, PageForm, is_confirmed, page, page_with_status};
use crate::pages::{
    ConfirmPage, FieldError, Flash, FlashKind, FormErrors, GrantedPage, HiddenField, Layout,
};
use crate::session::{Beginning, Receipt, Receipts, RoomState, Visitor};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RoomForm {
    token: Option<String>,
    #[serde(default)]
    room_name: String,
}

pub(super) async fn create_and_join_room(
    State(service): State<HandOver>,
    State(desk): State<ReceiptDesk>,
    client: ClientAddress,
    mut visitor: Visitor,
    mut receipts: Receipts,
    PageForm(form): PageForm<RoomForm>,
) -> Result<Response, PageError> {
    let receipt = receipt_of(&receipts, form.token.as_deref())?;
    let name = match RoomName::parse(&form.room_name) {
        Ok(name) => name,
        Err(error) => {
            let text = format!("{}.", sentence(&error.to_string()));
            let errors = FieldError::new("roomName", text).into();
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return refuse(
                &desk,
                &mut receipts,
                &receipt,
                form.room_name,
                errors,
                status,
            )
            .await;
        }
    };
    let caller = Caller {
        actor: Actor::Person { email: None },
        origin: client.origin,
    };
    let note = match receipts.begin_room(receipt.token, &name).await? {
        Beginning::Here(note) => note,
        Beginning::Ready => return Ok(Redirect::to("/granted").into_response()),
        Beginning::Failed => {
            let text = "The room was not created. Try again.";
            let errors = FieldError::form(text).into();
            let status = StatusCode::CONFLICT;
            return refuse(
                &desk,
                &mut receipts,
                &receipt,
                form.room_name,
                errors,
                status,
            )
            .await;
        }
    };
    let record = |created| note.end(created);
    match service
        .create_and_join_room(receipt.token, name, &caller, record)
        .await
    {
        Ok(_) => {
            let text = "The room is ready, and the token was posted in it.";
            visitor.say(Flash::new(FlashKind::Success, text)).await?;
            Ok(Redirect::to("/granted").into_response())
        }
        Err(HandOverError::Token(error)) => Err(error.into()),
        Err(error) => {
            tracing::warn!(reason = error.reason(), %error, "a hand-over failed");
            let (status, text) = explain(&error);
            let errors = FieldError::form(text).into();
            refuse(
                &desk,
                &mut receipts,
                &receipt,
                form.room_name,
                errors,
                status,
            )
            .await
        }
    }
}

/// The receipts again, with what was typed and what is wrong.
async fn refuse(
    desk: &ReceiptDesk,
    receipts: &mut Receipts,
    receipt: &Receipt,
    typed: String,
    errors: FormErrors,
    status: StatusCode,
) -> Result<Response, PageError> {
    let extras = Extras {
        revealed: None,
        refused: Some((receipt.token, typed, errors)),
    };
    let receipts = desk.receipts(receipts, &extras).await?;
    let layout = Layout::people("Access granted");
    page_with_status(status, &GrantedPage { layout, receipts })
}

fn explain(error: &HandOverError) -> (StatusCode, String) {
    match error {
        HandOverError::SamePerson => (StatusCode::CONFLICT, SAME_PERSON.to_owned()),
        HandOverError::TooLong { length, limit } => (
            StatusCode::UNPROCESSABLE_ENTITY,
            format!(
                "The token is too long for a Webex message: {length} bytes, and Webex takes \
                 {limit}. No room was created."
            ),
        ),
        HandOverError::Step { step, source } => (
            StatusCode::BAD_GATEWAY,
            format!(
                "{} failed: {}. {}",
                sentence(&step.to_string()),
                what_webex_said(source),
                what_is_left(*step)
            ),
        ),
        HandOverError::LeftBehind { step, room, source } => (
            StatusCode::BAD_GATEWAY,
            format!(
                "{} failed: {}. The room could not be removed again: delete the room {} in Webex.",
                sentence(&step.to_string()),
                what_webex_said(source),
                room.as_str()
            ),
        ),
        HandOverError::RoomDeleted => (
            StatusCode::CONFLICT,
            "Your receipt did not keep the room: it has expired, has another room by now, or our \
             storage failed. The room was deleted again."
                .to_owned(),
        ),
        HandOverError::RoomNotRecorded { room, .. } => (
            StatusCode::BAD_GATEWAY,
            format!(
                "Your receipt did not keep the room, and the room could not be deleted: delete \
                 the room {} in Webex.",
                room.as_str()
            ),
        ),
        HandOverError::Token(_) | HandOverError::Interrupted => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "The hand-over was interrupted. If it left a room in Webex, delete the room there."
                .to_owned(),
        ),
    }
}

const fn what_is_left(step: HandOverStep) -> &'static str {
    match step {
        HandOverStep::CreateRoom => "No room was created.",
        HandOverStep::AddMember | HandOverStep::PostMessage => "The room was removed again.",
    }
}

fn what_webex_said(error: &SparkError) -> String {
    let tracking = error
        .tracking_id
        .as_ref()
        .map(|id| format!(", TrackingID {id}"));
    format!("{error}{}", tracking.unwrap_or_default())
}

/// Errors of the library are lower-case fragments.
fn sentence(fragment: &str) -> String {
    let mut characters = fragment.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

pub(super) async fn delete_room(
    State(service): State<HandOver>,
    client: ClientAddress,
    mut visitor: Visitor,
    receipts: Receipts,
    PageForm(form): PageForm<ReceiptForm>,
) -> Result<Response, PageError> {
    let receipt = receipt_of(&receipts, form.token.as_deref())?;
    let RoomState::Ready(room) = &receipt.room else {
        let text = "There is no room to delete: none was created, or it is gone already.";
        visitor.say(Flash::new(FlashKind::Info, text)).await?;
        return Ok(Redirect::to("/granted").into_response());
    };
    if !is_confirmed(form.confirm.as_deref()) {
        return ask(&receipt, &room.name);
    }
    let caller = Caller {
        actor: Actor::Person { email: None },
        origin: client.origin,
    };
    service
        .delete_room(receipt.token, &room.id, &caller)
        .await?;
    receipts.forget_room(receipt.token, &room.id).await?;
    visitor
        .say(Flash::new(FlashKind::Success, "The room was deleted."))
        .await?;
    Ok(Redirect::to("/granted").into_response())
}

fn ask(receipt: &Receipt, room: &str) -> Result<Response, PageError> {
    page(&ConfirmPage {
        layout: Layout::people("Delete the room?"),
        title: "Delete the room?".to_owned(),
        subject: Some(room.to_owned()),
        consequences: vec![
            "The room and the message with the token disappear from Webex, for both of you."
                .to_owned(),
            "The token itself stays valid.".to_owned(),
        ],
        action: "/actions/deleteRoom".to_owned(),
        hidden: vec![HiddenField::new("token", receipt.token.to_string())],
        button: "Delete the room".to_owned(),
        is_destructive: true,
        cancel: "/granted".to_owned(),
    })
}
