//! `GET /consent/{text}`: who asks, for what, under a link. To look changes nothing:
//! chat programs open links too.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use spark_oauth_core::Timestamp;
use spark_oauth_core::consent::{Account, ConsentService};
use spark_oauth_core::consent_links::{ConsentLinkService, Invitation, LinkRefusal};

use crate::http::{PageError, StartsConsent, page};
use crate::pages::{HomePage, InvitationView, Layout, ScopeView, TimeView};
use crate::session::{Receipts, Visitor};
use crate::site::Site;

/// The value of `account` that lets Webex ask for the account.
const CHOOSE: &str = "choose";

#[derive(Debug, Default, Deserialize)]
pub(super) struct Parameters {
    account: Option<String>,
}

/// What `account` of a page or a form says.
pub(super) fn account_of(given: Option<&str>) -> Account {
    match given {
        Some(CHOOSE) => Account::Choose,
        _ => Account::SignedIn,
    }
}

pub(super) async fn show(
    State(consents): State<ConsentService>,
    State(links): State<ConsentLinkService>,
    State(site): State<Arc<Site>>,
    Path(text): Path<String>,
    mut visitor: Visitor,
    receipts: Receipts,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Response, PageError> {
    let invitation = links.open(&text).await.map_err(|error| explain(&error))?;
    let account = parameters.map_or(Account::SignedIn, |Query(parameters)| {
        account_of(parameters.account.as_deref())
    });
    let flash = visitor.take_flash().await?;
    let mut response = page(&HomePage {
        layout: Layout::people("Grant access").with_flash(flash),
        requester: consents.integration().requester.to_string(),
        scopes: ScopeView::list(invitation.scopes.iter()),
        placeholders: site.placeholders.clone(),
        has_receipts: !receipts.is_empty(),
        invitation: Some(view_of(&invitation, text, account, links.now())),
    })?;
    response.extensions_mut().insert(StartsConsent);
    Ok(response)
}

fn view_of(
    invitation: &Invitation,
    text: String,
    account: Account,
    now: Timestamp,
) -> InvitationView {
    let expected = invitation.terms.expected_email.as_ref();
    let lines = |note: &str| note.lines().map(str::to_owned).collect();
    InvitationView {
        text,
        note: invitation
            .note
            .as_ref()
            .map(|note| lines(note.as_str()))
            .unwrap_or_default(),
        expected_email: expected.map(ToString::to_string),
        expires: TimeView::new(invitation.expires_at.as_millis(), now.as_millis()),
        single_use: invitation.single_use,
        account: (account == Account::Choose).then_some(CHOOSE),
    }
}

/// Why nothing can be granted under the link, and what to do.
pub(super) fn explain(refusal: &LinkRefusal) -> PageError {
    let page = |status, title: &str, text: &str| PageError::new(status, title, text);
    match refusal {
        LinkRefusal::Malformed => page(
            StatusCode::NOT_FOUND,
            "This link is not complete",
            "Part of it is missing or mistyped. Copy it once more from the message that you got, \
             or ask whoever sent it for a new one.",
        ),
        LinkRefusal::Gone => page(
            StatusCode::GONE,
            "This link is not known any more",
            "It ended long ago, or the keys of this service were changed. Ask whoever sent it \
             for a new one.",
        ),
        LinkRefusal::Expired { at } => page(
            StatusCode::GONE,
            "This link has expired",
            &format!(
                "It ended on {}. Nothing was granted by opening it. Ask whoever sent it for a \
                 new one.",
                TimeView::new(at.as_millis(), at.as_millis()).date
            ),
        ),
        LinkRefusal::Used { at } => page(
            StatusCode::GONE,
            "This link was used",
            &format!(
                "It was good for one grant, and that was given on {}. If that was not you, tell \
                 whoever sent it, and ask for a new one.",
                TimeView::new(at.as_millis(), at.as_millis()).date
            ),
        ),
        LinkRefusal::Store(error) => {
            tracing::error!(%error, "a consent link could not be read");
            PageError::store_unavailable()
        }
    }
}
