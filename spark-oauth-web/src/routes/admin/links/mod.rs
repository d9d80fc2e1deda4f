//! Consent links in the admin centre: one use case, one file. Every admin may make them.

mod create;
mod detail;
mod end;
mod form;
mod list;
mod send;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use spark_oauth_core::ConsentLinkId;
use spark_oauth_core::consent_links::LinkError;

pub(super) use self::send::{Confirmation, ask_to_send, explain, sent};
use crate::http::PageError;
use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/admin/links", get(list::show).post(create::create))
        .route("/admin/links/new", get(create::show))
        .route("/admin/links/{id}", get(detail::show))
        .route("/admin/links/{id}/message", post(send::send))
        .route("/admin/links/{id}/end", post(end::end))
}

/// A path that names no link is like one that names a link which is gone.
fn link_id(text: &str) -> Result<ConsentLinkId, PageError> {
    text.parse().map_err(|_| no_such_link())
}

fn path_of(id: ConsentLinkId) -> String {
    format!("/admin/links/{id}")
}

fn no_such_link() -> PageError {
    PageError::new(
        StatusCode::NOT_FOUND,
        "There is no such consent link",
        "It was removed long after its end, or the address is mistyped.",
    )
    .with_step("Show all consent links", "/admin/links")
}

impl From<LinkError> for PageError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::NotFound => no_such_link(),
            LinkError::Invalid(_) => Self::of(StatusCode::UNPROCESSABLE_ENTITY),
            LinkError::Store(error) => error.into(),
        }
    }
}
