//! What a cursor names: the `seq` of the last record of its page.

use spark_oauth_core::ports::Cursor;

/// The position that a page begins behind: a `seq`, or beyond every one. A cursor
/// that another store made finds nothing.
pub(crate) fn before(after: Option<&Cursor>) -> i64 {
    after.map_or(i64::MAX, |cursor| {
        cursor
            .position()
            .try_into()
            .map_or(i64::MIN, i64::from_be_bytes)
    })
}
