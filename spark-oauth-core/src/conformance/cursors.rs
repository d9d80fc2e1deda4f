//! What every list must do with a cursor that the store did not make: anybody can
//! write one into a URL.

use super::pages::to_the_end;
use super::samples::{self, NOW, admin, api_key, audit_entry, later, link, token};
use super::{admins, api_keys, links, tokens};
use crate::api_keys::Reach;
use crate::ports::{AuditFilter, Cursor, Page, PageRequest, StoreError, Stores, TokenFilter};
use crate::token::StatusKind;

/// Positions of other stores, and of nobody.
fn foreign_cursors() -> Vec<Cursor> {
    let positions: [&[u8]; 10] = [
        &[0],
        &[0xff],
        b"alice",
        &[0; 8],
        &[0xff; 8],
        &[0x7f; 8],
        &[0; 16],
        &[0xff; 16],
        b"01ARZ3NDEKTSV4RRFFQ69G5FAV",
        &[0xc3; 190],
    ];
    positions.map(Cursor::from_position).into()
}

/// Reads a list to its end from each foreign cursor, where no record may be shown
/// twice.
async fn assert_harmless<T, K: Ord>(
    read: impl AsyncFn(PageRequest) -> Result<Page<T>, StoreError>,
    key: impl Fn(&T) -> K,
) {
    for cursor in foreign_cursors() {
        let shown = to_the_end(Some(cursor.clone()), 2, async |request| {
            let page = read(request).await;
            page.unwrap_or_else(|error| panic!("{cursor:?} must do no harm: {error:?}"))
        })
        .await;
        let mut keys: Vec<_> = shown.iter().map(&key).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), shown.len(), "{cursor:?}");
    }
}

/// A list of tokens takes every cursor, whatever the filter.
pub async fn a_foreign_cursor_harms_no_list_of_tokens(stores: &Stores) {
    let tokens: Vec<_> = (0..5).map(token).collect();
    tokens::insert_all(stores, &tokens).await;
    for email_part in [None, Some("n"), Some("person")] {
        for status in [None, Some(StatusKind::Active)] {
            let filter = TokenFilter {
                email_part: email_part.map(str::to_owned),
                status,
                ..TokenFilter::default()
            };
            assert_harmless(
                async |request| stores.tokens.list(&filter, &request).await,
                |token| token.id,
            )
            .await;
        }
    }
}

/// A list of admins takes every cursor.
pub async fn a_foreign_cursor_harms_no_list_of_admins(stores: &Stores) {
    let all: Vec<_> = (0..5).map(admin).collect();
    admins::insert_all(stores, &all).await;
    assert_harmless(
        async |request| stores.admins.list(&request).await,
        |admin| admin.id,
    )
    .await;
}

/// A list of tokens within a reach takes every cursor.
pub async fn a_foreign_cursor_harms_no_list_within_a_reach(stores: &Stores) {
    let tokens: Vec<_> = (0..5).map(token).collect();
    tokens::insert_all(stores, &tokens).await;
    let emails = [0, 2, 4].map(|place: usize| tokens[place].email.clone());
    let domain = samples::domain("example.com");
    let reaches = [
        Reach::of(emails.clone(), []),
        Reach::of([], [domain.clone()]),
        Reach::of(emails, [domain]),
    ];
    for reach in reaches {
        for expiring_before in [None, Some(later(10_000_000))] {
            let filter = TokenFilter {
                reach: reach.clone(),
                expiring_before,
                ..TokenFilter::default()
            };
            assert_harmless(
                async |request| stores.tokens.list(&filter, &request).await,
                |token| token.id,
            )
            .await;
        }
    }
}

/// A list of API keys takes every cursor.
pub async fn a_foreign_cursor_harms_no_list_of_api_keys(stores: &Stores) {
    let keys: Vec<_> = (0..5).map(api_key).collect();
    api_keys::insert_all(stores, &keys).await;
    assert_harmless(
        async |request| stores.api_keys.list(&request).await,
        |key| key.id,
    )
    .await;
}

/// A list of consent links takes every cursor.
pub async fn a_foreign_cursor_harms_no_list_of_links(stores: &Stores) {
    let all: Vec<_> = (0..5).map(link).collect();
    links::insert_all(stores, &all).await;
    assert_harmless(
        async |request| stores.links.list(&request).await,
        |link| link.id,
    )
    .await;
}

/// The audit log takes every cursor, whatever is searched for.
pub async fn a_foreign_cursor_harms_no_audit_log(stores: &Stores) {
    for number in 0..5 {
        let mut entry = audit_entry(number);
        entry.subject = Some("ann@example.com".to_owned());
        let appended = stores.audit.append(&entry).await;
        appended.expect("append must answer");
    }
    let of_subject = AuditFilter {
        subject: Some("ann@example.com".to_owned()),
        ..AuditFilter::default()
    };
    let of_action = AuditFilter {
        action: Some(audit_entry(0).action),
        from: Some(NOW),
        ..AuditFilter::default()
    };
    for filter in [AuditFilter::default(), of_subject, of_action] {
        assert_harmless(
            async |request| stores.audit.list(&filter, &request).await,
            |entry| entry.id,
        )
        .await;
    }
}
