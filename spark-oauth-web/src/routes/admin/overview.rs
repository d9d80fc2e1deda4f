//! `GET /admin/overview`: how the tokens stand as a whole.

use axum::extract::State;
use axum::response::Response;
use spark_oauth_core::Timestamp;
use spark_oauth_core::events::{DestinationStatus, EventService};
use spark_oauth_core::overview::{ExpiryWindow, OverviewService};
use spark_oauth_core::ports::Pause;

use super::guard::CurrentAdmin;
use crate::http::{PageError, explain_pause, page};
use crate::pages::{
    ExpiryChart, OverviewPage, PauseView, Section, TimeView, WebhookTroubleView, sentence,
};

/// How many days the chart shows, today included.
const DAYS: u32 = 14;

pub(super) async fn show(
    State(overview): State<OverviewService>,
    State(events): State<EventService>,
    mut current: CurrentAdmin,
) -> Result<Response, PageError> {
    let seen = overview.look(DAYS).await?;
    let view = |at: Timestamp| TimeView::new(at.as_millis(), seen.at.as_millis());
    page(&OverviewPage {
        layout: current.layout("Overview", Section::Overview).await?,
        active: seen.census.active,
        needs_consent: seen.census.needs_consent,
        revoked: seen.census.revoked,
        due: seen.census.due,
        oldest_due: seen.census.oldest_due_at.map(view),
        parked: seen
            .parked
            .iter()
            .map(|(integration, tokens)| (integration.to_string(), *tokens))
            .collect(),
        pause: seen.pause.as_ref().map(|pause| describe(pause, view)),
        webhooks: webhooks(events.destinations().await?, view),
        chart: ExpiryChart::draw(seen.expiries.iter().map(day).collect()),
    })
}

fn day(window: &ExpiryWindow) -> (String, u64) {
    (TimeView::day(window.from.as_millis()), window.tokens)
}

fn webhooks(
    deliveries: Vec<DestinationStatus>,
    view: impl Fn(Timestamp) -> TimeView,
) -> Option<WebhookTroubleView> {
    deliveries.into_iter().find_map(|status| {
        let trouble = status.trouble?;
        Some(WebhookTroubleView {
            suspended: trouble.suspended,
            waiting: status.waiting,
            since: view(trouble.since),
            next_attempt: view(trouble.next_attempt_at),
            reason: sentence(&trouble.reason),
        })
    })
}

fn describe(pause: &Pause, view: impl Fn(Timestamp) -> TimeView) -> PauseView {
    PauseView {
        text: explain_pause(pause.reason).to_owned(),
        summary: sentence(&pause.summary),
        since: view(pause.since),
        until: view(pause.until),
        tracking_id: pause.tracking_id.as_ref().map(ToString::to_string),
    }
}
