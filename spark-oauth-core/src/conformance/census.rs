//! What every [`TokenStore`](crate::ports::TokenStore) must count.

use std::time::Duration;

use super::races::{RUNNERS, race};
use super::samples::{self, NOW, integration, later, process, token};
use super::tokens::insert_all;
use crate::integration::ClientId;
use crate::ports::{Census, Stores};
use crate::timestamp::Timestamp;
use crate::token::{ConsentLoss, Lease, RevokedBy, Status, Token, Upkeep};

const LOST: Status = Status::NeedsConsent {
    reason: ConsentLoss::RefreshRefused,
    since: NOW,
};

const REVOKED: Status = Status::Revoked {
    by: RevokedBy::Person,
    at: NOW,
};

async fn census_of(stores: &Stores, integration: &str, now: Timestamp) -> Census {
    stores
        .tokens
        .census(&ClientId::new(integration), now)
        .await
        .expect("census must answer")
}

async fn census(stores: &Stores, now: Timestamp) -> Census {
    census_of(stores, integration().as_str(), now).await
}

/// How many are active, need a consent, are revoked.
async fn by_status(stores: &Stores) -> (u64, u64, u64) {
    let census = census(stores, NOW).await;
    (census.active, census.needs_consent, census.revoked)
}

fn of_status(number: u32, status: Status) -> Token {
    Token {
        status,
        ..token(number)
    }
}

async fn expiring(stores: &Stores, from: Timestamp, until: Timestamp) -> u64 {
    stores
        .tokens
        .count_expiring(&integration(), from, until)
        .await
        .expect("count must answer")
}

fn ending(number: u32, access_expires_at: Timestamp) -> Token {
    Token {
        access_expires_at,
        ..token(number)
    }
}

/// Nothing is counted where there is nothing.
pub async fn an_empty_census_counts_nothing(stores: &Stores) {
    assert_eq!(census(stores, NOW).await, Census::default());
    let end_of_time = Timestamp::from_millis(i64::MAX);
    assert_eq!(expiring(stores, Timestamp::EPOCH, end_of_time).await, 0);
}

/// The records of each status are counted, those of the integration only.
pub async fn every_status_is_counted(stores: &Stores) {
    let statuses = [Status::Active, LOST, REVOKED, LOST, REVOKED, REVOKED];
    for (number, status) in (0..).zip(statuses) {
        insert_all(stores, [&of_status(number, status)]).await;
    }
    let elsewhere = Token {
        integration: ClientId::new("another"),
        ..token(100)
    };
    insert_all(stores, [&elsewhere]).await;
    let expected = Census {
        active: 1,
        needs_consent: 2,
        revoked: 3,
        ..Census::default()
    };
    assert_eq!(census(stores, NOW).await, expected);
    let another = census_of(stores, "another", NOW).await;
    let expected = Census {
        active: 1,
        ..Census::default()
    };
    assert_eq!(another, expected);
    assert_eq!(census_of(stores, "nobody", NOW).await, Census::default());
}

/// The records of every other integration are counted, by integration.
pub async fn records_of_other_integrations_are_counted(stores: &Stores) {
    let others = async || {
        let counts = stores.tokens.count_of_others(&integration()).await;
        let mut counts = counts.expect("count must answer");
        counts.sort();
        counts
    };
    assert_eq!(others().await, []);
    let of = |number, client_id: &str, status| Token {
        integration: ClientId::new(client_id),
        status,
        ..token(number)
    };
    // On both sides of this integration's in any order of texts.
    let records = [
        of(1, integration().as_str(), Status::Active),
        of(2, "0-first", LOST),
        of(3, "0-first", Status::Active),
        of(4, "zz-last", REVOKED),
    ];
    insert_all(stores, &records).await;
    let expected = [("0-first", 2), ("zz-last", 1)];
    let expected = expected.map(|(id, tokens)| (ClientId::new(id), tokens));
    assert_eq!(others().await, expected);
    let removed = stores.tokens.remove(records[3].id).await;
    assert!(removed.expect("remove must answer"));
    assert_eq!(others().await, expected[..1]);
}

/// The census follows every change, and no change that was refused.
pub async fn the_census_follows_what_changes(stores: &Stores) {
    let mut token = token(1);
    insert_all(stores, [&token]).await;
    let again = stores.tokens.insert(&token).await;
    assert!(again.is_err(), "it stands already");
    assert_eq!(by_status(stores).await, (1, 0, 0));
    for (status, expected) in [
        (LOST, (0, 1, 0)),
        (LOST, (0, 1, 0)),
        (REVOKED, (0, 0, 1)),
        (Status::Active, (1, 0, 0)),
    ] {
        token.status = status;
        let stale = Token {
            version: token.version + 9,
            status: REVOKED,
            ..token.clone()
        };
        assert!(stores.tokens.update(&stale).await.is_err());
        let version = stores.tokens.update(&token).await;
        token.version = version.expect("the version is the stored one");
        assert_eq!(by_status(stores).await, expected, "{status:?}");
    }
    token.integration = ClientId::new("another");
    let moved = stores.tokens.update(&token).await;
    moved.expect("the version is the stored one");
    assert_eq!(by_status(stores).await, (0, 0, 0), "it moved away");
    assert_eq!(census_of(stores, "another", NOW).await.active, 1);
    for expected in [true, false] {
        let removed = stores.tokens.remove(token.id).await;
        assert_eq!(removed.expect("remove must answer"), expected);
        assert_eq!(census_of(stores, "another", NOW).await, Census::default());
    }
}

/// The census is right after many changes at once.
pub async fn the_census_is_right_after_many_changes_at_once(stores: &Stores) {
    race(RUNNERS, |number| {
        let (store, mut token) = (stores.tokens.clone(), token(number));
        async move {
            store.insert(&token).await.expect("no rule is broken");
            token.status = LOST;
            let version = store.update(&token).await;
            token.version = version.expect("nobody else writes it");
            match number % 4 {
                0 => {
                    let removed = store.remove(token.id).await;
                    assert!(removed.expect("remove must answer"));
                }
                1 => {
                    token.status = REVOKED;
                    let updated = store.update(&token).await;
                    updated.expect("nobody else writes it");
                }
                _ => {}
            }
        }
    })
    .await;
    let quarter = u64::from(RUNNERS / 4);
    assert_eq!(by_status(stores).await, (0, 2 * quarter, quarter));
}

/// What is due is counted, leased or not, with the time of the longest due one.
pub async fn a_census_tells_what_is_due(stores: &Stores) {
    let due_at = |number: u32, at| Token {
        upkeep: Upkeep {
            due_at: Some(at),
            ..Upkeep::default()
        },
        ..token(number)
    };
    let leased = Token {
        lease: Some(Lease {
            owner: process(1),
            expires_at: later(3_600),
        }),
        ..due_at(2, later(20))
    };
    let elsewhere = Token {
        integration: ClientId::new("another"),
        ..due_at(4, later(1))
    };
    let tokens = [
        due_at(1, later(30)),
        leased,
        due_at(3, later(40)),
        elsewhere,
    ];
    insert_all(stores, &tokens).await;
    insert_all(stores, [&token(5)]).await;
    let due = async |now| {
        let census = census(stores, now).await;
        (census.due, census.oldest_due_at)
    };
    let moment = Duration::from_millis(1);
    assert_eq!(due(later(20) - moment).await, (0, None));
    assert_eq!(due(later(20)).await, (1, Some(later(20))));
    assert_eq!(due(later(30)).await, (2, Some(later(20))));
    assert_eq!(due(later(100)).await, (3, Some(later(20))));
    let removed = stores.tokens.remove(tokens[1].id).await;
    assert!(removed.expect("remove must answer"));
    assert_eq!(due(later(100)).await, (2, Some(later(30))));
}

/// A span counts what ends at its beginning, and not what ends at its end.
pub async fn a_span_ends_before_its_end(stores: &Stores) {
    let moment = Duration::from_millis(1);
    let ends = [
        later(10) - moment,
        later(10),
        later(15),
        later(20) - moment,
        later(20),
    ];
    for (number, end) in (0..).zip(ends) {
        insert_all(stores, [&ending(number, end)]).await;
    }
    assert_eq!(expiring(stores, later(10), later(20)).await, 3);
    assert_eq!(expiring(stores, later(10), later(10) + moment).await, 1);
    assert_eq!(expiring(stores, later(20), later(30)).await, 1);
    assert_eq!(expiring(stores, NOW, later(1_000)).await, 5);
    assert_eq!(expiring(stores, later(10), later(10)).await, 0, "empty");
    assert_eq!(expiring(stores, later(20), later(10)).await, 0, "reversed");
}

/// Only active records of the integration are counted as expiring.
pub async fn only_active_records_expire(stores: &Stores) {
    let elsewhere = Token {
        integration: ClientId::new("another"),
        ..token(4)
    };
    let mut active = token(1);
    let others = [of_status(2, LOST), of_status(3, REVOKED), elsewhere];
    insert_all(stores, others.iter().chain([&active])).await;
    let end_of_time = Timestamp::from_millis(i64::MAX);
    assert_eq!(expiring(stores, NOW, end_of_time).await, 1);
    active.status = LOST;
    let updated = stores.tokens.update(&active).await;
    updated.expect("the version is the stored one");
    assert_eq!(expiring(stores, NOW, end_of_time).await, 0);
}

/// Times however far are counted.
pub async fn far_times_expire(stores: &Stores) {
    for (number, end) in (0..).zip(samples::TIMES) {
        insert_all(stores, [&ending(number, end)]).await;
    }
    let [first, .., last] = samples::TIMES;
    assert_eq!(expiring(stores, first, last).await, 7, "all but the last");
    for window in samples::TIMES.windows(2) {
        assert_eq!(expiring(stores, window[0], window[1]).await, 1);
    }
}
