//! Forms: a body that cannot be read is a page, not a bare text.

use std::time::Duration;

use axum::body::HttpBody as _;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, FromRequest, Request};
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse as _;
use serde::de::DeserializeOwned;

use crate::http::PageError;

/// How long a body may pause on its way: whoever sends nothing for longer than this
/// only holds a connection.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// The fields of a posted form.
#[derive(Debug)]
pub(crate) struct PageForm<T>(pub(crate) T);

impl<T, S> FromRequest<S> for PageForm<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = PageError;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, PageError> {
        // A post without a body is a form without fields, whatever it calls itself.
        if request.body().is_end_stream() {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            request.headers_mut().insert(header::CONTENT_TYPE, form);
        }
        match Form::<T>::from_request(request, state).await {
            Ok(Form(fields)) => Ok(Self(fields)),
            Err(rejection) => Err(refuse(rejection)),
        }
    }
}

/// The text of a rejection may quote what was sent, so it goes nowhere.
fn refuse(rejection: FormRejection) -> PageError {
    let status = rejection.into_response().status();
    tracing::info!(%status, "a form could not be read");
    PageError::of(status)
}
