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
            "Webex is asked to revoke every authorization of this person for the integration."
                .to_owned(),
            "Once Webex confirms it, services that use the token are refused, and the record is \
             marked as revoked until you remove it or the person consents again."
                .to_owned(),
            "If Webex does not confirm it, nothing changes.".to_owned(),
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
        Revocation::Confirmed => Flash::new(FlashKind::Success, "The token was revoked at Webex."),
        Revocation::NotConfirmed => Flash::new(
            FlashKind::Warning,
            "Webex did not confirm the revocation, so nothing was changed. Webex does not know \
             the grant, or no valid access token is left to revoke it with. You can remove the \
             record. The person can remove the integration in the Webex settings.",
        ),
        Revocation::NotPermitted => Flash::new(
            FlashKind::Warning,
            "Webex does not let this integration revoke tokens, so nothing was changed. You can \
             remove the record. The token then works until it expires, or until the person \
             removes the integration in the Webex settings.",
        ),
    }
}
