//! When the server may clear away by itself what has expired.
//!
//! Whether a session or a consent has expired is judged by the application's
//! clock, and its own housekeeping removes what has. The TTL indexes are only for
//! the case that nobody does: they wait a day longer, by the system's clock, so
//! that a server whose clock is wrong ends nothing early.

use std::time::Duration;

use mongodb::bson::DateTime;
use spark_oauth_core::Timestamp;
use spark_oauth_core::ports::{Clock, SystemClock};

use crate::values::date;

const GRACE: Duration = Duration::from_hours(24);

/// The last millisecond of the year 9999: what lies later is kept for good.
const END_OF_TIME: Timestamp = Timestamp::from_millis(253_402_300_799_999);

/// The time after which the server may remove what expires at `expires_at`.
pub(crate) fn purge_at(expires_at: Timestamp) -> DateTime {
    purge_at_seen_from(SystemClock.now(), expires_at)
}

fn purge_at_seen_from(now: Timestamp, expires_at: Timestamp) -> DateTime {
    date((expires_at.max(now) + GRACE).min(END_OF_TIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_purged_within_a_day() {
        let now = Timestamp::from_millis(1_764_028_800_123);
        let tomorrow = date(now + GRACE);
        for past in [i64::MIN, -1, 0, now.as_millis()] {
            let purged = purge_at_seen_from(now, Timestamp::from_millis(past));
            assert_eq!(purged, tomorrow);
        }
        let next_week = now + Duration::from_hours(7 * 24);
        assert_eq!(purge_at_seen_from(now, next_week), date(next_week + GRACE));
        let never = purge_at_seen_from(now, Timestamp::from_millis(i64::MAX));
        assert_eq!(never, date(END_OF_TIME));
    }
}
