//! A point in time, to the millisecond.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// Milliseconds since the Unix epoch, UTC.
///
/// Every store keeps exactly this precision, so that what was written is what
/// is read. Arithmetic saturates: a provider that answers an absurd lifetime
/// makes a far date, not a panic.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The Unix epoch. Used where a time is unknown and must count as long past.
    pub const EPOCH: Self = Self(0);

    /// Makes a timestamp from milliseconds since the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The time from `earlier` to this one; zero where `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Whether this time has come at `now`.
    pub fn has_passed(self, now: Self) -> bool {
        self <= now
    }
}

/// [`Rfc3339`] leaves out the zeros at the end of a fraction, and text no longer sorts.
const MILLISECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// A duration in whole milliseconds, as far as `i64` reaches.
fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(millis(later)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, earlier: Duration) -> Self {
        Self(self.0.saturating_sub(millis(earlier)))
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(at: OffsetDateTime) -> Self {
        let millis = at.unix_timestamp_nanos().div_euclid(1_000_000);
        Self(i64::try_from(millis).unwrap_or(if millis < 0 { i64::MIN } else { i64::MAX }))
    }
}

/// A text that is no point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a time has the form 2026-01-31T12:00:00Z (RFC 3339)")]
pub struct InvalidTimestamp;

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    /// Reads RFC 3339, with any offset; what is finer than a millisecond is cut off.
    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        OffsetDateTime::parse(text, &Rfc3339)
            .map(Self::from)
            .map_err(|_| InvalidTimestamp)
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC, always with three digits behind the second, so that texts sort
    /// as times do; the bare milliseconds where a date has no such form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .ok()
            .filter(|at| (0..=9_999).contains(&at.year()))
            .and_then(|at| at.format(MILLISECONDS).ok());
        match text {
            Some(text) => f.write_str(&text),
            None => write!(f, "{}ms", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shows_itself_as_rfc_3339_with_milliseconds() {
        for (millis, text) in [
            (1_764_028_800_123, "2025-11-25T00:00:00.123Z"),
            (1_764_028_800_120, "2025-11-25T00:00:00.120Z"),
            (1_764_028_800_000, "2025-11-25T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Timestamp::from_millis(millis).to_string(), text);
            assert_eq!(text.parse(), Ok(Timestamp::from_millis(millis)));
        }
    }

    proptest! {
        #[test]
        fn text_sorts_as_time_does(one in 0_i64..4_000_000_000_000, later in 1_i64..100_000) {
            let (one, other) = (Timestamp::from_millis(one), Timestamp::from_millis(one + later));
            prop_assert!(one.to_string() < other.to_string());
        }
    }

    #[test]
    fn reads_rfc_3339_and_nothing_else() {
        let at = Timestamp::from_millis(1_764_028_800_123);
        for text in ["2025-11-25T00:00:00.123Z", "2025-11-25T01:00:00.1239+01:00"] {
            assert_eq!(text.parse(), Ok(at), "{text}");
        }
        for text in ["", "2025-11-25", "1764028800", "2025-13-25T00:00:00Z"] {
            assert_eq!(text.parse::<Timestamp>(), Err(InvalidTimestamp), "{text}");
        }
    }

    #[test]
    fn saturates_instead_of_panicking() {
        let far = Timestamp::from_millis(i64::MAX) + Duration::from_secs(u64::MAX);
        assert_eq!(far.as_millis(), i64::MAX);
        assert_eq!(far.to_string(), format!("{}ms", i64::MAX));
        assert_eq!(Timestamp::EPOCH.since(far), Duration::ZERO);
    }
}
