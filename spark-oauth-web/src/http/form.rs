//! Forms: a body that cannot be read is a page, not a bare text.

use std::time::Duration;

use axum::body::HttpBody as _;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, FromRequest, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse as _;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::http::PageError;

/// How long a body may take on its way, which is short: whoever takes longer only holds a
/// connection.
pub(crate) const SLOWEST_BODY: Duration = Duration::from_secs(20);

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
        match timeout(SLOWEST_BODY, Form::<T>::from_request(request, state)).await {
            Ok(Ok(Form(fields))) => Ok(Self(fields)),
            Ok(Err(rejection)) => Err(refuse(rejection)),
            Err(_) => Err(too_slow()),
        }
    }
}

fn too_slow() -> PageError {
    PageError::new(
        StatusCode::REQUEST_TIMEOUT,
        "The form did not arrive",
        "Your browser began to send it and did not end. Check the connection and send it again.",
    )
}

/// The text of a rejection may quote what was sent, so it goes nowhere.
fn refuse(rejection: FormRejection) -> PageError {
    let status = rejection.into_response().status();
    tracing::info!(%status, "a form could not be read");
    PageError::of(status)
}
