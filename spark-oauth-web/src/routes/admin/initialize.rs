//! `GET`, `POST /admin/initialize`: the super admin, once, under the set-up link.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use spark_oauth_core::admins::{AdminError, AdminService, NewPassword};
use spark_oauth_core::{Password, SetUpCode};

use super::problems::form_errors;
use super::return_path::START;
use crate::http::{ClientAddress, PageError, PageForm, page_with_status};
use crate::pages::{Flash, FlashKind, FormErrors, Layout, SetUpPage};
use crate::session::Visitor;

#[derive(Deserialize)]
pub(super) struct Link {
    #[serde(default)]
    code: String,
}

pub(super) async fn show(
    State(admins): State<AdminService>,
    link: Result<Query<Link>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, PageError> {
    let code = SetUpCode::new(link.map(|Query(link)| link.code).unwrap_or_default());
    admins.check_set_up_code(&code).await?;
    draw(&admins, &code, StatusCode::OK, FormErrors::none())
}

fn draw(
    admins: &AdminService,
    code: &SetUpCode,
    status: StatusCode,
    errors: FormErrors,
) -> Result<Response, PageError> {
    let settings = admins
        .super_admin_settings()
        .ok_or(AdminError::NoSuperAdminConfigured)?;
    page_with_status(
        status,
        &SetUpPage {
            layout: Layout::signed_out("Set-up"),
            code: code.expose_secret().into(),
            username: settings.username.to_string(),
            email: settings
                .email
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            asks_password: admins.set_up_needs_password(),
            errors,
        },
    )
}

#[derive(Deserialize)]
pub(super) struct SetUpForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    password_again: String,
}

pub(super) async fn create(
    State(admins): State<AdminService>,
    client: ClientAddress,
    mut visitor: Visitor,
    link: Result<Query<Link>, axum::extract::rejection::QueryRejection>,
    PageForm(form): PageForm<SetUpForm>,
) -> Result<Response, PageError> {
    // A form that is posted to the link itself carries the code in the address.
    let in_address = link.map(|Query(link)| link.code).unwrap_or_default();
    let code = SetUpCode::new(if form.code.is_empty() {
        in_address
    } else {
        form.code
    });
    let password = NewPassword {
        password: Password::new(form.password),
        password_again: Password::new(form.password_again),
    };
    match admins.set_up(&code, Some(&password), &client.origin).await {
        Ok(admin) => {
            tracing::info!(admin = %admin.username, "the super admin was set up");
            visitor.sign_in(&admin).await?;
            let text = "The super admin is set up, and you are signed in.";
            visitor.say(Flash::new(FlashKind::Success, text)).await?;
            Ok(Redirect::to(START).into_response())
        }
        Err(error) => match form_errors(&error) {
            Some(errors) => draw(&admins, &code, StatusCode::UNPROCESSABLE_ENTITY, errors),
            None => Err(error.into()),
        },
    }
}
