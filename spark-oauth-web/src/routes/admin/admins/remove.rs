//! `POST /admin/admins/{id}/remove`.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use spark_oauth_core::admins::{Admin, AdminError, AdminService};

use super::{admin_id, path_of};
use crate::http::{PageError, PageForm, is_confirmed, page};
use crate::pages::{ConfirmPage, Flash, FlashKind, Section};
use crate::routes::admin::guard::CurrentAdmin;

#[derive(Debug, Deserialize)]
pub(super) struct Confirmation {
    confirm: Option<String>,
}

pub(super) async fn remove(
    State(admins): State<AdminService>,
    Path(id): Path<String>,
    mut current: CurrentAdmin,
    PageForm(form): PageForm<Confirmation>,
) -> Result<Response, PageError> {
    let id = admin_id(&id)?;
    if !is_confirmed(form.confirm.as_deref()) {
        let admin = admins.get(&current.admin, id).await?;
        return ask(&current, &admin);
    }
    let removed = admins.remove(&current.admin, id, &current.origin).await?;
    let text = format!("The admin {} was removed.", removed.username);
    current
        .visitor
        .say(Flash::new(FlashKind::Success, text))
        .await?;
    Ok(Redirect::to("/admin/admins").into_response())
}

fn ask(current: &CurrentAdmin, admin: &Admin) -> Result<Response, PageError> {
    if admin.is_super() {
        return Err(AdminError::SuperAdminStays.into());
    }
    page(&ConfirmPage {
        layout: current.quiet_layout("Remove this admin?", Section::Admins),
        title: "Remove this admin?".to_owned(),
        subject: Some(admin.username.to_string()),
        consequences: vec![
            "The admin is signed out everywhere and can no longer sign in.".to_owned(),
            "Tokens are not touched.".to_owned(),
        ],
        action: format!("{}/remove", path_of(admin.id)),
        hidden: Vec::new(),
        button: "Remove the admin".to_owned(),
        is_destructive: true,
        cancel: path_of(admin.id),
    })
}
