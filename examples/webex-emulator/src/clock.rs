//! The emulator's time: the system's, moved by `clock_advance_s`.
//!
//! Tokens expire, codes die and the `Date` header is written by this clock, so
//! that a test can let three months pass without waiting.

use std::time::SystemTime;

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

/// Webex writes times in UTC with three decimals.
const WEBEX_TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// The furthest that the clock can be moved and the longest life of a token, in
/// seconds: about a hundred years, far from the ends of what a date can hold.
pub(crate) const MAX_SECONDS: i64 = 3_200_000_000;

/// The system's time, moved by `advance_s` seconds.
pub(crate) fn now(advance_s: i64) -> OffsetDateTime {
    #[expect(
        clippy::disallowed_methods,
        reason = "the emulator stands outside the hexagon: this is its own one place that reads the time"
    )]
    let system = SystemTime::now();
    OffsetDateTime::from(system) + Duration::seconds(advance_s)
}

/// A time as Webex writes it, such as `2016-04-21T19:01:55.966Z`.
pub(crate) fn webex_time(at: OffsetDateTime) -> String {
    // The format is a constant without parts that can fail for a UTC time.
    at.format(WEBEX_TIME).unwrap_or_default()
}

/// A time as the `Date` header writes it (RFC 9110, section 5.6.7).
pub(crate) fn http_date(at: OffsetDateTime) -> String {
    httpdate::fmt_http_date(at.into())
}

/// Whole seconds from `now` until `at`, never negative.
pub(crate) fn seconds_until(at: OffsetDateTime, now: OffsetDateTime) -> u64 {
    u64::try_from((at - now).whole_seconds()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_time_looks_as_webex_writes_it() {
        let at = datetime!(2016-04-21 19:01:55.966_4 UTC);
        assert_eq!(webex_time(at), "2016-04-21T19:01:55.966Z");
        assert_eq!(http_date(at), "Thu, 21 Apr 2016 19:01:55 GMT");
    }

    #[test]
    fn a_past_moment_is_zero_seconds_away() {
        let at = datetime!(2016-04-21 19:01:55 UTC);
        assert_eq!(seconds_until(at, at + Duration::seconds(9)), 0);
        assert_eq!(seconds_until(at + Duration::seconds(9), at), 9);
    }
}
