//! `GET /admin/links`: the links, newest first.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use spark_oauth_core::Timestamp;
use spark_oauth_core::consent_links::{ConsentLink, ConsentLinkService};
use spark_oauth_core::ports::{Cursor, PageRequest};
use std::num::NonZeroU16;

use super::path_of;
use crate::http::{PageError, page};
use crate::pages::{LinkListPage, LinkRow, LinkStatus, Section, TimeView};
use crate::routes::admin::guard::CurrentAdmin;

/// How many links a page shows.
const ROWS: NonZeroU16 = NonZeroU16::new(50).unwrap();

#[derive(Debug, Default, Deserialize)]
pub(super) struct Parameters {
    #[serde(default)]
    cursor: String,
}

pub(super) async fn show(
    State(links): State<ConsentLinkService>,
    mut current: CurrentAdmin,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Response, PageError> {
    let cursor = parameters
        .map(|Query(parameters)| parameters.cursor)
        .unwrap_or_default();
    let after = match cursor.as_str() {
        "" => None,
        text => Some(Cursor::parse(text).map_err(|_| damaged())?),
    };
    let request = PageRequest { after, limit: ROWS };
    let found = links.list(&request).await?;
    let now = links.now();
    page(&LinkListPage {
        layout: current.layout("Consent links", Section::Links).await?,
        rows: found.items.iter().map(|link| row(link, now)).collect(),
        first_page: request.after.is_some().then(|| "/admin/links".to_owned()),
        next_page: found.next.map(|next| format!("/admin/links?cursor={next}")),
    })
}

fn damaged() -> PageError {
    PageError::new(
        StatusCode::BAD_REQUEST,
        "This list cannot be shown",
        "The address of this page of the list is damaged.",
    )
    .with_step("Show all consent links", "/admin/links")
}

fn row(link: &ConsentLink, now: Timestamp) -> LinkRow {
    let view = |at: Timestamp| TimeView::new(at.as_millis(), now.as_millis());
    let person = link.expected_email.as_ref().map(ToString::to_string);
    LinkRow {
        href: path_of(link.id),
        person: person.unwrap_or_else(|| "whoever opens it".to_owned()),
        status: LinkStatus(link.state(now)),
        scopes: match link.scopes.len() {
            1 => "1 permission".to_owned(),
            count => format!("{count} permissions"),
        },
        created: view(link.created_at),
        created_by: link.created_by.clone(),
        expires: view(link.expires_at),
    }
}
