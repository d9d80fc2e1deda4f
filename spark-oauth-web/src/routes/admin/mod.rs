//! The admin centre.

mod admins;
mod audit;
mod entrance;
mod guard;
mod initialize;
mod keys;
mod links;
mod overview;
mod problems;
mod profile;
mod return_path;
mod tokens;
mod webhooks;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{any, get, post};

use self::guard::CurrentAdmin;
use crate::http::PageError;
use crate::state::AppState;

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/admin", get(entrance::show))
        .route(
            "/admin/sign-in",
            get(entrance::lead_to_sign_in).post(entrance::sign_in),
        )
        .route("/admin/sign-out", post(entrance::sign_out))
        .route(
            "/admin/initialize",
            get(initialize::show).post(initialize::create),
        )
        .route("/admin/overview", get(overview::show))
        .route("/admin/webhooks/resume", post(webhooks::resume))
        .route("/admin/profile", get(profile::show).post(profile::change))
        .route("/admin/{*nowhere}", any(not_found))
        .merge(tokens::router())
        .merge(keys::router())
        .merge(links::router())
        .merge(audit::router())
        .merge(admins::router())
}

/// A page that is none, with the navigation of who is signed in.
async fn not_found(_: Option<CurrentAdmin>) -> PageError {
    PageError::of(StatusCode::NOT_FOUND)
}
