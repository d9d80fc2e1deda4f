//! `POST /admin/tokens/{id}/message`: a link to consent again goes to the person.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use spark_oauth_core::broker::Broker;
use spark_oauth_core::consent::ConsentService;
use spark_oauth_core::consent_links::ConsentLinkService;
use spark_oauth_core::token::StatusKind;

use super::{address, path_of, token_id};
use crate::http::{PageError, PageForm, is_confirmed};
use crate::pages::Section;
use crate::routes::admin::guard::CurrentAdmin;
use crate::routes::admin::links::{Confirmation, ask_to_send, explain, sent};
use crate::site::Site;

pub(super) async fn send(
    State(broker): State<Broker>,
    State(links): State<ConsentLinkService>,
    State(consents): State<ConsentService>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    mut current: CurrentAdmin,
    PageForm(form): PageForm<Confirmation>,
) -> Result<Response, PageError> {
    let token = broker.get(token_id(&id)?).await?;
    let back = path_of(token.id);
    if token.status.kind() != StatusKind::NeedsConsent {
        return Err(PageError::new(
            StatusCode::CONFLICT,
            "No consent is needed",
            "The token changed meanwhile. Look at it again.",
        )
        .with_step("Back", back));
    }
    let person = address(&token);
    let person = person.as_str();
    if !is_confirmed(form.confirm.as_deref()) {
        let sender = consents.integration().requester.as_str();
        return ask_to_send(&current, Section::Tokens, person, sender, &back);
    }
    let url = site.consent_url(&links.renewal(&token));
    let outcome = links.send_renewal(&token, &url, &current.caller()).await;
    outcome.map_err(|error| explain(error, &back))?;
    current.visitor.say(sent(Some(person))).await?;
    Ok(Redirect::to(&back).into_response())
}
