//! Lists, page by page.

use std::num::NonZeroU16;

use crate::ports::{Cursor, Page, PageRequest};

/// A list of the suite that has more pages than this goes in a circle.
const MOST_PAGES: usize = 1_000;

pub(super) fn limit(records: u16) -> NonZeroU16 {
    NonZeroU16::new(records).expect("a page holds at least one record")
}

/// The page after `after`, whose cursor went through its text as it does in a URL.
pub(super) fn page_after(after: Option<&Cursor>, records: u16) -> PageRequest {
    let after = after.map(|cursor| {
        Cursor::parse(&cursor.to_string()).expect("the text of a cursor must read back")
    });
    PageRequest {
        after,
        limit: limit(records),
    }
}

/// The records of every page from `after` to the end.
pub(super) async fn to_the_end<T>(
    after: Option<Cursor>,
    records: u16,
    mut read: impl AsyncFnMut(PageRequest) -> Page<T>,
) -> Vec<T> {
    let mut shown = Vec::new();
    let mut after = after;
    for _ in 0..MOST_PAGES {
        let page = read(page_after(after.as_ref(), records)).await;
        assert!(
            page.items.len() <= usize::from(records),
            "a page holds no more than was asked for"
        );
        assert!(
            page.next.is_none() || !page.items.is_empty(),
            "a page that says there is more must hold something"
        );
        shown.extend(page.items);
        after = page.next;
        if after.is_none() {
            return shown;
        }
    }
    panic!("a list must come to its end: {MOST_PAGES} pages of {records} did not");
}
