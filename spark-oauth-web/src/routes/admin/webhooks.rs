//! `POST /admin/webhooks/resume`: delivers the waiting events at once.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use spark_oauth_core::events::EventService;

use super::guard::CurrentAdmin;
use crate::http::{PageError, PageForm, is_confirmed, page};
use crate::pages::{ConfirmPage, Flash, FlashKind, Section};
use crate::webhooks::DESTINATION;

const OVERVIEW: &str = "/admin/overview";

#[derive(Deserialize)]
pub(super) struct Confirmation {
    confirm: Option<String>,
}

pub(super) async fn resume(
    State(events): State<EventService>,
    mut current: CurrentAdmin,
    PageForm(form): PageForm<Confirmation>,
) -> Result<Response, PageError> {
    if !is_confirmed(form.confirm.as_deref()) {
        return ask(&current);
    }
    let resumed = events.resume(DESTINATION, &current.caller()).await;
    resumed.map_err(|error| PageError::from(error).with_step("Back", OVERVIEW))?;
    let text = "Webhooks are resumed: waiting events are being sent now.";
    let flash = Flash::new(FlashKind::Success, text);
    current.visitor.say(flash).await?;
    Ok(Redirect::to(OVERVIEW).into_response())
}

fn ask(current: &CurrentAdmin) -> Result<Response, PageError> {
    page(&ConfirmPage {
        layout: current.quiet_layout("Resume webhooks?", Section::Overview),
        title: "Resume webhooks?".to_owned(),
        subject: None,
        consequences: vec![
            "spark-oauth sends every waiting event to the receiver now.".to_owned(),
            "A receiver that still refuses them is suspended again.".to_owned(),
            "The receiver may get an event twice, with the same identifier.".to_owned(),
        ],
        action: "/admin/webhooks/resume".to_owned(),
        hidden: Vec::new(),
        button: "Resume webhooks".to_owned(),
        is_destructive: false,
        cancel: OVERVIEW.to_owned(),
    })
}
