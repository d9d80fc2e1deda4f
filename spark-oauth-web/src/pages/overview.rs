use askama::Template;

use super::numbers::{compact, grouped};
use super::{Layout, TimeView, TokenStatus};

/// `GET /admin/overview`.
#[derive(Debug, Template)]
#[template(path = "overview.html")]
pub struct OverviewPage {
    /// Frame of the page.
    pub layout: Layout,
    /// How many tokens are active.
    pub active: u64,
    /// Of how many the person must consent again.
    pub needs_consent: u64,
    /// How many are revoked.
    pub revoked: u64,
    /// How many wait for the background refresh.
    pub due: u64,
    /// Since when the longest waiting one does.
    pub oldest_due: Option<TimeView>,
    /// Client IDs that are not configured, and how many tokens each obtained.
    pub parked: Vec<(String, u64)>,
    /// Why nothing is refreshed at present.
    pub pause: Option<PauseView>,
    /// Why webhooks are not delivered at present.
    pub webhooks: Option<WebhookTroubleView>,
    /// How many access tokens end on which day.
    pub chart: ExpiryChart,
}

/// A pause of the integration's refreshing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PauseView {
    /// What happened, and what to do, in sentences.
    pub text: String,
    /// What the provider said.
    pub summary: String,
    /// Since when.
    pub since: TimeView,
    /// When it is tried again.
    pub until: TimeView,
    /// The provider's `TrackingID`, to quote to its support.
    pub tracking_id: Option<String>,
}

/// Webhooks that are not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookTroubleView {
    /// Whether the receiver is suspended; otherwise single events failed.
    pub suspended: bool,
    /// The number of waiting events.
    pub waiting: u64,
    /// Since when.
    pub since: TimeView,
    /// When the next delivery is attempted.
    pub next_attempt: TimeView,
    /// Why the last attempt failed, as a sentence.
    pub reason: String,
}

/// A bar for each day, drawn as SVG on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpiryChart {
    /// The bars, the nearest day first.
    pub bars: Vec<Bar>,
    /// How many tokens all bars stand for.
    pub total: u64,
    /// The count of the highest bar.
    pub highest: u64,
}

/// One bar, in the units of the drawing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// Left edge.
    pub x: u32,
    /// Top edge.
    pub y: u32,
    /// Height; a day with any token has at least a line.
    pub height: u32,
    /// The day, as in `25 Nov`.
    pub day: String,
    /// Whether the day stands below the bar; every second one does.
    pub labelled: bool,
    /// How many tokens.
    pub count: u64,
}

impl OverviewPage {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "templates pass references"
    )]
    #[expect(clippy::unused_self, reason = "templates reach it through their page")]
    fn number(&self, number: &u64) -> String {
        grouped(*number)
    }
}

impl ExpiryChart {
    /// Width of the drawing.
    pub const WIDTH: u32 = 672;
    /// Height of the part that holds the bars.
    pub const HEIGHT: u32 = 128;
    /// Height of the whole drawing.
    pub const FULL_HEIGHT: u32 = Self::HEIGHT + 32;
    const STEP: u32 = 48;
    /// Width of a bar.
    pub const BAR: u32 = 32;

    /// Draws one bar for each day and its count.
    pub fn draw(days: Vec<(String, u64)>) -> Self {
        let highest = days.iter().map(|(_, count)| *count).max().unwrap_or(0);
        let total = days
            .iter()
            .fold(0, |sum: u64, (_, count)| sum.saturating_add(*count));
        let bars = (0_u32..).zip(days).map(|(index, (day, count))| {
            let height = height_of(count, highest);
            Bar {
                x: index * Self::STEP + (Self::STEP - Self::BAR) / 2,
                y: Self::HEIGHT - height,
                height,
                day,
                labelled: index % 2 == 0,
                count,
            }
        });
        Self {
            bars: bars.collect(),
            total,
            highest,
        }
    }
}

impl Bar {
    /// The middle, where the label stands.
    pub(super) fn middle(&self) -> u32 {
        self.x + ExpiryChart::BAR / 2
    }

    /// The count as it fits above the bar.
    pub(super) fn short_count(&self) -> String {
        compact(self.count)
    }

    pub(super) fn full_count(&self) -> String {
        grouped(self.count)
    }
}

/// The room above the highest bar holds its count.
fn height_of(count: u64, highest: u64) -> u32 {
    const ROOM: u64 = ExpiryChart::HEIGHT as u64 - 24;
    if count == 0 {
        return 0;
    }
    let scaled = u128::from(count) * u128::from(ROOM) / u128::from(highest.max(1));
    u32::try_from(scaled).unwrap_or(ExpiryChart::HEIGHT).max(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heights(counts: &[u64]) -> Vec<u32> {
        let days = counts.iter().map(|count| (String::new(), *count)).collect();
        let chart = ExpiryChart::draw(days);
        chart.bars.iter().map(|bar| bar.height).collect()
    }

    #[test]
    fn bars_are_in_proportion_and_a_single_token_is_seen_beside_a_million() {
        assert_eq!(heights(&[100, 50, 0]), [104, 52, 0]);
        assert_eq!(heights(&[1_000_000, 1]), [104, 2]);
        assert_eq!(heights(&[u64::MAX, u64::MAX / 2]), [104, 51]);
        assert_eq!(heights(&[0, 0]), [0, 0]);
    }

    #[test]
    fn fourteen_days_fit_into_the_drawing() {
        let chart = ExpiryChart::draw(vec![("25 Nov".to_owned(), 3); 14]);
        let last = chart.bars.last().unwrap();
        assert!(last.x + ExpiryChart::BAR <= ExpiryChart::WIDTH);
        assert_eq!(last.y + last.height, ExpiryChart::HEIGHT);
        assert_eq!((chart.total, chart.highest), (42, 3));
    }
}
