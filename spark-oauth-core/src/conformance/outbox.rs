//! What every [`Outbox`](crate::ports::Outbox) must do.

use std::time::Duration;

use super::pages::limit;
use super::races::{RUNNERS, assert_one_winner, race};
use super::samples::{self, NOW, event, every_event, later, outbox_entry, unknown_token};
use crate::ids::EventId;
use crate::ports::{Backlog, OutboxEntry, Stores};
use crate::timestamp::Timestamp;

const END_OF_TIME: Timestamp = Timestamp::from_millis(i64::MAX);

async fn add(stores: &Stores, entry: &OutboxEntry) -> bool {
    let added = stores.outbox.add_to_outbox(entry).await;
    added.expect("add must answer")
}

async fn add_all<'e>(stores: &Stores, entries: impl IntoIterator<Item = &'e OutboxEntry>) {
    for entry in entries {
        assert!(add(stores, entry).await, "an entry of its own is added");
    }
}

async fn due(stores: &Stores, now: Timestamp, entries: u16) -> Vec<OutboxEntry> {
    let due = stores.outbox.due_in_outbox(now, limit(entries), &[]).await;
    due.expect("the due entries must be answered")
}

async fn all(stores: &Stores) -> Vec<OutboxEntry> {
    due(stores, END_OF_TIME, u16::MAX).await
}

async fn reschedule(stores: &Stores, entry: &OutboxEntry, seen: Timestamp) -> bool {
    let moved = stores.outbox.reschedule_in_outbox(entry, seen).await;
    moved.expect("reschedule must answer")
}

async fn remove(stores: &Stores, event: EventId, destination: &str) -> bool {
    let removed = stores.outbox.remove_from_outbox(event, destination).await;
    removed.expect("remove must answer")
}

async fn count(stores: &Stores) -> u64 {
    let counted = stores.outbox.count_outbox().await;
    counted.expect("count must answer")
}

fn full_entry(number: u32) -> OutboxEntry {
    OutboxEntry {
        attempts: u32::MAX,
        last_error: Some("é\"\\\n\u{0}x".repeat(1_024)),
        endpoint: Some("endpoint \"1\" \u{0}é".to_owned()),
        awaits_removal_of: Some(unknown_token()),
        ..outbox_entry(number)
    }
}

/// Every field of every event is kept.
pub async fn an_entry_reads_back(stores: &Stores) {
    let events = (1_000..).zip(every_event(1));
    let of_every_kind = events.map(|(number, event)| OutboxEntry {
        event,
        ..outbox_entry(number)
    });
    let empty_error = OutboxEntry {
        last_error: Some(String::new()),
        ..outbox_entry(2)
    };
    let entries = [outbox_entry(0), full_entry(1), empty_error];
    let entries: Vec<_> = entries.into_iter().chain(of_every_kind).collect();
    add_all(stores, &entries).await;
    assert_eq!(all(stores).await, entries);
}

/// Times are kept to the millisecond, however far they are, and come due in their
/// order.
pub async fn times_of_entries_read_back(stores: &Stores) {
    let entries: Vec<_> = (0..)
        .zip(samples::TIMES)
        .map(|(number, next_at)| OutboxEntry {
            next_at,
            ..outbox_entry(number)
        })
        .collect();
    add_all(stores, entries.iter().rev()).await;
    for (count, now) in (1..).zip(samples::TIMES) {
        assert_eq!(due(stores, now, 100).await, entries[..count], "at {now}");
    }
}

/// An event to a destination stands once, and stays as it was.
pub async fn an_entry_stands_once(stores: &Stores) {
    let first = full_entry(1);
    add_all(stores, [&first]).await;
    let again = OutboxEntry {
        next_at: later(99),
        attempts: 0,
        last_error: None,
        endpoint: None,
        awaits_removal_of: None,
        ..first.clone()
    };
    assert!(!add(stores, &again).await, "it stands already");
    assert_eq!(all(stores).await, [first]);
}

/// One event to several destinations is several entries; the name of a destination
/// is compared as it is.
pub async fn a_destination_is_compared_as_it_is(stores: &Stores) {
    let names = ["", "hook", "Hook", "hook ", "h%", "höök", "a \"b\" 'c' \\"];
    let entries = names.map(|name| OutboxEntry {
        destination: name.to_owned(),
        ..outbox_entry(1)
    });
    let same_event = entries.clone().map(|entry| OutboxEntry {
        event: entries[0].event.clone(),
        ..entry
    });
    add_all(stores, &same_event).await;
    assert_eq!(count(stores).await, 7);
    for (gone, name) in (1_u64..).zip(names) {
        assert!(remove(stores, entries[0].event.id, name).await, "{name:?}");
        assert_eq!(count(stores).await, 7 - gone);
    }
}

/// An entry that many add at once is added by exactly one.
pub async fn an_entry_added_at_once_stands_once(stores: &Stores) {
    let event = event(1);
    let answers = race(RUNNERS, |number| {
        let store = stores.outbox.clone();
        let entry = OutboxEntry {
            event: event.clone(),
            attempts: number,
            ..outbox_entry(1)
        };
        async move {
            let added = store.add_to_outbox(&entry).await;
            (number, added.expect("add must answer"))
        }
    })
    .await;
    assert_one_winner(&answers, |(_, added)| *added, "add the entry");
    let winner = answers.iter().find(|(_, added)| *added);
    let stands = all(stores).await;
    assert_eq!(stands.len(), 1);
    assert_eq!(Some(stands[0].attempts), winner.map(|(number, _)| *number));
}

/// Entries come due at their time, to the millisecond, the longest due first, and no
/// more than were asked for.
pub async fn the_longest_due_entry_comes_first(stores: &Stores) {
    assert!(due(stores, END_OF_TIME, 5).await.is_empty());
    let mut entries = [5, 1, 9, 3, 7].map(|number| OutboxEntry {
        next_at: later(u64::from(number)),
        ..outbox_entry(number)
    });
    add_all(stores, &entries).await;
    entries.sort_by_key(|entry| entry.next_at);
    assert_eq!(due(stores, later(7), 10).await, entries[..4]);
    let last_moment = later(7) - Duration::from_millis(1);
    assert_eq!(due(stores, last_moment, 10).await, entries[..3]);
    for asked in 1..7 {
        let expected = &entries[..usize::from(asked).min(5)];
        assert_eq!(due(stores, later(60), asked).await, expected);
    }
    assert_eq!(due(stores, NOW, 10).await, []);
}

/// A reschedule replaces time, attempts, error and endpoint, and nothing else.
pub async fn an_entry_is_rescheduled(stores: &Stores) {
    let (entry, other) = (full_entry(1), outbox_entry(2));
    add_all(stores, [&entry, &other]).await;
    for (attempts, last_error) in [(1, Some("refused (HTTP 503)".to_owned())), (2, None)] {
        let before = all(stores).await;
        let before = before.iter().find(|stands| stands.event == entry.event);
        let seen = before.expect("it still waits").next_at;
        let moved = OutboxEntry {
            next_at: later(100 * u64::from(attempts)),
            attempts,
            endpoint: last_error.clone(),
            last_error,
            // What is not replaced, whatever the caller holds.
            awaits_removal_of: None,
            ..entry.clone()
        };
        assert!(reschedule(stores, &moved, seen).await);
        let expected = OutboxEntry {
            awaits_removal_of: entry.awaits_removal_of,
            ..moved
        };
        assert_eq!(all(stores).await, [other.clone(), expected]);
    }
}

/// Nothing is rescheduled whose time is another than the one seen, or that is gone.
pub async fn only_what_was_seen_is_rescheduled(stores: &Stores) {
    let entry = outbox_entry(1);
    let moved = OutboxEntry {
        next_at: later(60),
        attempts: 1,
        ..entry.clone()
    };
    assert!(!reschedule(stores, &moved, entry.next_at).await, "unknown");
    add_all(stores, [&entry]).await;
    for seen in [later(60), entry.next_at - Duration::from_millis(1)] {
        assert!(!reschedule(stores, &moved, seen).await);
    }
    let elsewhere = OutboxEntry {
        destination: "another".to_owned(),
        ..moved.clone()
    };
    assert!(!reschedule(stores, &elsewhere, entry.next_at).await);
    assert_eq!(all(stores).await, std::slice::from_ref(&entry));
    assert!(remove(stores, entry.event.id, "hook").await);
    assert!(!reschedule(stores, &moved, entry.next_at).await, "gone");
    assert_eq!(count(stores).await, 0, "it does not come back");
}

/// Of many who move an entry on, having seen one time, exactly one wins.
pub async fn one_of_many_reschedules_an_entry(stores: &Stores) {
    let entry = outbox_entry(1);
    add_all(stores, [&entry]).await;
    let answers = race(RUNNERS, |number| {
        let (store, seen) = (stores.outbox.clone(), entry.next_at);
        let moved = OutboxEntry {
            next_at: later(60 + u64::from(number)),
            attempts: number + 1,
            ..entry.clone()
        };
        async move {
            let won = store.reschedule_in_outbox(&moved, seen).await;
            (moved, won.expect("reschedule must answer"))
        }
    })
    .await;
    assert_one_winner(&answers, |(_, won)| *won, "move the entry on");
    let winner = answers.into_iter().find(|(_, won)| *won);
    assert_eq!(all(stores).await.pop(), winner.map(|(moved, _)| moved));
}

/// An entry is removed once; removing one that never was is no error.
pub async fn an_entry_is_removed_once(stores: &Stores) {
    let (one, other) = (outbox_entry(1), outbox_entry(2));
    add_all(stores, [&one, &other]).await;
    assert!(!remove(stores, event(3).id, "hook").await);
    assert!(!remove(stores, one.event.id, "another").await);
    let answers = race(RUNNERS, |_| {
        let (store, event) = (stores.outbox.clone(), one.event.id);
        async move {
            let removed = store.remove_from_outbox(event, "hook").await;
            removed.expect("remove must answer")
        }
    })
    .await;
    assert_one_winner(&answers, |removed| *removed, "remove the entry");
    assert_eq!(all(stores).await, [other], "the other stays");
    assert!(add(stores, &one).await, "its place is free");
}

/// Entries of destinations that are left out hide no others.
pub async fn entries_of_some_destinations_are_left_out(stores: &Stores) {
    let entries: Vec<_> = (0..6)
        .map(|number| OutboxEntry {
            destination: ["a", "b", "b "][number as usize % 3].to_owned(),
            ..outbox_entry(number)
        })
        .collect();
    add_all(stores, &entries).await;
    let due = async |asked, except: &[&str]| {
        let except: Vec<_> = except.iter().map(ToString::to_string).collect();
        let due = stores
            .outbox
            .due_in_outbox(END_OF_TIME, limit(asked), &except);
        let due = due.await.expect("the due entries must be answered");
        let places = due
            .iter()
            .map(|due| entries.iter().position(|entry| entry == due));
        places
            .collect::<Option<Vec<_>>>()
            .expect("entries as they were added")
    };
    assert_eq!(due(9, &["c"]).await, [0, 1, 2, 3, 4, 5]);
    assert_eq!(due(9, &["b"]).await, [0, 2, 3, 5]);
    assert_eq!(due(1, &["a", "b"]).await, [2]);
    assert!(due(9, &["a", "b", "b "]).await.is_empty());
}

/// Entries of one destination that wait become due; those that were last tried at the
/// endpoint that is named stay as they are.
pub async fn waiting_entries_are_resumed(stores: &Stores) {
    let entry = |number: u32, endpoint: Option<&str>, next_at| OutboxEntry {
        endpoint: endpoint.map(str::to_owned),
        last_error: endpoint.map(|_| "refused".to_owned()),
        attempts: 5,
        next_at,
        ..outbox_entry(number)
    };
    let other = OutboxEntry {
        destination: "another".to_owned(),
        ..entry(1, None, later(60))
    };
    let (due_now, here) = (entry(2, None, NOW), entry(3, Some("here"), later(60)));
    let (there, never) = (
        entry(4, Some("there"), later(61)),
        entry(5, None, END_OF_TIME),
    );
    add_all(stores, [&other, &due_now, &here, &there, &never]).await;
    let resume = async |unless: Option<&str>| {
        let unless = unless.map(str::to_owned);
        let resumed = stores.outbox.resume_outbox("hook", unless, NOW).await;
        resumed.expect("resume must answer")
    };
    let resumed = |entry: &OutboxEntry| OutboxEntry {
        next_at: NOW,
        attempts: 0,
        ..entry.clone()
    };
    assert_eq!(resume(Some("here")).await, 2);
    let mut stand = all(stores).await;
    stand.sort_by_key(|entry| entry.event.id);
    let unchanged = [other.clone(), due_now.clone(), here.clone()];
    assert_eq!(stand[..3], unchanged);
    assert_eq!(stand[3..], [resumed(&there), resumed(&never)]);
    assert_eq!(resume(None).await, 1);
    assert_eq!(resume(None).await, 0, "nothing waits for later");
    assert_eq!(due(stores, NOW, 9).await.len(), 4);
}

/// The backlog of a destination is counted, with what failed.
pub async fn a_backlog_is_answered(stores: &Stores) {
    let backlog = async |name: &str| {
        let backlog = stores.outbox.backlog_in_outbox(name).await;
        backlog.expect("the backlog must be answered")
    };
    assert_eq!(backlog("hook").await, Backlog::default());
    let failed = |number: u64, error: Option<&str>| OutboxEntry {
        next_at: later(number),
        last_error: error.map(str::to_owned),
        ..outbox_entry(u32::try_from(number).unwrap_or_default())
    };
    let entries = [
        failed(3, None),
        failed(7, Some("second")),
        failed(5, Some("first")),
    ];
    add_all(stores, &entries).await;
    let other = OutboxEntry {
        destination: "another".to_owned(),
        ..failed(1, Some("other"))
    };
    add_all(stores, [&other]).await;
    let expected = Backlog {
        waiting: 3,
        next_at: Some(later(3)),
        failed: Some(entries[2].clone()),
    };
    assert_eq!(backlog("hook").await, expected);
}

/// All entries are counted, due or not.
pub async fn entries_are_counted(stores: &Stores) {
    assert_eq!(count(stores).await, 0);
    let far = OutboxEntry {
        next_at: END_OF_TIME,
        ..outbox_entry(2)
    };
    add_all(stores, [&outbox_entry(1), &far]).await;
    assert_eq!(count(stores).await, 2);
    assert!(!add(stores, &far).await);
    assert_eq!(count(stores).await, 2, "it stands once");
    assert!(remove(stores, far.event.id, "hook").await);
    assert_eq!(count(stores).await, 1);
}
