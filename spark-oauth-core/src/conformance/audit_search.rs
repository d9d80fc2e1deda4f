//! What every search of the [`AuditLog`](crate::ports::AuditLog) must find.

use std::time::Duration;

use super::audit_names::api_key;
use super::pages::{page_after, to_the_end};
use super::samples::{self, audit_entry, later, unknown_token};
use crate::audit::{Actor, AuditAction, AuditEntry, Outcome, OutcomeKind};
use crate::ids::{ApiKeyId, AuditId};
use crate::ports::{AuditFilter, Cursor, Stores};
use crate::timestamp::Timestamp;

pub(super) async fn append_all<'e>(
    stores: &Stores,
    entries: impl IntoIterator<Item = &'e AuditEntry>,
) {
    for entry in entries {
        let appended = stores.audit.append(entry).await;
        appended.expect("append must answer");
    }
}

async fn search_from(
    stores: &Stores,
    filter: &AuditFilter,
    after: Option<Cursor>,
    records: u16,
) -> Vec<AuditId> {
    let found = to_the_end(after, records, async |request| {
        let page = stores.audit.list(filter, &request).await;
        page.expect("list must answer")
    });
    found.await.iter().map(|entry| entry.id).collect()
}

pub(super) async fn search(stores: &Stores, filter: &AuditFilter) -> Vec<AuditId> {
    search_from(stores, filter, None, 100).await
}

/// Compares what a search finds, in pages of several sizes, with the entries of these
/// places, which are given oldest first.
pub(super) async fn assert_found(
    stores: &Stores,
    filter: &AuditFilter,
    entries: &[AuditEntry],
    places: &[usize],
) {
    let expected: Vec<_> = places
        .iter()
        .rev()
        .map(|place| entries[*place].id)
        .collect();
    for records in [1, 2, 100] {
        let found = search_from(stores, filter, None, records).await;
        assert_eq!(found, expected, "{filter:?} in pages of {records}");
    }
}

pub(super) fn by(number: u32, actor: Actor) -> AuditEntry {
    let mut entry = audit_entry(number);
    entry.caller.actor = actor;
    entry
}

pub(super) fn service(name: &str) -> Actor {
    Actor::Service {
        name: name.to_owned(),
    }
}

pub(super) fn of_actor(name: &str) -> AuditFilter {
    AuditFilter {
        actor: Some(name.to_owned()),
        ..AuditFilter::default()
    }
}

pub(super) fn of_subject(subject: &str) -> AuditFilter {
    AuditFilter {
        subject: Some(subject.to_owned()),
        ..AuditFilter::default()
    }
}

pub(super) fn of_api_key(key: ApiKeyId) -> AuditFilter {
    AuditFilter {
        api_key: Some(key),
        ..AuditFilter::default()
    }
}

/// Token, key, action and outcome are conditions; an entry without a token, a key or a
/// subject is of none.
pub async fn each_condition_is_kept(stores: &Stores) {
    let (one, other) = (unknown_token(), unknown_token());
    let mut entries: Vec<_> = (0..6).map(audit_entry).collect();
    entries[0].token = Some(one);
    entries[1].token = Some(other);
    entries[2].token = Some(one);
    let (key, other_key) = (samples::api_key(1).id, samples::api_key(2).id);
    entries[1].api_key = Some(key);
    entries[2].api_key = Some(other_key);
    entries[5].api_key = Some(key);
    entries[3].subject = Some("ann@example.com".to_owned());
    entries[1].action = AuditAction::SignIn;
    entries[4].action = AuditAction::SignIn;
    entries[0].outcome = Outcome::Refused("failed".to_owned());
    entries[4].outcome = Outcome::Failed("done".to_owned());
    entries[5].outcome = Outcome::Refused(String::new());
    append_all(stores, &entries).await;
    let filter = AuditFilter::default;
    let of_token = |token| AuditFilter {
        token: Some(token),
        ..filter()
    };
    assert_found(stores, &filter(), &entries, &[0, 1, 2, 3, 4, 5]).await;
    assert_found(stores, &of_token(one), &entries, &[0, 2]).await;
    assert_found(stores, &of_token(other), &entries, &[1]).await;
    assert_found(stores, &of_token(unknown_token()), &entries, &[]).await;
    assert_found(stores, &of_subject("ann@example.com"), &entries, &[3]).await;
    for (key, found) in [
        (key, &[1, 5][..]),
        (other_key, &[2]),
        (samples::api_key(3).id, &[]),
    ] {
        assert_found(stores, &of_api_key(key), &entries, found).await;
    }
    for action in AuditAction::ALL {
        let found: &[_] = match action {
            AuditAction::SignIn => &[1, 4],
            AuditAction::TokenRefreshed => &[0, 2, 3, 5],
            _ => &[],
        };
        let filter = AuditFilter {
            action: Some(action),
            ..filter()
        };
        assert_found(stores, &filter, &entries, found).await;
    }
    for (outcome, found) in [
        (OutcomeKind::Done, &[1, 2, 3][..]),
        (OutcomeKind::Refused, &[0, 5]),
        (OutcomeKind::Failed, &[4]),
    ] {
        let filter = AuditFilter {
            outcome: Some(outcome),
            ..filter()
        };
        assert_found(stores, &filter, &entries, found).await;
    }
}

/// A span begins with its first millisecond and ends before its last.
pub async fn a_span_is_kept_to_the_millisecond(stores: &Stores) {
    let milli = Duration::from_millis(1);
    let start = later(100);
    let times = [start + milli, start, start + milli * 3, start + milli * 2];
    let entries: Vec<_> = (0..)
        .zip(times)
        .map(|(number, at)| AuditEntry {
            at,
            ..audit_entry(number)
        })
        .collect();
    append_all(stores, &entries).await;
    for (from, until, found) in [
        (Some(start), None, &[0, 1, 2, 3][..]),
        (Some(start + milli), None, &[0, 2, 3]),
        (Some(start + milli * 4), None, &[]),
        (None, Some(start), &[]),
        (None, Some(start + milli), &[1]),
        (None, Some(start + milli * 4), &[0, 1, 2, 3]),
        (Some(start + milli), Some(start + milli * 3), &[0, 3]),
        (Some(start + milli), Some(start + milli), &[]),
        (Some(start + milli * 3), Some(start), &[]),
    ] {
        let filter = AuditFilter {
            from,
            until,
            ..AuditFilter::default()
        };
        assert_found(stores, &filter, &entries, found).await;
    }
}

/// The farthest times are found, and bound a span.
pub async fn far_times_are_found(stores: &Stores) {
    let entries: Vec<_> = (0..)
        .zip(samples::TIMES)
        .map(|(number, at)| AuditEntry {
            at,
            ..audit_entry(number)
        })
        .collect();
    append_all(stores, &entries).await;
    for (place, at) in samples::TIMES.into_iter().enumerate() {
        // They stand in the order of their times.
        let (earlier, then): (Vec<_>, Vec<_>) = (0..entries.len()).partition(|at| *at < place);
        let from = AuditFilter {
            from: Some(at),
            ..AuditFilter::default()
        };
        assert_found(stores, &from, &entries, &then).await;
        let until = AuditFilter {
            until: Some(at),
            ..AuditFilter::default()
        };
        assert_found(stores, &until, &entries, &earlier).await;
    }
}

/// Entries that differ in every particular, every pair of which occurs.
fn mixed_entries() -> Vec<AuditEntry> {
    let tokens = [None, Some(unknown_token()), Some(unknown_token())];
    let keys = [Some(samples::api_key(1).id), None];
    let people = [None, Some("Ann@example.com"), Some("bob@example.com")];
    let actions = [AuditAction::TokenCheckedOut, AuditAction::ApiCalled];
    let outcomes = [
        Outcome::Done,
        Outcome::Refused("r".to_owned()),
        Outcome::Failed("f".to_owned()),
    ];
    (0..108)
        .map(|number: u32| {
            let digit = number as usize;
            let actor = match digit / 36 {
                0 => service("Ann@Example.com"),
                1 => api_key("reports"),
                _ => Actor::System,
            };
            AuditEntry {
                token: tokens[digit % 3],
                api_key: keys[digit / 27 % 2],
                subject: people[digit / 3 % 3].map(str::to_owned),
                action: actions[digit / 9 % 2],
                outcome: outcomes[(digit / 18 + digit) % 3].clone(),
                at: later(u64::from(number * 7 % 50)),
                ..by(number, actor)
            }
        })
        .collect()
}

/// All that is asked for must hold, in every combination of conditions.
pub async fn every_condition_must_hold(stores: &Stores) {
    let entries = mixed_entries();
    append_all(stores, &entries).await;
    let token = entries.iter().find_map(|entry| entry.token);
    let key = entries.iter().find_map(|entry| entry.api_key);
    let mut found = 0;
    for conditions in 0..256_u32 {
        let is_asked = |bit: u32| conditions & (1 << bit) != 0;
        let filter = AuditFilter {
            actor: is_asked(0).then(|| "ANN@example.com".to_owned()),
            subject: is_asked(1).then(|| "ann@EXAMPLE.com".to_owned()),
            token: token.filter(|_| is_asked(2)),
            action: is_asked(3).then_some(AuditAction::TokenCheckedOut),
            outcome: is_asked(4).then_some(OutcomeKind::Refused),
            from: is_asked(5).then(|| later(10)),
            until: is_asked(6).then(|| later(40)),
            api_key: key.filter(|_| is_asked(7)),
        };
        let expected = entries.iter().rev().filter(|entry| filter.fits(entry));
        let expected: Vec<_> = expected.map(|entry| entry.id).collect();
        for records in [7, u16::MAX] {
            let listed = search_from(stores, &filter, None, records).await;
            assert_eq!(listed, expected, "{filter:?} in pages of {records}");
        }
        found += expected.len();
    }
    assert!(found > 1_000, "the conditions leave something to find");
}

/// A search is shown page by page, the newest first, its few entries among many; what
/// comes between two pages moves no other.
pub async fn a_search_of_entries_is_shown_page_by_page(stores: &Stores) {
    let needle = |number: u32| AuditEntry {
        subject: Some("Needle@example.com".to_owned()),
        action: AuditAction::TokenCheckedOut,
        ..by(number, service("reports"))
    };
    let entries: Vec<_> = (0..120)
        .map(|number| match number % 20 {
            7 => needle(number),
            _ => AuditEntry {
                subject: Some("hay@example.com".to_owned()),
                ..by(number, service("hay"))
            },
        })
        .collect();
    append_all(stores, &entries).await;
    let filters = [
        of_subject("needle@example.com"),
        of_actor("Reports"),
        AuditFilter {
            action: Some(AuditAction::TokenCheckedOut),
            ..AuditFilter::default()
        },
        AuditFilter {
            outcome: Some(OutcomeKind::Done),
            ..of_subject("needle@example.com")
        },
    ];
    let mut first_pages = Vec::new();
    for filter in &filters {
        let page = stores.audit.list(filter, &page_after(None, 2)).await;
        first_pages.push(page.expect("list must answer"));
    }
    append_all(stores, &[needle(1_000), needle(1_001)]).await;
    let places = [7, 27, 47, 67, 87, 107].into_iter().rev();
    let expected: Vec<_> = places.map(|place: usize| entries[place].id).collect();
    for (filter, first) in filters.iter().zip(first_pages) {
        let mut shown: Vec<_> = first.items.iter().map(|entry| entry.id).collect();
        shown.extend(search_from(stores, filter, first.next, 3).await);
        assert_eq!(shown, expected, "{filter:?}");
    }
}

/// The last page of a search says so, also where it is full.
pub async fn the_last_page_of_a_search_has_no_cursor(stores: &Stores) {
    let of = |number: u32| by(number, service(["ann", "bob"][number as usize % 2]));
    let entries: Vec<_> = (0..8).map(of).collect();
    append_all(stores, &entries).await;
    let page = async |after: Option<&Cursor>| {
        let page = stores
            .audit
            .list(&of_actor("ann"), &page_after(after, 2))
            .await;
        page.expect("list must answer")
    };
    let first = page(None).await;
    assert_eq!(first.items.len(), 2);
    let last = page(first.next.as_ref()).await;
    assert_eq!((last.items.len(), last.next), (2, None));
    let again = page(first.next.as_ref()).await;
    assert_eq!(again.items, last.items, "a cursor can be used again");
}

/// The order is that of appending, whatever the times say.
pub async fn a_search_is_in_the_order_of_appending(stores: &Stores) {
    let times = [5, 1, 4, 4, 2, 3];
    let entries: Vec<_> = (0..)
        .zip(times)
        .map(|(number, seconds)| AuditEntry {
            at: later(seconds),
            ..by(number, service("ann"))
        })
        .collect();
    append_all(stores, &entries).await;
    let span = AuditFilter {
        from: Some(Timestamp::EPOCH),
        until: Some(later(5)),
        ..AuditFilter::default()
    };
    assert_found(stores, &span, &entries, &[1, 2, 3, 4, 5]).await;
    let both = AuditFilter {
        actor: Some("ann".to_owned()),
        ..span
    };
    assert_found(stores, &both, &entries, &[1, 2, 3, 4, 5]).await;
}
