//! `POST /admin/links/{id}/end`: nobody can consent under the link from now on.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use spark_oauth_core::consent_links::{ConsentLink, ConsentLinkService, EndError, NotUsable};

use super::{Confirmation, link_id, no_such_link, path_of};
use crate::http::{PageError, PageForm, is_confirmed, page};
use crate::pages::{ConfirmPage, Flash, FlashKind, Section};
use crate::routes::admin::guard::CurrentAdmin;

pub(super) async fn end(
    State(links): State<ConsentLinkService>,
    Path(id): Path<String>,
    mut current: CurrentAdmin,
    PageForm(form): PageForm<Confirmation>,
) -> Result<Response, PageError> {
    let id = link_id(&id)?;
    let back = path_of(id);
    if !is_confirmed(form.confirm.as_deref()) {
        let link = links.get(id).await?;
        // Nobody is asked whether to do what cannot be done.
        let ended = link.end(links.now());
        let link = ended.map_err(|why| explain(why.into(), &back))?;
        return ask(&current, &link, back);
    }
    let outcome = links.end(id, &current.caller()).await;
    outcome.map_err(|error| explain(error, &back))?;
    let text = "The link has ended. Nobody can consent under it any more.";
    let flash = Flash::new(FlashKind::Success, text);
    current.visitor.say(flash).await?;
    Ok(Redirect::to(&back).into_response())
}

fn ask(current: &CurrentAdmin, link: &ConsentLink, back: String) -> Result<Response, PageError> {
    let person = link.expected_email.as_ref().map(ToString::to_string);
    page(&ConfirmPage {
        layout: current.quiet_layout("End this link?", Section::Links),
        title: "End this link?".to_owned(),
        subject: Some(person.unwrap_or_else(|| "Whoever opens the link".to_owned())),
        consequences: vec![
            "Nobody can consent under it any more, nor finish a consent that has begun.".to_owned(),
            "Whoever opens it reads that it has expired.".to_owned(),
            "It cannot be taken back: make a new link for a person whose access you still need."
                .to_owned(),
        ],
        action: format!("{back}/end"),
        hidden: Vec::new(),
        button: "End the link".to_owned(),
        is_destructive: true,
        cancel: back,
    })
}

/// Why the link was not ended, and what to do.
fn explain(error: EndError, back: &str) -> PageError {
    let text = match error {
        EndError::NotFound => return no_such_link(),
        EndError::Store(error) => return PageError::from(error).with_step("Back", back),
        EndError::NotUsable(NotUsable::UsedUp) => {
            "The person has consented already. To end a link does not undo a consent: revoke or \
             remove the token that came of it."
        }
        EndError::NotUsable(NotUsable::Expired) => {
            "It had ended before, so nobody can consent under it."
        }
    };
    PageError::new(StatusCode::CONFLICT, "The link was not ended", text)
        .with_step("Show the link", back)
}
