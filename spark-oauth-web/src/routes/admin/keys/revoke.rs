//! `POST /admin/keys/{id}/revoke`.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use spark_oauth_core::api_keys::{ApiKey, ApiKeyService};

use super::{key_id, path_of};
use crate::http::{PageError, PageForm, is_confirmed, page};
use crate::pages::{ConfirmPage, Flash, FlashKind, Section};
use crate::routes::admin::guard::CurrentAdmin;

#[derive(Debug, Deserialize)]
pub(super) struct Confirmation {
    confirm: Option<String>,
}

pub(super) async fn revoke(
    State(keys): State<ApiKeyService>,
    Path(id): Path<String>,
    mut current: CurrentAdmin,
    PageForm(form): PageForm<Confirmation>,
) -> Result<Response, PageError> {
    let id = key_id(&id)?;
    if !is_confirmed(form.confirm.as_deref()) {
        let key = keys.get(id).await?;
        return ask(&current, &key);
    }
    let key = keys.revoke(id, &current.caller()).await?;
    let text = format!("The API key “{}” is revoked.", key.name);
    let flash = Flash::new(FlashKind::Success, text);
    current.visitor.say(flash).await?;
    Ok(Redirect::to(&path_of(id)).into_response())
}

fn ask(current: &CurrentAdmin, key: &ApiKey) -> Result<Response, PageError> {
    page(&ConfirmPage {
        layout: current.quiet_layout("Revoke this API key?", Section::Keys),
        title: "Revoke this API key?".to_owned(),
        subject: Some(key.name.to_string()),
        consequences: vec![
            "Services that use it are refused within a second.".to_owned(),
            "It cannot be taken back: make a new key for a service that still needs one."
                .to_owned(),
            "Its record stays, so that the audit log can be understood.".to_owned(),
        ],
        action: format!("{}/revoke", path_of(key.id)),
        hidden: Vec::new(),
        button: "Revoke the key".to_owned(),
        is_destructive: true,
        cancel: path_of(key.id),
    })
}
