//! Pages as answers.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use crate::http::PageError;

/// A page with status 200.
pub(crate) fn page(template: &impl Template) -> Result<Response, PageError> {
    page_with_status(StatusCode::OK, template)
}

/// A page with another status.
pub(crate) fn page_with_status(
    status: StatusCode,
    template: &impl Template,
) -> Result<Response, PageError> {
    let body = template
        .render()
        .map_err(|error| PageError::internal(error.to_string()))?;
    Ok((status, Html(body)).into_response())
}
