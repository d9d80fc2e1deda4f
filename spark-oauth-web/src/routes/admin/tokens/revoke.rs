//! `POST /admin/tokens/{id}/revoke`.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use spark_oauth_core::broker::Broker;
use spark_oauth_core::ports::Revocation;
use spark_oauth_core::token::{RevokedBy, Token};

use super::{Confirmation, address, path_of, token_id};
use crate::http::{PageError, PageForm, is_confirmed, page};
use crate::pages::{ConfirmPage, Flash, FlashKind, Section};
use crate::routes::admin::guard::CurrentAdmin;

pub(super) async fn revoke(
    State(broker): State<Broker>,
    Path(id): Path<String>,
    mut current: CurrentAdmin,
    PageForm(form): PageForm<Confirmation>,
) -> Result<Response, PageError> {
    let id = token_id(&id)?;
    if !is_confirmed(form.confirm.as_deref()) {
        let token = broker.get(id).await?;
        return ask(&current, &token);
    }
    let revocation = broker
        .revoke(id, RevokedBy::Admin, &current.caller())
        .await?;
    current.visitor.say(report(revocation)).await?;
    Ok(Redirect::to(&path_of(id)).into_response())
}

fn ask(current: &CurrentAdmin, token: &Token) -> Result<Response, PageError> {
    page(&ConfirmPage {
        layout: current.quiet_layout("Revoke this token?", Section::Tokens),
        title: "Revoke this token?".to_owned(),
        subject: Some(address(token)),
        consequences: vec![
            "Webex ends every authorization of this person for the integration.".to_owned(),
            "Services that use the token are refused from then on.".to_owned(),
            "The record stays, marked as revoked, until it is removed or the person consents \
             again."
                .to_owned(),
        ],
        action: format!("{}/revoke", path_of(token.id)),
        hidden: Vec::new(),
        button: "Revoke the token".to_owned(),
        is_destructive: true,
        cancel: path_of(token.id),
    })
}

fn report(revocation: Revocation) -> Flash {
    match revocation {
        Revocation::Done => Flash::new(FlashKind::Success, "The token was revoked at Webex."),
        Revocation::AlreadyGone => Flash::new(
            FlashKind::Success,
            "Webex did not know the token any more. It is marked as revoked here.",
        ),
        Revocation::NotPermitted => Flash::new(
            FlashKind::Warning,
            "Webex does not let this integration revoke tokens, so nothing was changed. You can \
             remove the record; the token then ends by itself, or when the person removes the \
             integration in the Webex settings.",
        ),
    }
}
