//! Lists in pages, by keyset: records may come and go between two pages without
//! one being shown twice or left out.

use std::fmt;
use std::num::NonZeroU16;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Where the next page begins. Its meaning is the store's own; to everybody else
/// it is an opaque text, safe in a URL.
///
/// Anybody can write one into a URL. A store that is given a position which it did
/// not make MUST answer a page all the same, wherever it begins, or an empty one: no
/// error, no panic, and no record twice on the way to the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(Vec<u8>);

/// A text that no store has made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor: take `next_cursor` of the page before, unchanged, or leave it out")]
pub struct InvalidCursor;

impl Cursor {
    /// The longest cursor that is read, in characters.
    pub const MAX_LENGTH: usize = 256;

    /// Makes a cursor from the position that a store wants to find again.
    pub fn from_position(position: impl Into<Vec<u8>>) -> Self {
        Self(position.into())
    }

    /// The position that the store put in.
    pub fn position(&self) -> &[u8] {
        &self.0
    }

    /// Reads the text of a cursor.
    ///
    /// # Errors
    /// [`InvalidCursor`] where the text is none.
    pub fn parse(text: &str) -> Result<Self, InvalidCursor> {
        if text.is_empty() || text.len() > Self::MAX_LENGTH {
            return Err(InvalidCursor);
        }
        URL_SAFE_NO_PAD
            .decode(text)
            .map(Self)
            .map_err(|_| InvalidCursor)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(&self.0))
    }
}

/// Which page to read.
#[derive(Clone, Debug)]
pub struct PageRequest {
    /// The cursor of the page before; `None` for the first page.
    pub after: Option<Cursor>,
    /// How many records at most.
    pub limit: NonZeroU16,
}

impl PageRequest {
    /// The first page.
    pub const fn first(limit: NonZeroU16) -> Self {
        Self { after: None, limit }
    }
}

/// One page of records.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The records, in the store's order.
    pub items: Vec<T>,
    /// Where the next page begins; `None` where this is the last one.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Makes a page from up to `limit + 1` records: the one too many tells that
    /// there is a next page, and `position` names the last record shown.
    pub fn from_one_more(
        mut items: Vec<T>,
        limit: NonZeroU16,
        position: impl FnOnce(&T) -> Vec<u8>,
    ) -> Self {
        let limit = usize::from(limit.get());
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items
            .last()
            .filter(|_| more)
            .map(|last| Cursor::from_position(position(last)));
        Self { items, next }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_reads_back(position in prop::collection::vec(any::<u8>(), 1..100)) {
            let cursor = Cursor::from_position(position);
            prop_assert_eq!(Cursor::parse(&cursor.to_string()), Ok(cursor));
        }

        #[test]
        fn no_text_makes_reading_a_cursor_panic(text in ".{0,400}") {
            let _ = Cursor::parse(&text);
        }
    }

    #[test]
    fn only_a_record_too_many_makes_a_next_page() {
        let limit = NonZeroU16::new(2).unwrap();
        let full = Page::from_one_more(vec![1_u8, 2], limit, |last| vec![*last]);
        assert_eq!(full.next, None);
        let more = Page::from_one_more(vec![1_u8, 2, 3], limit, |last| vec![*last]);
        assert_eq!(more.items, [1, 2]);
        assert_eq!(more.next, Some(Cursor::from_position([2])));
    }
}
