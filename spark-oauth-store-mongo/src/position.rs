//! What a cursor names: the identifier of the last record of its page.

use mongodb::bson::{Bson, Document, doc};
use spark_oauth_core::ports::Cursor;

/// The filter that a page begins with, in a list by identifier, newest first. A
/// cursor that another store made finds nothing: no text is less than the empty one.
pub(crate) fn behind(after: Option<&Cursor>) -> Document {
    match after {
        None => Document::new(),
        Some(cursor) => doc! { "_id": { "$lt": text(cursor).unwrap_or_default() } },
    }
}

/// The position as a text, where it is one.
pub(crate) fn text(cursor: &Cursor) -> Option<&str> {
    std::str::from_utf8(cursor.position()).ok()
}

/// One record more than the page holds.
pub(crate) fn one_more(limit: std::num::NonZeroU16) -> i64 {
    i64::from(limit.get()) + 1
}

/// The order of a list by identifier, newest first.
pub(crate) fn newest_first() -> Document {
    doc! { "_id": Bson::Int32(-1) }
}
