//! `Retry-After` (RFC 9110 section 10.2.3), as the provider really writes it.

use std::time::Duration;

use crate::timestamp::Timestamp;

/// The longest pause that we grant, whatever the provider asks for: a mistake
/// there must not stop us for days.
pub(super) const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);

/// How long to wait. Seconds and HTTP dates are understood; a date is compared
/// with `now`, the provider's own time where it is known. Anything else, such as
/// `rand(30),add(30)`, counts as absent.
pub(super) fn parse_retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let wait = if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // So many digits that they do not fit mean the longest pause.
        value.parse().map_or(MAX_RETRY_AFTER, Duration::from_secs)
    } else {
        parse_http_date(value)?.since(now)
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

/// An HTTP date (RFC 9110 section 5.6.7) in any of its three forms.
pub(super) fn parse_http_date(value: &str) -> Option<Timestamp> {
    let at = httpdate::parse_http_date(value.trim()).ok()?;
    let since_epoch = at.duration_since(std::time::SystemTime::UNIX_EPOCH).ok()?;
    Some(Timestamp::EPOCH + since_epoch)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Tue, 25 Nov 2025 00:00:00 GMT.
    const NOW: Timestamp = Timestamp::from_millis(1_764_028_800_000);

    #[test]
    fn reads_seconds_and_dates() {
        for (value, seconds) in [
            ("0", 0),
            (" 30 ", 30),
            ("3600", 3600),
            ("3601", 3600),
            ("99999999999999999999999999", 3600),
            ("Tue, 25 Nov 2025 00:01:30 GMT", 90),
            ("Tuesday, 25-Nov-25 00:00:10 GMT", 10),
            ("Tue Nov 25 00:00:10 2025", 10),
            ("Mon, 24 Nov 2025 00:00:00 GMT", 0),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 3600),
        ] {
            assert_eq!(
                parse_retry_after(value, NOW),
                Some(Duration::from_secs(seconds)),
                "{value}"
            );
        }
    }

    #[test]
    fn ignores_nonsense() {
        for value in [
            "",
            " ",
            "rand(30),add(30)",
            "-1",
            "+5",
            "1.5",
            "0x10",
            "soon",
            "30, 60",
            "٣",
            "Tue, 32 Nov 2025 00:00:00 GMT",
        ] {
            assert_eq!(parse_retry_after(value, NOW), None, "{value}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_never_exceeds_the_longest_pause(value in ".*", now: i64) {
            let wait = parse_retry_after(&value, Timestamp::from_millis(now));
            prop_assert!(wait.is_none_or(|wait| wait <= MAX_RETRY_AFTER));
        }

        #[test]
        fn every_number_of_seconds_is_read(seconds: u64) {
            let wait = parse_retry_after(&seconds.to_string(), NOW);
            prop_assert_eq!(wait, Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER)));
        }
    }
}
