//! The audit log in the admin centre: searched, and exported.

mod export;
mod list;
mod search;

use axum::Router;
use axum::routing::{get, post};

use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/admin/audit", get(list::show))
        .route("/admin/audit/export", post(export::export))
}
