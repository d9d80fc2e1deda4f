//! What bounds the schedule.

use std::time::Duration;

/// What bounds the times at which tokens are visited.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScheduleLimits {
    /// How long before its end an access token is refreshed, as a share of its own
    /// lifetime: between 0 and 1.
    pub margin: f64,
    /// The shortest wait after a failure. Where an end is nearer, the wait is
    /// shorter still.
    pub first_retry: Duration,
    /// The longest wait after failures.
    pub longest_retry: Duration,
    /// Over how long a time the visits are spread of tokens that are due at once,
    /// as imported ones are.
    pub arrears: Duration,
    /// How long before the end of a refresh token that only counts down the owner
    /// is warned; less where a tenth of its life is less.
    pub longest_warning: Duration,
}

impl Default for ScheduleLimits {
    fn default() -> Self {
        Self {
            margin: 0.2,
            first_retry: Duration::from_secs(5),
            longest_retry: Duration::from_mins(15),
            arrears: Duration::from_mins(1),
            longest_warning: Duration::from_hours(7 * 24),
        }
    }
}

impl ScheduleLimits {
    /// The margin of a token with this lifetime, never more than all of it.
    pub(super) fn margin_of(&self, life: Duration) -> Duration {
        let seconds = life.as_secs_f64() * self.margin.clamp(0.0, 1.0);
        Duration::try_from_secs_f64(seconds).map_or(life, |margin| margin.min(life))
    }
}
