//! The `Date` header (RFC 9110 section 6.6.1), from the local clock.
//!
//! The HTTP library caches the date until its second is over. After the clock was set back
//! by days, that is days later.

use std::cell::RefCell;
use std::time::{Duration, SystemTime};

use axum::http::HeaderValue;
use spark_oauth_core::Timestamp;

thread_local! {
    /// The last second and its header value.
    static WRITTEN: RefCell<Option<(i64, HeaderValue)>> = const { RefCell::new(None) };
}

/// The header at `now`; `None` for a time outside its format.
pub(super) fn header(now: Timestamp) -> Option<HeaderValue> {
    let second = now.as_millis().div_euclid(1_000);
    WRITTEN.with_borrow_mut(|written| {
        if let Some((of, value)) = written
            && *of == second
        {
            return Some(value.clone());
        }
        let value = write(second)?;
        *written = Some((second, value.clone()));
        Some(value)
    })
}

fn write(second: i64) -> Option<HeaderValue> {
    /// The first second of the year 10000, which the format cannot represent.
    const END: u64 = 253_402_300_800;
    let since_epoch = u64::try_from(second).ok().filter(|second| *second < END)?;
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(since_epoch);
    HeaderValue::try_from(httpdate::fmt_http_date(at)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_follows_the_clock_also_where_it_is_set_back() {
        for (millis, date) in [
            (1_764_028_800_000, "Tue, 25 Nov 2025 00:00:00 GMT"),
            (1_764_028_800_999, "Tue, 25 Nov 2025 00:00:00 GMT"),
            (1_764_028_801_000, "Tue, 25 Nov 2025 00:00:01 GMT"),
            (1_763_856_000_000, "Sun, 23 Nov 2025 00:00:00 GMT"),
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        ] {
            let value = header(Timestamp::from_millis(millis)).unwrap();
            assert_eq!(value.to_str().unwrap(), date);
        }
    }

    #[test]
    fn a_time_that_has_no_date_has_no_header() {
        for millis in [i64::MIN, -1, 253_402_300_800_000, i64::MAX] {
            assert_eq!(header(Timestamp::from_millis(millis)), None);
        }
    }
}
