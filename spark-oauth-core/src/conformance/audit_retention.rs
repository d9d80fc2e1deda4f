//! What every [`AuditLog`](crate::ports::AuditLog) must do when old entries go.

use std::collections::BTreeSet;
use std::time::Duration;

use super::audit_search::{append_all, search};
use super::pages::{limit, page_after, to_the_end};
use super::races::{RUNNERS, race};
use super::samples::{self, audit_entry, later};
use crate::audit::{Actor, AuditEntry};
use crate::ids::AuditId;
use crate::ports::{AuditFilter, Stores};
use crate::timestamp::Timestamp;

async fn remove(stores: &Stores, at: Timestamp, most: u16) -> u64 {
    let removed = stores.audit.remove_before(at, limit(most)).await;
    removed.expect("remove_before must answer")
}

async fn standing(stores: &Stores) -> Vec<AuditId> {
    search(stores, &AuditFilter::default()).await
}

fn at_times(times: impl IntoIterator<Item = Timestamp>) -> Vec<AuditEntry> {
    let numbered = (0..).zip(times);
    let entries = numbered.map(|(number, at)| AuditEntry {
        at,
        ..audit_entry(number)
    });
    entries.collect()
}

fn newest_first(entries: &[AuditEntry]) -> Vec<AuditId> {
    entries.iter().rev().map(|entry| entry.id).collect()
}

/// What happened before the time goes, what happened then or later stays, to the
/// millisecond, whatever the order of appending.
pub async fn entries_before_a_time_are_removed(stores: &Stores) {
    let milli = Duration::from_millis(1);
    let end = later(60);
    let times = [end, later(0), end + milli, later(59), later(30)];
    let entries = at_times(times);
    append_all(stores, &entries).await;
    assert_eq!(remove(stores, later(0), 100).await, 0);
    assert_eq!(standing(stores).await, newest_first(&entries));
    assert_eq!(remove(stores, end, 100).await, 3);
    let stay = [entries[0].clone(), entries[2].clone()];
    assert_eq!(standing(stores).await, newest_first(&stay));
    assert_eq!(remove(stores, end, 100).await, 0);
    assert_eq!(remove(stores, end + milli, 100).await, 1);
    assert_eq!(standing(stores).await, [entries[2].id]);
}

/// The farthest times are told apart.
pub async fn far_entries_are_removed(stores: &Stores) {
    let entries = at_times(samples::TIMES);
    append_all(stores, &entries).await;
    for (gone, at) in samples::TIMES.into_iter().enumerate() {
        remove(stores, at, 100).await;
        let left = newest_first(&entries[gone..]);
        assert_eq!(standing(stores).await, left, "before {at:?}");
    }
}

/// No more go at once than asked for; fewer mean that no more stood there.
pub async fn no_more_entries_are_removed_than_asked_for(stores: &Stores) {
    let entries = at_times((0..10).map(|_| later(1)).chain([later(9), later(9)]));
    append_all(stores, &entries).await;
    for (most, removed, left) in [(3, 3, 9), (1, 1, 8), (6, 6, 2), (6, 0, 2)] {
        assert_eq!(remove(stores, later(5), most).await, removed);
        assert_eq!(standing(stores).await.len(), left);
    }
    assert_eq!(standing(stores).await, newest_first(&entries[10..]));
    assert_eq!(remove(stores, later(10), u16::MAX).await, 2);
    assert!(standing(stores).await.is_empty());
}

/// What is gone is found by no search, and the rest is.
pub async fn a_removed_entry_leaves_the_search(stores: &Stores) {
    let mut entries = at_times([later(1), later(9), later(1), later(9)]);
    for entry in &mut entries {
        entry.subject = Some("Ann@example.com".to_owned());
        entry.caller.actor = Actor::Service {
            name: "reports".to_owned(),
        };
    }
    append_all(stores, &entries).await;
    assert_eq!(remove(stores, later(5), 10).await, 2);
    let filters = [
        AuditFilter {
            actor: Some("Reports".to_owned()),
            ..AuditFilter::default()
        },
        AuditFilter {
            subject: Some("ann@example.com".to_owned()),
            ..AuditFilter::default()
        },
        AuditFilter {
            action: Some(entries[0].action),
            ..AuditFilter::default()
        },
    ];
    for filter in filters {
        let found = search(stores, &filter).await;
        assert_eq!(found, [entries[3].id, entries[1].id], "{filter:?}");
    }
}

/// Entries that go between two pages move no other: not even where the one goes that
/// the cursor names.
pub async fn entries_that_go_move_no_other(stores: &Stores) {
    let old = [1, 4, 5];
    let times = (0..6).map(|place| later(if old.contains(&place) { 1 } else { 9 }));
    let entries = at_times(times);
    append_all(stores, &entries).await;
    let all = AuditFilter::default();
    let first = stores.audit.list(&all, &page_after(None, 2)).await;
    let first = first.expect("list must answer");
    assert_eq!(first.items[1].id, entries[4].id, "the cursor names it");
    assert_eq!(remove(stores, later(5), 10).await, 3);
    let rest = to_the_end(first.next, 2, async |request| {
        let page = stores.audit.list(&all, &request).await;
        page.expect("list must answer")
    });
    let rest: Vec<_> = rest.await.iter().map(|entry| entry.id).collect();
    assert_eq!(rest, [3, 2, 0].map(|place: usize| entries[place].id));
}

/// Of many who remove at once each entry is counted by one, and what is appended
/// meanwhile stays.
pub async fn an_entry_removed_at_once_is_counted_once(stores: &Stores) {
    let entries = at_times((0..60).map(|_| later(1)));
    append_all(stores, &entries).await;
    let removed = race(RUNNERS, |number| {
        let store = stores.audit.clone();
        let entry = AuditEntry {
            at: later(9),
            ..audit_entry(1_000 + number)
        };
        async move {
            store.append(&entry).await.expect("append must answer");
            let removed = store.remove_before(later(5), limit(7)).await;
            (entry.id, removed.expect("remove_before must answer"))
        }
    })
    .await;
    let mut counted: u64 = removed.iter().map(|(_, removed)| removed).sum();
    counted += remove(stores, later(5), u16::MAX).await;
    assert_eq!(counted, 60);
    let stands: BTreeSet<_> = standing(stores).await.into_iter().collect();
    assert_eq!(stands, removed.into_iter().map(|(id, _)| id).collect());
}
