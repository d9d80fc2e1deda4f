//! `GET /admin/tokens`: search by part of an e-mail, filter, pages.

use std::num::NonZeroU16;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use spark_oauth_core::Timestamp;
use spark_oauth_core::broker::Broker;
use spark_oauth_core::ports::{Clock, Cursor, PageRequest, TokenFilter};
use spark_oauth_core::token::{StatusKind, Token};
use url::form_urlencoded;

use super::{address, path_of};
use crate::http::{PageError, page};
use crate::pages::{
    Section, TimeView, TokenFilter as FilterView, TokenListPage, TokenRow, TokenStatus,
};
use crate::routes::admin::guard::CurrentAdmin;

/// How many tokens a page shows.
const ROWS: NonZeroU16 = NonZeroU16::new(50).unwrap();

#[derive(Debug, Default, Deserialize)]
pub(super) struct Parameters {
    #[serde(default)]
    email: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    cursor: String,
}

pub(super) async fn show(
    State(broker): State<Broker>,
    State(clock): State<Arc<dyn Clock>>,
    mut current: CurrentAdmin,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Response, PageError> {
    let Ok(Query(parameters)) = parameters else {
        return Err(unreadable("The address of this list is damaged."));
    };
    let status = parse_status(&parameters.status)?;
    // No address holds a space. In a link that was written by hand, a plus that is not
    // percent-encoded arrives as one.
    let email = parameters.email.trim().replace(' ', "+");
    let filter = TokenFilter {
        email_part: Some(email.clone()).filter(|part| !part.is_empty()),
        status,
        ..TokenFilter::default()
    };
    let request = PageRequest {
        after: parse_cursor(&parameters.cursor)?,
        limit: ROWS,
    };
    let tokens = broker.list(&filter, &request).await?;
    let now = clock.now();
    let view = FilterView {
        email,
        status: status.map(view_of),
    };
    let link = |cursor: Option<&Cursor>| link(&view, cursor);
    page(&TokenListPage {
        layout: current.layout("Tokens", Section::Tokens).await?,
        rows: tokens.items.iter().map(|token| row(token, now)).collect(),
        first_page: request.after.is_some().then(|| link(None)),
        next_page: tokens.next.as_ref().map(|next| link(Some(next))),
        filter: view,
    })
}

fn parse_status(text: &str) -> Result<Option<StatusKind>, PageError> {
    match text {
        "" => Ok(None),
        word => word.parse().map(Some).map_err(|_| {
            unreadable("There is no such status: choose active, needs_consent or revoked.")
        }),
    }
}

fn parse_cursor(text: &str) -> Result<Option<Cursor>, PageError> {
    match text {
        "" => Ok(None),
        text => Cursor::parse(text)
            .map(Some)
            .map_err(|_| unreadable("The address of this page of the list is damaged.")),
    }
}

fn unreadable(text: &str) -> PageError {
    PageError::new(StatusCode::BAD_REQUEST, "This list cannot be shown", text)
        .with_step("Show all tokens", "/admin/tokens")
}

/// The list with the same filter, from a cursor on.
fn link(filter: &FilterView, cursor: Option<&Cursor>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if !filter.email.is_empty() {
        query.append_pair("email", &filter.email);
    }
    if let Some(status) = filter.status {
        query.append_pair("status", status.value());
    }
    if let Some(cursor) = cursor {
        query.append_pair("cursor", &cursor.to_string());
    }
    let query = query.finish();
    if query.is_empty() {
        "/admin/tokens".to_owned()
    } else {
        format!("/admin/tokens?{query}")
    }
}

fn row(token: &Token, now: Timestamp) -> TokenRow {
    let now_ms = now.as_millis();
    TokenRow {
        href: path_of(token.id),
        name: token.display_name.clone(),
        email: address(token),
        status: view_of(token.status.kind()),
        expires: Some(TimeView::new(token.access_expires_at.as_millis(), now_ms)),
        refreshed: TimeView::maybe(token.last_refresh.map(|last| last.at.as_millis()), now_ms),
    }
}

pub(super) const fn view_of(status: StatusKind) -> TokenStatus {
    match status {
        StatusKind::Active => TokenStatus::Active,
        StatusKind::NeedsConsent => TokenStatus::NeedsConsent,
        StatusKind::Revoked => TokenStatus::Revoked,
    }
}
