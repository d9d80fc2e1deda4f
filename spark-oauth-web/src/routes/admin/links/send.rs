//! `POST /admin/links/{id}/message`: the link goes to the person on Webex.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use spark_oauth_core::broker::TokenError;
use spark_oauth_core::consent::ConsentService;
use spark_oauth_core::consent_links::{ConsentLinkService, SendError};

use super::{link_id, path_of};
use crate::http::{PageError, PageForm, is_confirmed, page};
use crate::pages::{ConfirmPage, Flash, FlashKind, Section, sentence};
use crate::routes::admin::guard::CurrentAdmin;
use crate::site::Site;

/// The answer of a confirmation page.
#[derive(Debug, Deserialize)]
pub(in crate::routes::admin) struct Confirmation {
    pub(in crate::routes::admin) confirm: Option<String>,
}

pub(super) async fn send(
    State(links): State<ConsentLinkService>,
    State(consents): State<ConsentService>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    mut current: CurrentAdmin,
    PageForm(form): PageForm<Confirmation>,
) -> Result<Response, PageError> {
    let link = links.get(link_id(&id)?).await?;
    let back = path_of(link.id);
    let person = link.expected_email.as_ref().map(ToString::to_string);
    if let (false, Some(person)) = (is_confirmed(form.confirm.as_deref()), &person) {
        let sender = consents.integration().requester.as_str();
        return ask_to_send(&current, Section::Links, person, sender, &back);
    }
    let url = site.consent_url(&links.text(&link));
    let outcome = links.send(&link, &url, &current.caller()).await;
    outcome.map_err(|error| explain(error, &back))?;
    current.visitor.say(sent(person.as_deref())).await?;
    Ok(Redirect::to(&back).into_response())
}

/// Asks whether a link is to be sent; `back` is the page of the record.
pub(in crate::routes::admin) fn ask_to_send(
    current: &CurrentAdmin,
    section: Section,
    person: &str,
    sender: &str,
    back: &str,
) -> Result<Response, PageError> {
    page(&ConfirmPage {
        layout: current.quiet_layout("Send the link?", section),
        title: "Send the link?".to_owned(),
        subject: Some(person.to_owned()),
        consequences: vec![
            format!("The person gets a direct message on Webex from {sender}."),
            "It holds the link and, where there is one, the note.".to_owned(),
        ],
        action: format!("{back}/message"),
        hidden: Vec::new(),
        button: "Send the message".to_owned(),
        is_destructive: false,
        cancel: back.to_owned(),
    })
}

/// Says that the link was sent.
pub(in crate::routes::admin) fn sent(person: Option<&str>) -> Flash {
    let text = format!("The link was sent to {}.", person.unwrap_or_default());
    Flash::new(FlashKind::Success, text)
}

/// Why the link was not sent, and what to do.
pub(in crate::routes::admin) fn explain(error: SendError, back: &str) -> PageError {
    let page = match error {
        SendError::Store(error) => error.into(),
        SendError::Provider(error) => PageError::from(&error),
        SendError::Token(
            error @ (TokenError::Provider(_) | TokenError::Store(_) | TokenError::Vault(_)),
        ) => error.into(),
        SendError::Token(error) => refused(&error),
        error => refused(&error),
    };
    page.with_step("Back", back)
}

fn refused(why: &impl ToString) -> PageError {
    let text = format!(
        "{}. The link is still good: copy it.",
        sentence(&why.to_string())
    );
    PageError::new(StatusCode::CONFLICT, "The link was not sent", text)
}
