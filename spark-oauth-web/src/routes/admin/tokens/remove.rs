//! `POST /admin/tokens/{id}/remove`.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use spark_oauth_core::broker::Broker;
use spark_oauth_core::token::Token;

use super::{Confirmation, address, path_of, token_id};
use crate::http::{PageError, PageForm, is_confirmed, page};
use crate::pages::{ConfirmPage, Flash, FlashKind, Section};
use crate::routes::admin::guard::CurrentAdmin;

pub(super) async fn remove(
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
    let removed = broker.remove(id, &current.caller()).await?;
    let text = format!("The token of {} was removed.", address(&removed));
    current
        .visitor
        .say(Flash::new(FlashKind::Success, text))
        .await?;
    Ok(Redirect::to("/admin/tokens").into_response())
}

fn ask(current: &CurrentAdmin, token: &Token) -> Result<Response, PageError> {
    page(&ConfirmPage {
        layout: current.quiet_layout("Remove this token?", Section::Tokens),
        title: "Remove this token?".to_owned(),
        subject: Some(address(token)),
        consequences: vec![
            "The record and its tokens are deleted here, for good.".to_owned(),
            "Webex is not told: to end the access there too, revoke the token first.".to_owned(),
            "To get a token of this person again, the person must consent again.".to_owned(),
        ],
        action: format!("{}/remove", path_of(token.id)),
        hidden: Vec::new(),
        button: "Remove the token".to_owned(),
        is_destructive: true,
        cancel: path_of(token.id),
    })
}
