//! `GET /admin/links/{id}`: one link.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use spark_oauth_core::broker::Broker;
use spark_oauth_core::consent_links::{ConsentLink, ConsentLinkService, LinkProgress, LinkState};
use spark_oauth_core::{Timestamp, TokenId};

use super::link_id;
use crate::http::{PageError, page};
use crate::pages::{LinkDetailPage, LinkStatus, ScopeView, Section, TimeView};
use crate::routes::admin::guard::CurrentAdmin;
use crate::routes::admin::tokens::address;
use crate::site::Site;

pub(super) async fn show(
    State(links): State<ConsentLinkService>,
    State(broker): State<Broker>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    mut current: CurrentAdmin,
) -> Result<Response, PageError> {
    let link = links.get(link_id(&id)?).await?;
    let now = links.now();
    let view = |at: Timestamp| TimeView::new(at.as_millis(), now.as_millis());
    let (state, usable) = (link.state(now), link.is_usable(now));
    let (answered, token) = match link.progress {
        LinkProgress::Declined { at } => (Some(at), None),
        LinkProgress::Granted { at, token } if state == LinkState::Granted => (Some(at), token),
        // Also a consent that was about to be written, and never was.
        LinkProgress::Open | LinkProgress::Granted { .. } => (None, None),
    };
    let url = usable.then(|| site.consent_url(&links.text(&link)).into());
    page(&LinkDetailPage {
        layout: current.layout("Consent link", Section::Links).await?,
        id: link.id.to_string(),
        url,
        can_send: usable && link.expected_email.is_some() && state != LinkState::Granted,
        expected_email: link.expected_email.as_ref().map(ToString::to_string),
        status: LinkStatus(state),
        answered: answered.map(view),
        token: token_of(&broker, token).await?,
        scopes: ScopeView::list(link.scopes.iter()),
        note: link
            .note
            .iter()
            .flat_map(|note| note.as_str().lines().map(str::to_owned))
            .collect(),
        return_to: link.return_to.as_ref().map(ToString::to_string),
        single_use: link.single_use,
        created: view(link.created_at),
        created_by: link.created_by.clone(),
        expires: view(link.expires_at),
        ended: ended(&link, now).map(view),
    })
}

/// Since when nobody can consent under the link.
fn ended(link: &ConsentLink, now: Timestamp) -> Option<Timestamp> {
    match link.progress {
        _ if link.is_usable(now) => None,
        LinkProgress::Granted { at, .. }
            if link.single_use && link.state(now) == LinkState::Granted =>
        {
            Some(at)
        }
        _ => Some(link.expires_at),
    }
}

/// Whose token it is, and where it is shown; `None` once it was removed.
async fn token_of(
    broker: &Broker,
    id: Option<TokenId>,
) -> Result<Option<(String, String)>, PageError> {
    let Some(id) = id else {
        return Ok(None);
    };
    let token = broker.find(id).await?;
    Ok(token.map(|token| {
        let href = format!("/admin/tokens/{}", token.id);
        (address(&token), href)
    }))
}
