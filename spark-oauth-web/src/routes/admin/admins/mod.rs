//! The super admin's pages: one use case, one file.

mod change;
mod create;
mod form;
mod list;
mod remove;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use spark_oauth_core::AdminId;
use spark_oauth_core::admins::Role;

use crate::http::PageError;
use crate::pages::Role as RoleView;
use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/admin/admins", get(list::show).post(create::create))
        .route("/admin/admins/{id}", get(change::show).post(change::change))
        .route("/admin/admins/{id}/remove", post(remove::remove))
}

fn admin_id(text: &str) -> Result<AdminId, PageError> {
    text.parse().map_err(|_| {
        PageError::new(
            StatusCode::NOT_FOUND,
            "There is no such admin",
            "The admin was removed, or the address is mistyped.",
        )
    })
}

fn path_of(id: AdminId) -> String {
    format!("/admin/admins/{id}")
}

const fn view_of(role: Role) -> RoleView {
    match role {
        Role::Admin => RoleView::Admin,
        Role::SuperAdmin => RoleView::SuperAdmin,
    }
}
