//! `GET /`: who asks, for what.

use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{Html, IntoResponse as _, Response};
use spark_oauth_core::consent::ConsentService;

use crate::http::{PageError, StartsConsent, page};
use crate::pages::{HomePage, Layout, ScopeView};
use crate::session::{Receipts, Visitor};
use crate::site::Site;

/// The page as a new visitor sees it: the same for all of them for as long as the
/// process lives, so it is drawn once.
#[derive(Clone, Debug, Default)]
pub(crate) struct FirstSight(Arc<OnceLock<Bytes>>);

impl FirstSight {
    fn show(&self, draw: impl FnOnce() -> HomePage) -> Result<Response, PageError> {
        let body = if let Some(drawn) = self.0.get() {
            drawn.clone()
        } else {
            let text = askama::Template::render(&draw())
                .map_err(|error| PageError::internal(error.to_string()))?;
            self.0.get_or_init(|| Bytes::from(text)).clone()
        };
        Ok(Html(body).into_response())
    }
}

pub(super) async fn show(
    State(consents): State<ConsentService>,
    State(site): State<Arc<Site>>,
    State(first_sight): State<FirstSight>,
    mut visitor: Visitor,
    receipts: Receipts,
) -> Result<Response, PageError> {
    let flash = visitor.take_flash().await?;
    let has_receipts = !receipts.is_empty();
    let is_new = flash.is_none() && !has_receipts;
    let draw = || {
        let integration = consents.integration();
        HomePage {
            layout: Layout::people("Grant access").with_flash(flash),
            requester: integration.requester.to_string(),
            scopes: ScopeView::list(integration.scopes.iter()),
            placeholders: site.placeholders.clone(),
            has_receipts,
            invitation: None,
        }
    };
    let mut response = if is_new {
        first_sight.show(draw)?
    } else {
        page(&draw())?
    };
    response.extensions_mut().insert(StartsConsent);
    Ok(response)
}
