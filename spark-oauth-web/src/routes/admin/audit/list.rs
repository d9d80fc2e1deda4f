//! `GET /admin/audit`: search, newest first, in pages.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use spark_oauth_core::audit::{AuditEntry, AuditService};
use spark_oauth_core::ports::{Clock, Cursor, PageRequest};
use spark_oauth_core::{ApiKeyId, Timestamp};

use super::search::{SearchForm, filter, link};
use crate::http::{PageError, page, page_with_status};
use crate::pages::audit_words::{action_words, actor_words, nameless, reason_words};
use crate::pages::{AuditListPage, AuditRow, AuditSearch, FormErrors, Layout, Section, TimeView};
use crate::routes::admin::guard::CurrentAdmin;

/// How many entries a page shows.
const ROWS: NonZeroU16 = NonZeroU16::new(50).unwrap();

const DAY: Duration = Duration::from_hours(24);

pub(super) async fn show(
    State(audit): State<AuditService>,
    State(clock): State<Arc<dyn Clock>>,
    mut current: CurrentAdmin,
    parameters: Result<Query<SearchForm>, QueryRejection>,
) -> Result<Response, PageError> {
    let Ok(Query(form)) = parameters else {
        return Err(damaged());
    };
    let search = form.view();
    let layout = current.layout("Audit log", Section::Audit).await?;
    let filter = match filter(&search) {
        Ok(filter) => filter,
        Err(errors) => return refuse(layout, &audit, search, errors),
    };
    let after = match form.cursor.as_str() {
        "" => None,
        text => Some(Cursor::parse(text).map_err(|_| damaged())?),
    };
    let request = PageRequest { after, limit: ROWS };
    let found = audit.search(&filter, &request).await?;
    let now = clock.now();
    page(&AuditListPage {
        rows: found.items.iter().map(|entry| row(entry, now)).collect(),
        first_page: request.after.is_some().then(|| link(&search, None)),
        next_page: found.next.as_ref().map(|next| link(&search, Some(next))),
        ..empty(layout, &audit, search, FormErrors::none())
    })
}

/// The form with what is wrong with it.
pub(super) fn refuse(
    layout: Layout,
    audit: &AuditService,
    search: AuditSearch,
    errors: FormErrors,
) -> Result<Response, PageError> {
    let page = empty(layout, audit, search, errors);
    page_with_status(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

fn empty(
    layout: Layout,
    audit: &AuditService,
    search: AuditSearch,
    errors: FormErrors,
) -> AuditListPage {
    let days = |kept: Duration| kept.as_secs() / DAY.as_secs();
    AuditListPage {
        layout,
        keep_days: audit.kept_for().map(days),
        filter: search,
        errors,
        rows: Vec::new(),
        first_page: None,
        next_page: None,
    }
}

fn damaged() -> PageError {
    PageError::new(
        StatusCode::BAD_REQUEST,
        "This list cannot be shown",
        "The address of this page of the list is damaged.",
    )
    .with_step("Show the whole audit log", "/admin/audit")
}

fn row(entry: &AuditEntry, now: Timestamp) -> AuditRow {
    let actor = &entry.caller.actor;
    let origin = &entry.caller.origin;
    let about_key = entry.api_key.filter(|key| actor.api_key() != Some(*key));
    let key_page = |key: ApiKeyId| format!("/admin/keys/{key}");
    let name = actor.name().filter(|name| !name.is_empty());
    AuditRow {
        action: action_words(entry.action),
        subject: entry.subject.clone().filter(|subject| !subject.is_empty()),
        token: entry.token.map(|token| format!("/admin/tokens/{token}")),
        key: about_key.map(key_page),
        actor_key: actor.api_key().map(key_page),
        actor: name.unwrap_or_else(|| nameless(actor)).to_owned(),
        actor_kind: actor_words(actor),
        at: TimeView::new(entry.at.as_millis(), now.as_millis()),
        address: origin.address.map(|address| address.to_string()),
        request_id: origin.request_id.clone(),
        count: entry.count.get(),
        last_request_id: entry.last_request_id.clone(),
        outcome: entry.outcome.kind(),
        reason: entry.outcome.reason().map(reason_words),
    }
}
