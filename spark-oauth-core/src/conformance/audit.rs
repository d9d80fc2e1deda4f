//! What every [`AuditLog`](crate::ports::AuditLog) must do.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

use super::pages::{page_after, to_the_end};
use super::races::{RUNNERS, assert_one_winner, race};
use super::samples::{self, ADDRESS, admin, api_key, audit_entry, unknown_token};
use crate::audit::{Actor, AuditAction, AuditEntry, Caller, Origin, Outcome};
use crate::ids::AuditId;
use crate::ports::{AuditFilter, Cursor, StoreError, Stores, UniqueRule};

async fn append_all<'e>(stores: &Stores, entries: impl IntoIterator<Item = &'e AuditEntry>) {
    for entry in entries {
        stores
            .audit
            .append(entry)
            .await
            .expect("append must answer");
    }
}

async fn list(stores: &Stores, after: Option<Cursor>, records: u16) -> Vec<AuditEntry> {
    to_the_end(after, records, async |request| {
        let page = stores.audit.list(&AuditFilter::default(), &request).await;
        page.expect("list must answer")
    })
    .await
}

async fn assert_read_back(stores: &Stores, entries: Vec<AuditEntry>) {
    append_all(stores, &entries).await;
    let newest_first: Vec<_> = entries.into_iter().rev().collect();
    assert_eq!(list(stores, None, 7).await, newest_first);
}

/// Every action is kept.
pub async fn every_action_reads_back(stores: &Stores) {
    let entries = (0..)
        .zip(AuditAction::ALL)
        .map(|(number, action)| AuditEntry {
            action,
            ..audit_entry(number)
        });
    assert_read_back(stores, entries.collect()).await;
}

/// Every kind of actor is kept, with its particulars.
pub async fn every_actor_reads_back(stores: &Stores) {
    let actors = [
        Actor::Unauthenticated,
        Actor::Person { email: None },
        Actor::Person {
            email: Some("Alice@example.com".to_owned()),
        },
        Actor::Admin {
            id: admin(1).id,
            username: "Admin_1".to_owned(),
        },
        Actor::Claimed {
            username: "' OR 1=1 --\u{0}\n\"\\".to_owned(),
        },
        Actor::Service {
            name: "reporting \u{1f511}".to_owned(),
        },
        Actor::ApiKey {
            id: api_key(1).id,
            name: "nightly report \u{1f511}".to_owned(),
        },
        Actor::Operator,
        Actor::System,
    ];
    let entries = (0..).zip(actors).map(|(number, actor)| AuditEntry {
        caller: Caller {
            actor,
            origin: Origin::default(),
        },
        ..audit_entry(number)
    });
    assert_read_back(stores, entries.collect()).await;
}

/// Outcome, subject, token, key, origin and count are kept, present or absent.
pub async fn every_particular_reads_back(stores: &Stores) {
    let outcomes = [
        Outcome::Done,
        Outcome::Refused(String::new()),
        Outcome::Failed("the provider has a fault (HTTP 503): \"x\"\n\u{0}".to_owned()),
    ];
    let addresses = [None, Some(ADDRESS), Some(IpAddr::V6(Ipv6Addr::LOCALHOST))];
    let particulars = outcomes.into_iter().zip(addresses);
    let entries = (0..).zip(particulars).map(|(number, (outcome, address))| {
        let present = number % 2 == 1;
        let mut entry = audit_entry(number);
        entry.caller.origin = Origin {
            address,
            request_id: present.then(|| "01J-request".to_owned()),
        };
        entry.token = present.then(unknown_token);
        entry.api_key = present.then(|| api_key(1).id);
        entry.subject = present.then(|| "Zoë@example.com".to_owned());
        entry.outcome = outcome;
        if present {
            entry.count = NonZeroU32::MAX;
            entry.last_request_id = Some("01J-last".to_owned());
        }
        entry
    });
    assert_read_back(stores, entries.collect()).await;
}

/// Times are kept to the millisecond, and do not decide the order.
pub async fn times_of_entries_read_back(stores: &Stores) {
    let entries = (0..).zip(samples::TIMES).map(|(number, at)| AuditEntry {
        at,
        ..audit_entry(number)
    });
    assert_read_back(stores, entries.collect()).await;
}

/// Texts of 8 KiB are kept whole.
pub async fn long_texts_of_entries_read_back(stores: &Stores) {
    let long = "8 KiB é".repeat(1_024);
    let mut entry = audit_entry(1);
    entry.caller = Caller {
        actor: Actor::Claimed {
            username: long.clone(),
        },
        origin: Origin {
            address: None,
            request_id: Some(long.clone()),
        },
    };
    entry.subject = Some(long.clone());
    entry.outcome = Outcome::Failed(long);
    assert_read_back(stores, vec![entry]).await;
}

/// An identifier stands once, also where many append it at once, and the entry that
/// stands is never changed.
pub async fn an_entry_is_never_changed(stores: &Stores) {
    let id = audit_entry(1).id;
    let answers = race(RUNNERS, |number| {
        let store = stores.audit.clone();
        let entry = AuditEntry {
            id,
            subject: Some(format!("subject {number}")),
            ..audit_entry(1)
        };
        async move {
            let answer = store.append(&entry).await;
            (entry, answer)
        }
    })
    .await;
    assert_one_winner(&answers, |(_, answer)| answer.is_ok(), "append the entry");
    for (_, answer) in answers.iter().filter(|(_, answer)| answer.is_err()) {
        let refused = matches!(answer, Err(StoreError::AlreadyExists(UniqueRule::Id)));
        assert!(refused, "{answer:?}");
    }
    let winner = answers.into_iter().find(|(_, answer)| answer.is_ok());
    let stands = list(stores, None, 10).await.pop();
    assert_eq!(stands, winner.map(|(entry, _)| entry));
}

/// Pages of every size show every entry once, the newest first.
pub async fn entries_are_listed_newest_first(stores: &Stores) {
    assert!(list(stores, None, 5).await.is_empty());
    let entries: Vec<_> = (0..12).map(audit_entry).collect();
    append_all(stores, &entries).await;
    let newest_first: Vec<_> = entries.into_iter().rev().collect();
    for records in [1, 2, 5, 11, 12, 13, u16::MAX] {
        assert_eq!(list(stores, None, records).await, newest_first);
    }
}

/// Entries that come between two pages move no other.
pub async fn entries_that_come_move_no_other(stores: &Stores) {
    let entries: Vec<_> = (0..6).map(audit_entry).collect();
    append_all(stores, &entries).await;
    let first = stores
        .audit
        .list(&AuditFilter::default(), &page_after(None, 2))
        .await;
    let first = first.expect("list must answer");
    append_all(stores, &[audit_entry(100), audit_entry(101)]).await;
    let rest = list(stores, first.next, 3).await;
    let expected: Vec<_> = entries[..4].iter().rev().cloned().collect();
    assert_eq!(rest, expected);
}

/// Entries that many append at once all stand.
pub async fn entries_appended_at_once_all_stand(stores: &Stores) {
    let mut appended: Vec<AuditId> = race(RUNNERS, |number| {
        let (store, entry) = (stores.audit.clone(), audit_entry(number));
        async move {
            store.append(&entry).await.expect("append must answer");
            entry.id
        }
    })
    .await;
    let mut listed: Vec<_> = list(stores, None, 10)
        .await
        .into_iter()
        .map(|entry| entry.id)
        .collect();
    appended.sort();
    listed.sort();
    assert_eq!(listed, appended);
}
