//! What an error says of the provider, and how long a pause lasts.

use std::time::Duration;

use crate::broker::chance::up_to;
use crate::integration::ClientId;
use crate::ports::{ErrorClass, Pause, PauseReason, Random, SparkError, SparkErrorKind};
use crate::timestamp::Timestamp;

/// A provider that asks for more is asked again after this all the same.
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(1);

/// A provider that asks for nothing is left alone for a moment.
const SHORTEST_RETRY_AFTER: Duration = Duration::from_secs(1);

/// The longest pause where the provider does not say how long: it is to be noticed
/// within half a minute that it is back, and that includes the next look of the worker.
const LONGEST_SHORT: Duration = Duration::from_secs(20);

/// What an error says of the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It works: it decided on this token.
    Works,
    /// It answers, and nobody knows why so.
    Unclear,
    /// It fails, which may be an outage.
    Failing,
    /// All refreshing must pause.
    Trips(PauseReason),
}

impl Verdict {
    pub(super) fn of(error: &SparkError) -> Self {
        match error.class() {
            ErrorClass::Application => return Self::Trips(PauseReason::IntegrationRefused),
            ErrorClass::Person => return Self::Works,
            ErrorClass::Passing | ErrorClass::Ours => {}
        }
        match error.kind {
            SparkErrorKind::RateLimited { .. }
            | SparkErrorKind::Unavailable {
                retry_after: Some(_),
            } => Self::Trips(PauseReason::RateLimited),
            SparkErrorKind::Unreachable
            | SparkErrorKind::TimedOut
            | SparkErrorKind::Unavailable { retry_after: None }
            | SparkErrorKind::Unreadable => Self::Failing,
            _ => Self::Unclear,
        }
    }
}

/// The pause that this error calls for, after the one that stands.
pub(super) fn pause(
    standing: Option<&Pause>,
    integration: &ClientId,
    reason: PauseReason,
    error: &SparkError,
    now: Timestamp,
    random: &dyn Random,
) -> Pause {
    let trips = standing.map_or(1, |standing| standing.trips.saturating_add(1));
    let same = standing.filter(|standing| standing.reason == reason);
    Pause {
        integration: integration.clone(),
        reason,
        since: same.map_or(now, |standing| standing.since),
        until: now + length(reason, trips, error.retry_after(), random),
        counted_from: now,
        trips,
        summary: error.to_string(),
        tracking_id: error.tracking_id.clone(),
    }
}

/// How long a pause lasts that was prolonged so often.
fn length(
    reason: PauseReason,
    trips: u32,
    asked: Option<Duration>,
    random: &dyn Random,
) -> Duration {
    let (first, longest) = match reason {
        PauseReason::RateLimited => {
            if let Some(asked) = asked {
                return asked.clamp(SHORTEST_RETRY_AFTER, LONGEST_RETRY_AFTER);
            }
            (Duration::from_secs(10), LONGEST_SHORT)
        }
        PauseReason::Outage => (Duration::from_secs(5), LONGEST_SHORT),
        PauseReason::IntegrationRefused => (Duration::from_mins(1), Duration::from_mins(15)),
    };
    let doubled = 1_u32.checked_shl(trips.saturating_sub(1));
    let grown = first
        .saturating_mul(doubled.unwrap_or(u32::MAX))
        .min(longest);
    // Several processes do not try in the same moment.
    grown.saturating_sub(up_to(random, grown / 5))
}
