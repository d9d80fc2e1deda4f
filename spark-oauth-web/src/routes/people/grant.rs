//! `POST /auth/spark`: begins a consent and leads to the provider.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Redirect;
use axum_extra::extract::cookie::CookieJar;
use spark_oauth_core::consent::{BeginError, ConsentService};
use spark_oauth_core::ports::Random;

use super::browser;
use crate::http::{ClientAddress, PageError};
use crate::site::Site;

pub(super) async fn begin(
    State(consents): State<ConsentService>,
    State(site): State<Arc<Site>>,
    State(random): State<Arc<dyn Random>>,
    client: ClientAddress,
    jar: CookieJar,
) -> Result<(CookieJar, Redirect), PageError> {
    let (jar, secret) = browser::secret_or_new(jar, &site, &*random);
    match consents.begin(&secret, &client.origin).await {
        Ok(url) => Ok((jar, Redirect::to(url.as_str()))),
        Err(BeginError::TooMany { retry_after }) => Err(PageError::new(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many attempts from your network",
            "Many grants were begun from your address and not finished.",
        )
        .with_retry_after(retry_after)),
        Err(BeginError::Store(error)) => Err(error.into()),
    }
}
