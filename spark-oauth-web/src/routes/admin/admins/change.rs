//! `GET`, `POST /admin/admins/{id}`: one admin.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use spark_oauth_core::admins::{Admin, AdminService};
use spark_oauth_core::ports::Clock;

use super::form::AdminForm;
use super::{admin_id, path_of, view_of};
use crate::http::{PageError, PageForm, page, page_with_status};
use crate::pages::{AdminDetailPage, Flash, FlashKind, FormErrors, Layout, Section, TimeView};
use crate::routes::admin::guard::CurrentAdmin;
use crate::routes::admin::problems::form_errors;

pub(super) async fn show(
    State(admins): State<AdminService>,
    State(clock): State<Arc<dyn Clock>>,
    Path(id): Path<String>,
    mut current: CurrentAdmin,
) -> Result<Response, PageError> {
    let admin = admins.get(&current.admin, admin_id(&id)?).await?;
    let layout = current.layout(&title(&admin), Section::Admins).await?;
    page(&draw(layout, &admin, clock.now().as_millis()))
}

fn title(admin: &Admin) -> String {
    format!("Admin {}", admin.username)
}

fn draw(layout: Layout, admin: &Admin, now_ms: i64) -> AdminDetailPage {
    AdminDetailPage {
        layout,
        id: admin.id.to_string(),
        name: admin.username.to_string(),
        role: view_of(admin.role),
        created: TimeView::new(admin.created_at.as_millis(), now_ms),
        username: admin.username.to_string(),
        email: admin
            .email
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        errors: FormErrors::none(),
    }
}

pub(super) async fn change(
    State(admins): State<AdminService>,
    State(clock): State<Arc<dyn Clock>>,
    Path(id): Path<String>,
    mut current: CurrentAdmin,
    PageForm(form): PageForm<AdminForm>,
) -> Result<Response, PageError> {
    let id = admin_id(&id)?;
    let input = form.into_input();
    match admins
        .change(&current.admin, id, &input, &current.origin)
        .await
    {
        Ok(admin) => {
            if admin.id == current.admin.id {
                // The own sessions have ended too; this browser begins a new one.
                current.visitor.sign_in(&admin).await?;
            }
            let text = format!(
                "The admin {} was changed, and is signed out.",
                admin.username
            );
            current
                .visitor
                .say(Flash::new(FlashKind::Success, text))
                .await?;
            Ok(Redirect::to(&path_of(id)).into_response())
        }
        Err(error) => {
            let Some(errors) = form_errors(&error) else {
                return Err(error.into());
            };
            let admin = admins.get(&current.admin, id).await?;
            let layout = current.quiet_layout(&title(&admin), Section::Admins);
            let mut page = draw(layout, &admin, clock.now().as_millis());
            (page.username, page.email, page.errors) = (input.username, input.email, errors);
            page_with_status(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}
