//! `GET /`: who asks, for what.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use spark_oauth_core::consent::ConsentService;

use crate::http::{PageError, StartsConsent, page};
use crate::pages::{HomePage, Layout, ScopeView};
use crate::session::Visitor;
use crate::site::Site;

pub(super) async fn show(
    State(consents): State<ConsentService>,
    State(site): State<Arc<Site>>,
    mut visitor: Visitor,
) -> Result<Response, PageError> {
    let flash = visitor.take_flash().await?;
    let integration = consents.integration();
    let mut response = page(&HomePage {
        layout: Layout::people("Grant access").with_flash(flash),
        requester: integration.requester.to_string(),
        scopes: ScopeView::list(integration.scopes.iter()),
        placeholders: site.placeholders.clone(),
        has_receipts: !visitor.visit.receipts.is_empty(),
    })?;
    response.extensions_mut().insert(StartsConsent);
    Ok(response)
}
