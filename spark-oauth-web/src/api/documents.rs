//! The API's description of itself: for programs, and for people.

use std::sync::Arc;

use askama::Template as _;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::middleware::from_fn_with_state;
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};

use super::code::Code;
use super::no_body::NoBody;
use super::openapi::document;
use super::problem::Problem;
use super::query::Query;
use super::state::ApiState;
use crate::http::security_headers;
use crate::pages::api_docs::{CodeView, Prose, api_docs};
use crate::site::Site;

pub(super) fn router(state: &ApiState) -> Router<ApiState> {
    let docs = get(show_docs).layer(from_fn_with_state(state.site().clone(), security_headers));
    Router::new()
        .route("/api/v1/openapi.json", get(show_openapi))
        .route("/api/v1/docs", docs)
}

/// Read this document.
///
/// OpenAPI 3.1, made from the code of the service that answers.
#[utoipa::path(
    get,
    path = "/api/v1/openapi.json",
    tag = "Documentation",
    responses((status = 200, description = "The document.", content_type = "application/json", body = serde_json::Map<String, serde_json::Value>)),
)]
pub(super) async fn show_openapi(query: Query, _: NoBody) -> Result<Response, Problem> {
    query.end()?;
    let mut response = Json(document()).into_response();
    keep(&mut response);
    Ok(response)
}

/// Read it as a page.
///
/// The same document for people, in HTML, with an example of every call.
#[utoipa::path(
    get,
    path = "/api/v1/docs",
    tag = "Documentation",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)),
)]
pub(super) async fn show_docs(
    State(site): State<Arc<Site>>,
    query: Query,
    _: NoBody,
) -> Result<Response, Problem> {
    query.end()?;
    let page = api_docs(document(), codes(), &site.public_url);
    let page = page.render().map_err(|error| {
        tracing::error!(%error, "the documentation could not be drawn");
        Problem::of(Code::Internal)
    })?;
    let mut response = Html(page).into_response();
    keep(&mut response);
    Ok(response)
}

fn codes() -> Vec<CodeView> {
    let codes = Code::ALL.iter().map(|code| CodeView {
        code: code.as_str().to_owned(),
        status: code.status().as_u16(),
        title: code.title().to_owned(),
        about: Prose::of(code.explanation()),
    });
    codes.collect()
}

/// It changes with the version of the service alone.
fn keep(response: &mut Response) {
    let an_hour = HeaderValue::from_static("public, max-age=3600");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, an_hour);
}
