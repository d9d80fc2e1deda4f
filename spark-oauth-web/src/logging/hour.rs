//! The hour that a file of the log covers, and the name that says so.

use spark_oauth_core::Timestamp;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

const MILLIS: i64 = 3_600_000;

/// `spark-oauth.2026-11-25-13.log`, in UTC.
const NAME: &[BorrowedFormatItem<'_>] =
    format_description!("spark-oauth.[year]-[month]-[day]-[hour].log");

/// Parsing needs the minutes that a name does not hold.
const NAME_WITH_MINUTE: &[BorrowedFormatItem<'_>] =
    format_description!("spark-oauth.[year]-[month]-[day]-[hour].log[minute]");

/// An hour, counted from the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hour(i64);

impl Hour {
    pub(super) fn of(time: Timestamp) -> Self {
        Self(time.as_millis().div_euclid(MILLIS))
    }

    /// The hour that lies `days` before this one.
    pub(super) fn days_before(self, days: u32) -> Self {
        Self(self.0 - i64::from(days) * 24)
    }

    /// The name of its file; `None` for years that no name can hold.
    pub(super) fn file_name(self) -> Option<String> {
        let seconds = self.0.checked_mul(MILLIS / 1000)?;
        let time = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
        time.format(NAME).ok()
    }

    /// The hour of a file with exactly such a name.
    pub(super) fn of_file_name(name: &str) -> Option<Self> {
        let time = PrimitiveDateTime::parse(&format!("{name}00"), NAME_WITH_MINUTE).ok()?;
        let hour = Self(time.assume_utc().unix_timestamp().div_euclid(MILLIS / 1000));
        (hour.file_name().as_deref() == Some(name)).then_some(hour)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_the_hour_in_utc() {
        let time = Timestamp::from_millis(1_764_028_800_000 + 13 * MILLIS + 5);
        let name = Hour::of(time).file_name();
        assert_eq!(name.as_deref(), Some("spark-oauth.2025-11-25-13.log"));
    }

    #[test]
    fn knows_only_its_own_names() {
        for foreign in [
            "spark-oauth.2025-11-25-24.log",
            "spark-oauth.2025-11-25-1.log",
            "spark-oauth.2025-11-25-13.log.gz",
            "spark-oauth.2025-11-25.log",
            "other.2025-11-25-13.log",
            "spark-oauth.log",
            "",
        ] {
            assert_eq!(Hour::of_file_name(foreign), None, "{foreign}");
        }
    }

    proptest! {
        #[test]
        fn a_name_leads_back_to_its_hour(hour in 0_i64..2_000_000) {
            let name = Hour(hour).file_name().unwrap();
            prop_assert_eq!(Hour::of_file_name(&name), Some(Hour(hour)));
        }
    }
}
