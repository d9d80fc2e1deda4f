//! `GET /admin/tokens/{id}`: one token.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use spark_oauth_core::Timestamp;
use spark_oauth_core::broker::Broker;
use spark_oauth_core::consent_links::ConsentLinkService;
use spark_oauth_core::ports::Clock;
use spark_oauth_core::token::{LastFailure, RefreshTrigger, RevokedBy, Status, StatusKind, Token};

use super::list::view_of;
use super::{address, token_id};
use crate::http::{PageError, explain_loss, explain_parked, page};
use crate::pages::{
    LastError, Layout, ScopeView, Section, TimeView, TokenDetailPage, TokenTexts, sentence,
};
use crate::routes::admin::guard::CurrentAdmin;
use crate::site::Site;

pub(super) async fn show(
    State(broker): State<Broker>,
    State(links): State<ConsentLinkService>,
    State(clock): State<Arc<dyn Clock>>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    mut current: CurrentAdmin,
) -> Result<Response, PageError> {
    let token = broker.get(token_id(&id)?).await?;
    let layout = current.layout(&title(&token), Section::Tokens).await?;
    let mut detail = draw(layout, &token, clock.now(), None);
    if broker.is_parked(&token) {
        detail.parked = Some(explain_parked(&token.integration));
        detail.can_refresh = false;
        detail.next_refresh = None;
    } else if token.status.kind() == StatusKind::NeedsConsent {
        detail.renewal = Some(site.consent_url(&links.renewal(&token)).into());
    }
    page(&detail)
}

pub(super) fn title(token: &Token) -> String {
    format!("Token of {}", address(token))
}

pub(super) fn draw(
    layout: Layout,
    token: &Token,
    now: Timestamp,
    revealed: Option<TokenTexts>,
) -> TokenDetailPage {
    let view = |at: Timestamp| TimeView::new(at.as_millis(), now.as_millis());
    let (reason, since) = explain(token.status);
    TokenDetailPage {
        layout,
        id: token.id.to_string(),
        name: token.display_name.clone(),
        email: address(token),
        email_lost: token.profile.email_lost_at.map(view),
        person_id: token
            .person
            .as_ref()
            .map(|person| person.as_str().to_owned()),
        integration: token.integration.to_string(),
        scopes: ScopeView::list(token.scopes.iter()),
        status: view_of(token.status.kind()),
        reason: reason.map(str::to_owned),
        since: since.map(view),
        access_expires: Some(view(token.access_expires_at)),
        refreshable: token.refresh.is_some(),
        refresh_expires: token.refresh_expires_at.map(view),
        granted: Some(view(token.granted_at)),
        refreshed: token.last_refresh.map(|last| view(last.at)),
        refreshed_by: token.last_refresh.map(|last| asked_by(last.by)),
        next_refresh: token.upkeep.due_at.map(view),
        failures: token.upkeep.failures,
        lost_races: token.upkeep.lost_races,
        interrupted: token.upkeep.interrupted,
        last_error: token
            .last_failure
            .as_ref()
            .map(|failure| last_error(failure, now)),
        generation: token.generation,
        can_refresh: token.status == Status::Active,
        parked: None,
        renewal: None,
        revealed,
    }
}

/// What asked for a refresh.
const fn asked_by(trigger: RefreshTrigger) -> &'static str {
    match trigger {
        RefreshTrigger::Checkout => "when a service asked for the token",
        RefreshTrigger::Admin => "by an admin",
        RefreshTrigger::Worker => "in the background",
        RefreshTrigger::Api => "when a service asked for a refresh",
    }
}

const fn explain(status: Status) -> (Option<&'static str>, Option<Timestamp>) {
    match status {
        Status::Active => (None, None),
        Status::NeedsConsent { reason, since } => (Some(explain_loss(reason)), Some(since)),
        Status::Revoked {
            by: RevokedBy::Admin,
            at,
        } => (Some("An admin revoked it."), Some(at)),
        Status::Revoked {
            by: RevokedBy::Person,
            at,
        } => (Some("The person revoked it."), Some(at)),
    }
}

fn last_error(failure: &LastFailure, now: Timestamp) -> LastError {
    LastError {
        text: sentence(&failure.summary),
        at: TimeView::new(failure.at.as_millis(), now.as_millis()),
        tracking_id: failure.tracking_id.as_ref().map(ToString::to_string),
    }
}
