//! `POST /auth/spark`: begins a consent and leads to the provider.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Redirect;
use serde::Deserialize;
use spark_oauth_core::consent::{BeginError, ConsentService};
use spark_oauth_core::consent_links::ConsentLinkService;
use spark_oauth_core::ports::Random;

use super::{browser, invitation};
use crate::http::{ClientAddress, Cookies, PageError, PageForm};

#[derive(Debug, Deserialize)]
pub(super) struct BeginForm {
    /// The text of the link that the page was opened with.
    link: Option<String>,
    account: Option<String>,
}

pub(super) async fn begin(
    State(consents): State<ConsentService>,
    State(links): State<ConsentLinkService>,
    State(random): State<Arc<dyn Random>>,
    client: ClientAddress,
    cookies: Cookies,
    PageForm(form): PageForm<BeginForm>,
) -> Result<Redirect, PageError> {
    let secret = browser::secret_or_new(&cookies, &*random);
    let begun = match form.link.as_deref() {
        None => consents.begin(&secret, &client.origin).await,
        Some(text) => {
            let opened = links.open(text).await;
            let invited = opened.map_err(|error| invitation::explain(&error))?;
            let account = invitation::account_of(form.account.as_deref());
            consents
                .begin_invited(&invited, account, &secret, &client.origin)
                .await
        }
    };
    match begun {
        Ok(url) => Ok(Redirect::to(url.as_str())),
        Err(BeginError::TooMany { retry_after }) => Err(PageError::new(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many attempts from your network",
            "Many grants were begun from your address and not finished.",
        )
        .with_retry_after(retry_after)),
        Err(BeginError::Store(error)) => Err(error.into()),
    }
}
