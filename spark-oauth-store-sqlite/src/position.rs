//! What a cursor names: the last record of its page.

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

/// The same where records are sorted by a text, newest first. U+10FFFF sorts behind
/// every text here, and the empty text before every one.
pub(crate) fn before_text(after: Option<&Cursor>) -> &str {
    after.map_or("\u{10ffff}", |cursor| {
        std::str::from_utf8(cursor.position()).unwrap_or_default()
    })
}
