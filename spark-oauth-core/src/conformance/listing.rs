//! What every list of tokens must show, page by page.

use std::collections::BTreeSet;

use super::pages::{page_after, to_the_end};
use super::samples::{later, token};
use super::tokens::insert_all;
use crate::ids::TokenId;
use crate::ports::{Cursor, Page, Stores, TokenFilter};
use crate::token::{ConsentLoss, RevokedBy, Status, StatusKind, Token};

async fn page(
    stores: &Stores,
    filter: &TokenFilter,
    after: Option<&Cursor>,
    records: u16,
) -> Page<Token> {
    stores
        .tokens
        .list(filter, &page_after(after, records))
        .await
        .expect("list must answer")
}

/// The identifiers of the whole list, in pages of `records`.
pub(super) async fn list(stores: &Stores, filter: &TokenFilter, records: u16) -> Vec<TokenId> {
    shown_from(stores, filter, None, records).await
}

/// The identifiers of what follows a cursor, or of the whole list.
async fn shown_from(
    stores: &Stores,
    filter: &TokenFilter,
    after: Option<Cursor>,
    records: u16,
) -> Vec<TokenId> {
    let shown = to_the_end(after, records, async |request| {
        let page = stores.tokens.list(filter, &request).await;
        page.expect("list must answer")
    });
    shown.await.iter().map(|token| token.id).collect()
}

async fn insert_many(stores: &Stores, numbers: std::ops::Range<u32>) -> Vec<TokenId> {
    let tokens: Vec<_> = numbers.map(token).collect();
    insert_all(stores, &tokens).await;
    tokens.iter().map(|token| token.id).collect()
}

fn newest_first(ids: &[TokenId]) -> Vec<TokenId> {
    ids.iter().rev().copied().collect()
}

/// An empty store has one empty page, whatever is asked for.
pub async fn an_empty_list_has_one_page(stores: &Stores) {
    let filters = [
        TokenFilter::default(),
        TokenFilter {
            email_part: Some("alice".to_owned()),
            status: Some(StatusKind::Active),
            ..TokenFilter::default()
        },
    ];
    for filter in filters {
        let page = page(stores, &filter, None, 10).await;
        assert!(page.items.is_empty());
        assert_eq!(page.next, None);
    }
}

/// The newest record comes first.
pub async fn the_newest_record_comes_first(stores: &Stores) {
    let ids = insert_many(stores, 0..5).await;
    let listed = list(stores, &TokenFilter::default(), 100).await;
    assert_eq!(listed, newest_first(&ids));
}

/// Pages of every size show every record once, in the same order.
pub async fn pages_show_every_record_once(stores: &Stores) {
    let ids = insert_many(stores, 0..12).await;
    for records in [1, 2, 3, 5, 11, 12, 13, u16::MAX] {
        let listed = list(stores, &TokenFilter::default(), records).await;
        assert_eq!(listed, newest_first(&ids), "in pages of {records}");
    }
}

/// The last page says that it is the last, also where it is full.
pub async fn the_last_page_has_no_cursor(stores: &Stores) {
    insert_many(stores, 0..6).await;
    let all = TokenFilter::default();
    let first = page(stores, &all, None, 3).await;
    assert!(first.next.is_some(), "three more records follow");
    let second = page(stores, &all, first.next.as_ref(), 3).await;
    assert_eq!((second.items.len(), second.next), (3, None));
}

/// A cursor can be used again: the same page comes.
pub async fn a_cursor_can_be_used_again(stores: &Stores) {
    insert_many(stores, 0..6).await;
    let all = TokenFilter::default();
    let first = page(stores, &all, None, 2).await;
    let once = page(stores, &all, first.next.as_ref(), 2).await;
    let twice = page(stores, &all, first.next.as_ref(), 2).await;
    assert_eq!(once.items, twice.items);
    assert_eq!(once.next, twice.next);
}

/// A list by status shows exactly the records of that status, also after a change.
pub async fn a_list_by_status_shows_that_status(stores: &Stores) {
    let statuses = [
        Status::Active,
        Status::NeedsConsent {
            reason: ConsentLoss::RefreshRefused,
            since: later(1),
        },
        Status::Revoked {
            by: RevokedBy::Admin,
            at: later(1),
        },
    ];
    let tokens: Vec<_> = (0..9)
        .zip(statuses.into_iter().cycle())
        .map(|(number, status)| Token {
            status,
            ..token(number)
        })
        .collect();
    insert_all(stores, &tokens).await;
    for kind in StatusKind::ALL {
        assert_listed(stores, &of_status(kind), &tokens, |token| {
            token.status.kind() == kind
        })
        .await;
    }
    let mut tokens = tokens;
    tokens[0].status = statuses[2];
    let changed = stores.tokens.update(&tokens[0]).await;
    tokens[0].version = changed.expect("the version is the stored one");
    for kind in StatusKind::ALL {
        assert_listed(stores, &of_status(kind), &tokens, |token| {
            token.status.kind() == kind
        })
        .await;
    }
}

fn of_status(kind: StatusKind) -> TokenFilter {
    TokenFilter {
        status: Some(kind),
        ..TokenFilter::default()
    }
}

/// Compares the list with the records, oldest first, for which `fits` holds.
pub(super) async fn assert_listed(
    stores: &Stores,
    filter: &TokenFilter,
    tokens: &[Token],
    fits: impl Fn(&Token) -> bool,
) {
    let expected: Vec<_> = tokens.iter().rev().filter(|token| fits(token)).collect();
    let expected: Vec<_> = expected.iter().map(|token| token.id).collect();
    for records in [2, 1_000] {
        let listed = list(stores, filter, records).await;
        assert_eq!(listed, expected, "{filter:?} in pages of {records}");
    }
}

/// Records that come between two pages move no record that was there.
pub async fn records_that_come_move_no_other(stores: &Stores) {
    let ids = insert_many(stores, 0..6).await;
    let all = TokenFilter::default();
    let first = page(stores, &all, None, 2).await;
    insert_many(stores, 100..110).await;
    let mut shown: Vec<_> = first.items.iter().map(|token| token.id).collect();
    shown.extend(rest(stores, first.next).await);
    assert_eq!(shown, newest_first(&ids), "who was there is shown once");
}

/// Records that go between two pages move no record that stays: not even where the
/// one goes that the cursor names.
pub async fn records_that_go_move_no_other(stores: &Stores) {
    let ids = insert_many(stores, 0..10).await;
    let all = TokenFilter::default();
    let first = page(stores, &all, None, 3).await;
    // 9, 8 and 7 were shown; 7 is the last of them. 6 would be the next.
    for gone in [7, 9, 6, 3] {
        let removed = stores.tokens.remove(ids[gone]).await;
        assert!(removed.expect("remove must answer"));
    }
    let shown = rest(stores, first.next).await;
    assert_eq!(shown, [5, 4, 2, 1, 0].map(|number: usize| ids[number]));
}

/// A change of a record does not move it in the list.
pub async fn a_change_does_not_move_a_record(stores: &Stores) {
    let ids = insert_many(stores, 0..6).await;
    let all = TokenFilter::default();
    let first = page(stores, &all, None, 2).await;
    for id in [ids[5], ids[4], ids[3], ids[0]] {
        let read = stores.tokens.get(id).await.expect("get must answer");
        let mut read = read.expect("the record must be there");
        read.granted_at = later(1_000_000);
        read.display_name = Some("renamed".to_owned());
        stores
            .tokens
            .update(&read)
            .await
            .expect("nobody else writes");
    }
    let shown = rest(stores, first.next).await;
    assert_eq!(shown, [3, 2, 1, 0].map(|number: usize| ids[number]));
}

/// What follows the first page, in pages of two.
async fn rest(stores: &Stores, after: Option<Cursor>) -> Vec<TokenId> {
    assert!(after.is_some(), "more records follow the first page");
    shown_from(stores, &TokenFilter::default(), after, 2).await
}

/// While others come and go all the time, who stays is shown exactly once.
pub async fn who_stays_is_shown_once_while_others_come_and_go(stores: &Stores) {
    let staying: BTreeSet<_> = insert_many(stores, 0..20).await.into_iter().collect();
    let leaving = insert_many(stores, 20..40).await;
    let store = stores.tokens.clone();
    let churn = tokio::spawn(async move {
        for (number, id) in (1_000..).zip(leaving) {
            let removed = store.remove(id).await;
            assert!(removed.expect("remove must answer"));
            let newcomer = token(number);
            store.insert(&newcomer).await.expect("no rule is broken");
        }
    });
    let mut rounds = 0;
    while !churn.is_finished() || rounds == 0 {
        let listed = list(stores, &TokenFilter::default(), 3).await;
        let seen: BTreeSet<_> = listed.iter().copied().collect();
        assert_eq!(listed.len(), seen.len(), "no record is shown twice");
        assert!(
            seen.is_superset(&staying),
            "every record that stays is shown"
        );
        rounds += 1;
    }
    churn.await.expect("others come and go without an error");
}
