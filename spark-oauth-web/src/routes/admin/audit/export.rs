//! `POST /admin/audit/export`: what a search finds, as JSON Lines. It is a post, since
//! it adds an entry.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use spark_oauth_core::Timestamp;
use spark_oauth_core::audit::{AuditEntry, AuditExport, AuditLine, AuditService};
use spark_oauth_core::ports::{Clock, StoreError};

use super::list::refuse;
use super::search::{SearchForm, filter};
use crate::http::{PageError, PageForm, no_store};
use crate::pages::Section;
use crate::routes::admin::guard::CurrentAdmin;

pub(super) async fn export(
    State(audit): State<AuditService>,
    State(clock): State<Arc<dyn Clock>>,
    current: CurrentAdmin,
    PageForm(form): PageForm<SearchForm>,
) -> Result<Response, PageError> {
    let search = form.view();
    let filter = match filter(&search) {
        Ok(filter) => filter,
        Err(errors) => {
            let layout = current.quiet_layout("Audit log", Section::Audit);
            return refuse(layout, &audit, search, errors);
        }
    };
    let export = audit.export(filter, &current.caller()).await;
    let mut response = Body::from_stream(stream::try_unfold(export, next_chunk)).into_response();
    let headers = response.headers_mut();
    let lines = HeaderValue::from_static("application/x-ndjson");
    headers.insert(header::CONTENT_TYPE, lines);
    headers.insert(header::CONTENT_DISPOSITION, attachment(clock.now()));
    no_store(headers);
    Ok(response)
}

/// The next page is read when the one before is on its way. Where it cannot be, the
/// answer is cut off, so that nobody takes it for the whole.
async fn next_chunk(mut export: AuditExport) -> Result<Option<(String, AuditExport)>, StoreError> {
    let page = export.next_page().await.inspect_err(|error| {
        tracing::error!(%error, "an export of the audit log was cut off");
    })?;
    Ok(page.map(|entries| (lines(&entries), export)))
}

fn lines(entries: &[AuditEntry]) -> String {
    entries.iter().fold(String::new(), |mut text, entry| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", AuditLine::from(entry));
        text
    })
}

fn attachment(now: Timestamp) -> HeaderValue {
    let day: String = now.to_string().chars().take(10).collect();
    HeaderValue::try_from(format!("attachment; filename=\"audit-{day}.jsonl\""))
        .unwrap_or(HeaderValue::from_static("attachment"))
}
