use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::{datetime, format_description};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// A twelfth of the mean Gregorian year of 365.2425 days.
const MONTH: i64 = 2_629_746 * SECOND;
const YEAR: i64 = 12 * MONTH;

/// An instant as a person reads it: the date, and how far away it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeView {
    /// For machines: `2026-12-08T14:05:00Z`.
    pub iso: String,
    /// `8 Dec 2026, 14:05 UTC`.
    pub date: String,
    /// `in 13 days`, `3 minutes ago`, `just now`.
    pub relative: String,
}

impl TimeView {
    /// Describes `at_ms` as seen at `now_ms`, both in milliseconds since the Unix epoch.
    ///
    /// Distances are rounded towards now: nothing is promised to last longer
    /// than it does. Instants outside the years 0 to 9999 are shown as the
    /// nearest one inside.
    pub fn new(at_ms: i64, now_ms: i64) -> Self {
        let at = instant(at_ms);
        let date = format_description!(
            "[day padding:none] [month repr:short] [year], [hour]:[minute] UTC"
        );
        Self {
            iso: at.format(&Rfc3339).unwrap_or_default(),
            date: at.format(date).unwrap_or_default(),
            relative: relative(at_ms.saturating_sub(now_ms)),
        }
    }

    /// The day alone, as in `8 Dec`, in UTC.
    pub fn day(at_ms: i64) -> String {
        let day = format_description!("[day padding:none] [month repr:short]");
        instant(at_ms).format(day).unwrap_or_default()
    }

    /// The same, for an instant that may be unknown.
    pub fn maybe(at_ms: Option<i64>, now_ms: i64) -> Option<Self> {
        at_ms.map(|at_ms| Self::new(at_ms, now_ms))
    }
}

fn instant(at_ms: i64) -> OffsetDateTime {
    let first = datetime!(0000-01-01 0:00 UTC).unix_timestamp();
    let last = datetime!(9999-12-31 23:59:59 UTC).unix_timestamp();
    let seconds = at_ms.div_euclid(SECOND).clamp(first, last);
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn relative(distance: i64) -> String {
    let (count, unit) = match distance.saturating_abs() {
        ms if ms < MINUTE && distance > 0 => return "in a moment".to_owned(),
        ms if ms < MINUTE => return "just now".to_owned(),
        ms if ms < HOUR => (ms / MINUTE, "minute"),
        ms if ms < DAY => (ms / HOUR, "hour"),
        ms if ms < 3 * MONTH => (ms / DAY, "day"),
        ms if ms < 2 * YEAR => (ms / MONTH, "month"),
        ms => (ms / YEAR, "year"),
    };
    let plural = if count == 1 { "" } else { "s" };
    if distance > 0 {
        format!("in {count} {unit}{plural}")
    } else {
        format!("{count} {unit}{plural} ago")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 25 November 2026, 14:05:09.750 UTC.
    const NOW: i64 = 1_795_615_509_750;

    fn from_now(distance: i64) -> String {
        TimeView::new(NOW + distance, NOW).relative
    }

    #[test]
    fn shows_the_date_in_utc_without_leading_zero() {
        let view = TimeView::new(NOW + 13 * DAY, NOW);
        assert_eq!(view.iso, "2026-12-08T14:05:09Z");
        assert_eq!(view.date, "8 Dec 2026, 14:05 UTC");
        assert_eq!(view.relative, "in 13 days");
    }

    #[test]
    fn a_day_stands_alone() {
        assert_eq!(TimeView::day(NOW + 13 * DAY), "8 Dec");
    }

    #[test]
    fn pads_hours_and_minutes() {
        assert_eq!(TimeView::new(0, 0).date, "1 Jan 1970, 00:00 UTC");
    }

    #[test]
    fn less_than_a_minute_is_not_counted() {
        for distance in [0, -1, 1 - MINUTE] {
            assert_eq!(from_now(distance), "just now", "{distance} ms");
        }
        for distance in [1, MINUTE - 1] {
            assert_eq!(from_now(distance), "in a moment", "{distance} ms");
        }
    }

    #[test]
    fn units_change_exactly_at_their_boundaries() {
        let expected = [
            (MINUTE, "in 1 minute", "1 minute ago"),
            (2 * MINUTE - 1, "in 1 minute", "1 minute ago"),
            (3 * MINUTE, "in 3 minutes", "3 minutes ago"),
            (HOUR - 1, "in 59 minutes", "59 minutes ago"),
            (HOUR, "in 1 hour", "1 hour ago"),
            (DAY - 1, "in 23 hours", "23 hours ago"),
            (DAY, "in 1 day", "1 day ago"),
            (3 * MONTH - 1, "in 91 days", "91 days ago"),
            (3 * MONTH, "in 3 months", "3 months ago"),
            (5 * MONTH, "in 5 months", "5 months ago"),
            (2 * YEAR - 1, "in 23 months", "23 months ago"),
            (2 * YEAR, "in 2 years", "2 years ago"),
        ];
        for (distance, future, past) in expected {
            assert_eq!(from_now(distance), future);
            assert_eq!(from_now(-distance), past);
        }
    }

    #[test]
    fn a_fortnight_less_a_second_promises_thirteen_days() {
        assert_eq!(from_now(1_209_599 * SECOND), "in 13 days");
    }

    #[test]
    fn instants_beyond_the_calendar_are_clamped() {
        assert_eq!(TimeView::new(i64::MAX, NOW).date, "31 Dec 9999, 23:59 UTC");
        let past = TimeView::new(i64::MIN, NOW);
        assert_eq!(past.iso, "0000-01-01T00:00:00Z");
        assert!(past.relative.ends_with("years ago"), "{}", past.relative);
    }

    #[test]
    fn instants_before_the_epoch_round_to_the_second_before() {
        assert_eq!(TimeView::new(-1, 0).iso, "1969-12-31T23:59:59Z");
    }

    #[test]
    fn an_unknown_instant_stays_unknown() {
        assert_eq!(TimeView::maybe(None, NOW), None);
        assert_eq!(
            TimeView::maybe(Some(NOW), NOW),
            Some(TimeView::new(NOW, NOW))
        );
    }
}
