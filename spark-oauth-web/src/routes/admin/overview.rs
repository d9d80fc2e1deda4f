//! `GET /admin/overview`: how the tokens stand as a whole.

use axum::extract::State;
use axum::response::Response;
use spark_oauth_core::Timestamp;
use spark_oauth_core::overview::{ExpiryWindow, OverviewService};
use spark_oauth_core::ports::Pause;

use super::guard::CurrentAdmin;
use crate::http::{PageError, explain_pause, page};
use crate::pages::{ExpiryChart, OverviewPage, PauseView, Section, TimeView, sentence};

/// How many days the chart shows, today included.
const DAYS: u32 = 14;

pub(super) async fn show(
    State(overview): State<OverviewService>,
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
        pause: seen.pause.as_ref().map(|pause| describe(pause, view)),
        chart: ExpiryChart::draw(seen.expiries.iter().map(day).collect()),
    })
}

fn day(window: &ExpiryWindow) -> (String, u64) {
    (TimeView::day(window.from.as_millis()), window.tokens)
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
