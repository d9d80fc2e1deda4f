//! `POST /admin/admins`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use spark_oauth_core::admins::AdminService;

use super::form::AdminForm;
use super::list::{AdminList, Typed};
use crate::http::{PageError, PageForm, page_with_status};
use crate::pages::{Flash, FlashKind, Section};
use crate::routes::admin::guard::CurrentAdmin;
use crate::routes::admin::problems::form_errors;

pub(super) async fn create(
    State(admins): State<AdminService>,
    State(list): State<AdminList>,
    mut current: CurrentAdmin,
    PageForm(form): PageForm<AdminForm>,
) -> Result<Response, PageError> {
    let input = form.into_input();
    match admins.create(&current.admin, &input, &current.origin).await {
        Ok(admin) => {
            let text = format!("The admin {} was created.", admin.username);
            current
                .visitor
                .say(Flash::new(FlashKind::Success, text))
                .await?;
            Ok(Redirect::to("/admin/admins").into_response())
        }
        Err(error) => {
            let Some(errors) = form_errors(&error) else {
                return Err(error.into());
            };
            let typed = Typed {
                username: input.username,
                email: input.email,
                errors,
            };
            let layout = current.quiet_layout("Admins", Section::Admins);
            let page = list.draw(layout, &current.admin, None, typed).await?;
            page_with_status(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}
