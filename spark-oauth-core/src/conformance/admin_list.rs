//! What every list of admins must show, page by page.

use super::admins::{insert_all, with_name};
use super::pages::{page_after, to_the_end};
use crate::ports::{Cursor, Stores};

async fn names(stores: &Stores, after: Option<Cursor>, records: u16) -> Vec<String> {
    let shown = to_the_end(after, records, async |request| {
        let page = stores.admins.list(&request).await;
        page.expect("list must answer")
    });
    let names = shown.await;
    names
        .iter()
        .map(|admin| admin.username.to_string())
        .collect()
}

/// The list goes by username in lower case, whatever the size of its pages.
pub async fn admins_are_listed_by_username(stores: &Stores) {
    assert!(names(stores, None, 3).await.is_empty());
    let in_order = ["_zed", "Alice", "alice_2", "BOB", "carol", "Dave9", "eve"];
    for (number, name) in (0..).zip(["carol", "eve", "Alice", "_zed", "Dave9", "alice_2", "BOB"]) {
        insert_all(stores, [&with_name(number, name)]).await;
    }
    // In ASCII the underscore comes before the lower-case letters.
    for records in [1, 2, 3, 6, 7, 8] {
        assert_eq!(names(stores, None, records).await, in_order);
    }
}

/// Admins that come and go between two pages move no other.
pub async fn admins_that_come_and_go_move_no_other(stores: &Stores) {
    let admins: Vec<_> = (0..)
        .zip(["aaa", "bbb", "ccc", "ddd", "eee", "fff"])
        .map(|(number, name)| with_name(number, name))
        .collect();
    insert_all(stores, &admins).await;
    let first = stores.admins.list(&page_after(None, 3)).await;
    let first = first.expect("list must answer");
    // The last one shown goes, the next one too; one comes before and one behind.
    for gone in [2, 3] {
        let removed = stores.admins.remove(admins[gone].id).await;
        assert!(removed.expect("remove must answer"));
    }
    insert_all(stores, [&with_name(8, "abc"), &with_name(9, "ded")]).await;
    assert_eq!(names(stores, first.next, 1).await, ["ded", "eee", "fff"]);
}
