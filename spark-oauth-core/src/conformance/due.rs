//! What every [`TokenStore`] must find for the background worker.

use std::time::Duration;

use super::pages::limit;
use super::races::{RUNNERS, race};
use super::samples::{self, NOW, integration, later, process, token};
use super::tokens::{insert_all, stored};
use crate::ids::{ProcessId, TokenId};
use crate::integration::ClientId;
use crate::ports::{Claim, DueToken, StoreError, Stores, TokenStore};
use crate::timestamp::Timestamp;
use crate::token::{ConsentLoss, Lease, RevokedBy, Status, Token, Upkeep};

const MOMENT: Duration = Duration::from_millis(1);

async fn due(stores: &Stores, now: Timestamp, records: u16) -> Vec<DueToken> {
    stores
        .tokens
        .list_due(&integration(), now, limit(records))
        .await
        .expect("list must answer")
}

async fn due_ids(stores: &Stores, now: Timestamp, records: u16) -> Vec<TokenId> {
    let listed = due(stores, now, records).await;
    listed.iter().map(|due| due.id).collect()
}

fn due_at(number: u32, at: Timestamp) -> Token {
    Token {
        upkeep: Upkeep {
            due_at: Some(at),
            ..Upkeep::default()
        },
        ..token(number)
    }
}

fn leased(token: Token, until: Timestamp) -> Token {
    let lease = Lease {
        owner: process(1),
        expires_at: until,
    };
    Token {
        lease: Some(lease),
        ..token
    }
}

/// The longest due record comes first, whatever the order of insertion.
pub async fn the_longest_due_comes_first(stores: &Stores) {
    assert!(due(stores, later(100), 10).await.is_empty());
    let tokens = [5, 1, 9, 3, 7].map(|seconds| due_at(seconds, later(u64::from(seconds))));
    insert_all(stores, &tokens).await;
    let mut expected: Vec<_> = tokens
        .iter()
        .filter_map(|token| {
            let due_at = token.upkeep.due_at?;
            Some(DueToken {
                id: token.id,
                due_at,
            })
        })
        .collect();
    expected.sort_by_key(|due| due.due_at);
    assert_eq!(due(stores, later(100), 10).await, expected);
    assert_eq!(due(stores, later(7), 10).await, expected[..4]);
}

/// A record comes due at its time, to the millisecond.
pub async fn a_record_comes_due_at_its_time(stores: &Stores) {
    let token = due_at(1, later(60));
    insert_all(stores, [&token]).await;
    assert!(due(stores, later(60) - MOMENT, 10).await.is_empty());
    let expected = DueToken {
        id: token.id,
        due_at: later(60),
    };
    assert_eq!(due(stores, later(60), 10).await, [expected]);
    assert_eq!(due(stores, later(1_000_000), 10).await, [expected]);
}

/// Times however far come due, and in their order.
pub async fn far_times_come_due(stores: &Stores) {
    let tokens: Vec<_> = (0..)
        .zip(samples::TIMES)
        .map(|(number, at)| due_at(number, at))
        .collect();
    // The highest number first, so that no other order is the right one.
    insert_all(stores, tokens.iter().rev()).await;
    for (count, now) in (1..).zip(samples::TIMES) {
        let expected: Vec<_> = tokens[..count].iter().map(|token| token.id).collect();
        assert_eq!(due_ids(stores, now, 100).await, expected, "at {now}");
    }
}

/// A record without a time never comes due.
pub async fn a_record_without_a_time_is_never_due(stores: &Stores) {
    insert_all(stores, [&token(1)]).await;
    let end_of_time = Timestamp::from_millis(i64::MAX);
    assert!(due(stores, end_of_time, 10).await.is_empty());
}

/// Whatever the status: whoever writes the record decides whether it comes due.
pub async fn a_record_of_every_status_can_be_due(stores: &Stores) {
    let statuses = [
        Status::Active,
        Status::NeedsConsent {
            reason: ConsentLoss::RefreshRefused,
            since: NOW,
        },
        Status::Revoked {
            by: RevokedBy::Admin,
            at: NOW,
        },
    ];
    let tokens: Vec<_> = (0..)
        .zip(statuses)
        .map(|(number, status)| Token {
            status,
            ..due_at(number, later(u64::from(number)))
        })
        .collect();
    insert_all(stores, &tokens).await;
    let expected: Vec<_> = tokens.iter().map(|token| token.id).collect();
    assert_eq!(due_ids(stores, later(10), 10).await, expected);
}

/// Records of another integration are its own affair.
pub async fn another_integration_is_not_due(stores: &Stores) {
    let ours = due_at(1, NOW);
    let theirs = Token {
        integration: ClientId::new("another"),
        ..due_at(2, NOW)
    };
    insert_all(stores, [&ours, &theirs]).await;
    assert_eq!(due_ids(stores, NOW, 10).await, [ours.id]);
    let nobody = stores
        .tokens
        .list_due(&ClientId::new("nobody"), NOW, limit(10))
        .await;
    assert!(nobody.expect("list must answer").is_empty());
}

/// A record is left out as long as its lease stands, to the millisecond, whoever
/// holds it.
pub async fn a_leased_record_is_left_out(stores: &Stores) {
    let free = due_at(1, later(2));
    let held = leased(due_at(2, later(1)), later(60));
    insert_all(stores, [&free, &held]).await;
    let last_moment = later(60) - MOMENT;
    assert_eq!(due_ids(stores, last_moment, 10).await, [free.id]);
    assert_eq!(due_ids(stores, later(60), 10).await, [held.id, free.id]);
}

/// No more records are listed than were asked for: the longest due of those that
/// are free, however many are leased.
pub async fn no_more_due_records_are_listed_than_asked_for(stores: &Stores) {
    let held: Vec<_> = (0..20)
        .map(|number| leased(due_at(number, NOW), later(3_600)))
        .collect();
    let free: Vec<_> = (20..30)
        .map(|number| due_at(number, later(u64::from(number))))
        .collect();
    insert_all(stores, held.iter().chain(&free)).await;
    for records in [1, 2, 9, 10, 11, u16::MAX] {
        let expected = free.iter().take(usize::from(records));
        let expected: Vec<_> = expected.map(|token| token.id).collect();
        assert_eq!(due_ids(stores, later(60), records).await, expected);
    }
}

/// Records that come due at one time are all listed, each once.
pub async fn records_of_one_time_are_all_due(stores: &Stores) {
    let tokens: Vec<_> = (0..30).map(|number| due_at(number, NOW)).collect();
    insert_all(stores, &tokens).await;
    let mut listed = due_ids(stores, NOW, 30).await;
    listed.sort();
    let expected: Vec<_> = tokens.iter().map(|token| token.id).collect();
    assert_eq!(listed, expected);
}

/// An update moves a record to its new place or takes it away, and so does a
/// removal.
pub async fn what_is_due_follows_what_changes(stores: &Stores) {
    let tokens: Vec<_> = (0..4)
        .map(|number| due_at(number, later(u64::from(number))))
        .collect();
    insert_all(stores, &tokens).await;
    for (number, due_at) in [(0, Some(later(9))), (1, None), (2, Some(later(100)))] {
        let mut changed = tokens[number].clone();
        changed.upkeep.due_at = due_at;
        let updated = stores.tokens.update(&changed).await;
        updated.expect("the version is the stored one");
    }
    assert_eq!(
        due_ids(stores, later(10), 10).await,
        [tokens[3].id, tokens[0].id]
    );
    let removed = stores.tokens.remove(tokens[3].id).await;
    assert!(removed.expect("remove must answer"));
    assert_eq!(due_ids(stores, later(10), 10).await, [tokens[0].id]);
}

/// Workers who list, claim and write share what is due: each record is visited by
/// exactly one of them.
pub async fn many_workers_share_what_is_due(stores: &Stores) {
    let tokens: Vec<_> = (0..40).map(|number| due_at(number, NOW)).collect();
    insert_all(stores, &tokens).await;
    let visited = race(RUNNERS / 4, |number| {
        let (store, owner) = (stores.tokens.clone(), process(number));
        async move { work(&*store, owner).await }
    })
    .await;
    let mut visited = visited.concat();
    visited.sort();
    let expected: Vec<_> = tokens.iter().map(|token| token.id).collect();
    assert_eq!(visited, expected, "each record is visited once");
    for token in &tokens {
        let after = stored(stores, token).await;
        assert_eq!((after.upkeep.due_at, after.lease), (None, None));
    }
}

/// Visits what is due until nothing is, and answers what it wrote.
async fn work(store: &dyn TokenStore, owner: ProcessId) -> Vec<TokenId> {
    let lease = Lease {
        owner,
        expires_at: later(60),
    };
    let mut visited = Vec::new();
    loop {
        let due = store.list_due(&integration(), NOW, limit(8)).await;
        let due = due.expect("list must answer");
        if due.is_empty() {
            return visited;
        }
        for due in due {
            let claim = store.claim(due.id, lease, NOW).await;
            let Claim::Taken(mut token) = claim.expect("claim must answer") else {
                continue;
            };
            // Somebody may have visited it between the list and the claim.
            if token.upkeep.due_at.take().is_some() {
                visited.push(due.id);
            }
            token.lease = None;
            match store.update(&token).await {
                Ok(_) => {}
                Err(error @ StoreError::Conflict) => {
                    panic!("nobody writes under the lease of somebody else: {error}")
                }
                Err(error) => panic!("an update must be answered: {error:?}"),
            }
        }
    }
}
