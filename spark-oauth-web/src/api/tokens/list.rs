//! `GET /api/v1/tokens`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use spark_oauth_core::api_access::ApiAccess;
use spark_oauth_core::ports::{Cursor, PageRequest, TokenFilter};
use spark_oauth_core::token::StatusKind;
use spark_oauth_core::{EmailAddress, Timestamp};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::ToSchema;

use crate::api::etag::Version;
use crate::api::gate::Service;
use crate::api::no_body::NoBody;
use crate::api::openapi::parameters::{ConditionalHeader, ListParameters, ScopeParameter};
use crate::api::parameters::{limit, scopes};
use crate::api::problem::Problem;
use crate::api::query::Query;
use crate::api::record::TokenRecord;

/// A page of tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct TokenList {
    /// The tokens, newest first.
    items: Vec<TokenRecord>,
    /// Where the next page begins: the `cursor` of the next call, with the same
    /// filters. Null where this is the last page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List the tokens.
///
/// The stored consents of all people, or of those whom the key is limited to, newest
/// first, in pages. Lists and their pages are stable while tokens come and go.
#[utoipa::path(
    get,
    path = "/api/v1/tokens",
    tag = "Tokens",
    params(ListParameters, ScopeParameter, ConditionalHeader),
    responses(
        (status = 200, description = "A page of tokens.", body = TokenList, headers(
            ("ETag" = String, description = "The version of the page, for `If-None-Match`."),
        )),
        (status = 304, description = "The client has the newest version."),
    ),
    security(("bearer" = ["tokens:read"])),
)]
pub(in crate::api) async fn list_tokens(
    State(access): State<ApiAccess>,
    Service(service): Service,
    headers: HeaderMap,
    mut query: Query,
    _: NoBody,
) -> Result<Response, Problem> {
    let filter = TokenFilter {
        email_part: query.one_without_spaces("email", read_part)?,
        status: query.one("status", str::parse::<StatusKind>)?,
        expiring_before: query.one_without_spaces("expiring_before", read_time)?,
        scopes: scopes(&mut query)?,
        ..TokenFilter::default()
    };
    let request = PageRequest {
        limit: limit(&mut query)?,
        after: query.one_without_spaces("cursor", Cursor::parse)?,
    };
    query.end()?;
    let page = access.list_tokens(&service, filter, &request).await?;
    let list = TokenList {
        items: page.items.iter().map(TokenRecord::from).collect(),
        next_cursor: page.next.as_ref().map(ToString::to_string),
    };
    Ok(Version::of_page(&page).answer(&headers, &list))
}

/// A part of an address; the empty one is in every address.
fn read_part(text: &str) -> Result<String, &'static str> {
    let is_long = text.chars().count() > EmailAddress::MAX_LENGTH;
    if is_long || text.bytes().any(|byte| byte.is_ascii_control()) {
        return Err("at most 254 characters, and none that cannot be seen");
    }
    Ok(text.to_owned())
}

fn read_time(text: &str) -> Result<Timestamp, &'static str> {
    let read = OffsetDateTime::parse(text, &Rfc3339);
    read.map(Timestamp::from)
        .map_err(|_| "a time as RFC 3339 has it, such as 2026-11-25T09:30:00Z")
}
