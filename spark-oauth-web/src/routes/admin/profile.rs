//! `GET`, `POST /admin/profile`: the own profile.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use spark_oauth_core::Password;
use spark_oauth_core::admins::{Admin, AdminService, NewPassword, ProfileInput};

use super::guard::CurrentAdmin;
use super::problems::form_errors;
use crate::http::{PageError, PageForm, page, page_with_status};
use crate::pages::{Flash, FlashKind, FormErrors, Layout, ProfilePage, Section};

pub(super) async fn show(mut current: CurrentAdmin) -> Result<Response, PageError> {
    let layout = current.layout("Profile", Section::Profile).await?;
    let email = current
        .admin
        .email
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    page(&draw(layout, &current.admin, email, FormErrors::none()))
}

fn draw(layout: Layout, admin: &Admin, email: String, errors: FormErrors) -> ProfilePage {
    ProfilePage {
        layout,
        username: admin.username.to_string(),
        email,
        errors,
    }
}

#[derive(Deserialize)]
pub(super) struct ProfileForm {
    #[serde(default)]
    current_password: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    password_again: String,
    #[serde(default)]
    email: String,
}

pub(super) async fn change(
    State(admins): State<AdminService>,
    mut current: CurrentAdmin,
    PageForm(form): PageForm<ProfileForm>,
) -> Result<Response, PageError> {
    let input = ProfileInput {
        current_password: Password::new(form.current_password),
        email: form.email.clone(),
        password: NewPassword {
            password: Password::new(form.password),
            password_again: Password::new(form.password_again),
        },
    };
    match admins
        .change_profile(&current.admin, &input, &current.origin)
        .await
    {
        Ok(admin) => {
            // Every session has ended; this browser begins a new one.
            current.visitor.sign_in(&admin).await?;
            let text = "Your profile was changed. Other browsers that were signed in as you are \
                        signed out.";
            current
                .visitor
                .say(Flash::new(FlashKind::Success, text))
                .await?;
            Ok(Redirect::to("/admin/profile").into_response())
        }
        Err(error) => match form_errors(&error) {
            Some(errors) => {
                let layout = current.quiet_layout("Profile", Section::Profile);
                let page = draw(layout, &current.admin, form.email, errors);
                page_with_status(StatusCode::UNPROCESSABLE_ENTITY, &page)
            }
            None => Err(error.into()),
        },
    }
}
