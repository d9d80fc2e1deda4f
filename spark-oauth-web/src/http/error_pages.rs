//! One place draws every error page: for what handlers answer, and for what the
//! framework answers bare (no such route, wrong method, body too large, …).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::http::{PageError, RequestId, page_with_status};
use crate::pages::{Audience, ErrorPage, Navigation};

/// Where a handler leaves the navigation of the admin who is signed in, so that
/// an error page keeps it.
#[derive(Clone, Debug, Default)]
pub(crate) struct NavigationSlot(Arc<Mutex<Option<Navigation>>>);

impl NavigationSlot {
    pub(crate) fn set(&self, navigation: Navigation) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(navigation);
    }

    fn take(&self) -> Option<Navigation> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Marks an answer for a program, which stays as it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ForPrograms;

/// Draws a page for every error that has none.
pub(crate) async fn render_errors(mut request: Request, next: Next) -> Response {
    let slot = NavigationSlot::default();
    request.extensions_mut().insert(slot.clone());
    let is_admin_path = request.uri().path().starts_with("/admin");
    let request_id = request.extensions().get::<RequestId>().cloned();
    let mut response = next.run(request).await;
    let status = response.status();
    let error = response.extensions_mut().remove::<PageError>();
    let is_error = status.is_client_error() || status.is_server_error();
    let is_done = is_page(&response) || response.extensions().get::<ForPrograms>().is_some();
    if error.is_none() && (!is_error || is_done) {
        return response;
    }
    let audience = match slot.take() {
        Some(navigation) => Audience::Admin(navigation),
        None if is_admin_path => Audience::SignedOut,
        None => Audience::People,
    };
    let page = draw(error.unwrap_or(PageError::of(status)), audience, request_id);
    replace_body(response, status, &page)
}

fn is_page(response: &Response) -> bool {
    response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

fn draw(error: PageError, audience: Audience, request_id: Option<RequestId>) -> ErrorPage {
    let status = error.status.as_u16();
    let mut page = match error.words {
        Some((title, explanation)) if error.steps.is_empty() => {
            let usual = ErrorPage::for_status(audience.clone(), status);
            let mut page = ErrorPage::new(audience, status, title, explanation);
            page.next_steps = usual.next_steps;
            page
        }
        Some((title, explanation)) => ErrorPage::new(audience, status, title, explanation),
        None => ErrorPage::for_status(audience, status),
    };
    if let Some(after) = error.retry_after.filter(|_| status == 429) {
        page.explanation = format!("{} Try again in {}.", page.explanation, in_words(after));
    }
    for step in error.steps {
        page = page.with_step(step);
    }
    if let Some(id) = request_id {
        page = page.with_request_id(id.to_string());
    }
    page.with_tracking_id(error.tracking_id.map(|id| id.to_string()))
}

/// A time to wait, rounded up: nobody is to come too early.
fn in_words(wait: Duration) -> String {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    match seconds {
        0 | 1 => "a second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

/// Keeps the headers of the answer, such as `Allow`, `Retry-After` and cookies.
fn replace_body(response: Response, status: StatusCode, page: &ErrorPage) -> Response {
    let Ok(drawn) = page_with_status(status, page) else {
        return response;
    };
    let (mut parts, _) = response.into_parts();
    let (drawn_parts, body) = drawn.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    if let Some(kind) = drawn_parts.headers.get(header::CONTENT_TYPE) {
        parts.headers.insert(header::CONTENT_TYPE, kind.clone());
    }
    Response::from_parts(parts, body)
}
