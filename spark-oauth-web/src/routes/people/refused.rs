//! `GET /auth/spark/refused`: why a consent was not completed.
//!
//! The callback redirects here: the address of its own answer would stay in the browser's
//! history with the code and the state (RFC 9700 section 4.2.4).

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;

use crate::http::PageError;
use crate::session::{Receipts, Visitor};
use crate::site::Site;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Parameters {
    /// A reason without details; a reason with details is in the session.
    reason: Option<String>,
}

pub(super) async fn show(
    State(site): State<Arc<Site>>,
    visitor: Result<Visitor, PageError>,
    receipts: Result<Receipts, PageError>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<PageError, PageError> {
    let reason = parameters.ok().and_then(|Query(given)| given.reason);
    let by_word = reason.as_deref().and_then(explain_word);
    if let (Some(page), Some(reason)) = (by_word, reason) {
        tracing::info!(reason, "showing why a consent was not completed");
        let page = page.with_step("Start again", "/");
        // A person who reopens a used callback may have its receipt. If the store fails, the
        // page still says the reason.
        return Ok(match receipts {
            Ok(receipts) if !receipts.is_empty() => page.with_step("See your receipt", "/granted"),
            _ => page,
        });
    }
    let visitor = visitor?;
    let Some(refusal) = visitor.refusal() else {
        return Ok(without_session(&site));
    };
    tracing::info!(
        reason = refusal.reason,
        callback = refusal.request_id,
        "showing why a consent was not completed"
    );
    Ok(refusal.page.clone())
}

/// The page of a reason without details. Most of these can be triggered at will, so no
/// session is stored for them. Anyone can open such an address, so none of these pages
/// answers a server error.
pub(super) fn explain_word(reason: &str) -> Option<PageError> {
    let (status, title, text) = match reason {
        "state_missing" | "state_unknown" => (
            StatusCode::BAD_REQUEST,
            "This link does not work",
            "It was used before, is too old, or was not made by this service. Nothing was \
             granted by opening it. Start again from the first page.",
        ),
        "other_browser" => (
            StatusCode::BAD_REQUEST,
            "This was begun in another browser",
            "For your safety, a grant must end in the browser in which it began. If it is this \
             one, allow cookies for this service. Start again here.",
        ),
        "interrupted" => (
            StatusCode::CONFLICT,
            "The grant was interrupted",
            "This service was stopped or restarted in the middle of it. Start again.",
        ),
        "not_stored" => (
            StatusCode::CONFLICT,
            "The grant could not be stored",
            "Our storage failed after Webex had answered, so this grant may be lost. Wait a \
             minute, then start again.",
        ),
        _ => return None,
    };
    Some(PageError::new(status, title, text))
}

fn without_session(site: &Site) -> PageError {
    let host = site.public_url.host_str().unwrap_or("this service");
    PageError::new(
        StatusCode::BAD_REQUEST,
        "The grant was not completed",
        format!(
            "The reason is no longer known here: your browser keeps no cookies for {host}, or \
             this page is old. Start again."
        ),
    )
    .with_step("Start again", "/")
}
