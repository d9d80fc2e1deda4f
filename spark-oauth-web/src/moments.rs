//! Points in time as people write them: a day, an instant, a number of days.

use std::time::Duration;

use spark_oauth_core::Timestamp;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

const DAY: Duration = Duration::from_hours(24);

/// The longest end that is counted in days: a century.
const MOST_DAYS: u32 = 36_500;

/// A text that is neither a day nor an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a day such as 2027-01-31 (in UTC), or a time such as 2027-01-31T18:00:00Z")]
pub struct InvalidMoment;

/// A text that says no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "write a day such as 2027-01-31 (in UTC), a time such as 2027-01-31T18:00:00Z, or a number \
     of days such as 90d"
)]
pub struct InvalidEnd;

/// The beginning of a span of time: a day counts from its beginning.
///
/// # Errors
/// [`InvalidMoment`] where the text is neither a day nor an instant.
pub fn parse_from(text: &str) -> Result<Timestamp, InvalidMoment> {
    moment(text, |day| day)
}

/// The end of a span of time: a day counts to its end. The span ends before it.
///
/// # Errors
/// [`InvalidMoment`] where the text is neither a day nor an instant.
pub fn parse_until(text: &str) -> Result<Timestamp, InvalidMoment> {
    moment(text, |day| day + DAY)
}

/// When something ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// After so much time.
    After(Duration),
    /// Then.
    At(Timestamp),
}

impl End {
    /// Reads `90d`, a day or an instant. With a day, its last second is the end.
    ///
    /// # Errors
    /// [`InvalidEnd`] where the text says none.
    pub fn parse(text: &str) -> Result<Self, InvalidEnd> {
        let text = text.trim();
        if let Some(days) = days(text) {
            return (1..=MOST_DAYS)
                .contains(&days)
                .then_some(Self::After(DAY * days))
                .ok_or(InvalidEnd);
        }
        moment(text, |day| day + DAY - Duration::from_secs(1))
            .map(Self::At)
            .map_err(|InvalidMoment| InvalidEnd)
    }

    /// The point in time, as seen at `now`.
    pub fn seen_at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::After(time) => now + time,
            Self::At(at) => at,
        }
    }
}

/// `90d`, `90 days` or a bare `90`.
fn days(text: &str) -> Option<u32> {
    let number = ["days", "day", "d"]
        .iter()
        .find_map(|unit| text.strip_suffix(unit))
        .unwrap_or(text)
        .trim_end();
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| number.parse().unwrap_or(u32::MAX))
}

/// Whether a text is a day.
pub(crate) fn is_day(text: &str) -> bool {
    day(text).is_some()
}

fn day(text: &str) -> Option<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}

fn moment(
    text: &str,
    of_day: impl FnOnce(Timestamp) -> Timestamp,
) -> Result<Timestamp, InvalidMoment> {
    let text = text.trim();
    if let Some(date) = day(text) {
        return Ok(of_day(date.midnight().assume_utc().into()));
    }
    OffsetDateTime::parse(text, &Rfc3339)
        .map(Timestamp::from)
        .map_err(|_| InvalidMoment)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(moment: Result<Timestamp, InvalidMoment>) -> String {
        moment.unwrap().to_string()
    }

    #[test]
    fn a_day_counts_from_its_beginning_to_its_end() {
        assert_eq!(
            shown(parse_from(" 2026-11-25 ")),
            "2026-11-25T00:00:00.000Z"
        );
        assert_eq!(shown(parse_until("2026-12-31")), "2027-01-01T00:00:00.000Z");
        assert_eq!(
            End::parse("2027-01-31").unwrap().seen_at(Timestamp::EPOCH),
            parse_from("2027-01-31T23:59:59Z").unwrap()
        );
    }

    #[test]
    fn an_instant_is_taken_as_it_is() {
        for parse in [parse_from, parse_until] {
            let instant = shown(parse("2026-11-25T15:05:00+01:00"));
            assert_eq!(instant, "2026-11-25T14:05:00.000Z");
        }
    }

    #[test]
    fn days_are_counted_from_now() {
        let now = Timestamp::from_millis(1_000);
        for text in ["90d", "90 days", "90", " 90 d"] {
            assert_eq!(End::parse(text).unwrap().seen_at(now), now + DAY * 90);
        }
        assert_eq!(End::parse("1 day"), Ok(End::After(DAY)));
    }

    #[test]
    fn what_says_no_time_is_refused() {
        for text in [
            "",
            "d",
            "0d",
            "-1d",
            "36501d",
            "99999999999d",
            "soon",
            "2027-02-29",
        ] {
            assert_eq!(End::parse(text), Err(InvalidEnd), "{text}");
        }
        for text in ["", "90d", "2027-13-01", "25.11.2026", "2026-11-25T15:05"] {
            assert_eq!(parse_from(text), Err(InvalidMoment), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_a_time_panic(text in "[-0-9dTZ:. ]{0,40}|.{0,40}") {
            let _ = (End::parse(&text), parse_from(&text), parse_until(&text));
        }
    }
}
