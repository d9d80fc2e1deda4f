//! Schema 2: the first visits of the background worker.

use std::time::Duration;

use mongodb::bson::doc;
use spark_oauth_core::Timestamp;
use spark_oauth_core::conformance::samples::{self, NOW, later};
use spark_oauth_core::ports::TokenStore as _;
use spark_oauth_core::token::{ConsentLoss, RevokedBy, Status, Token, Upkeep};

use super::fresh;
use crate::MongoStore;
use crate::values::date;

fn refreshable(number: u32) -> Token {
    Token {
        refresh: Some(samples::sealed("sealed refresh token")),
        ..samples::token(number)
    }
}

#[tokio::test]
async fn a_token_that_stood_before_comes_due() {
    let Some(fresh) = fresh().await else { return };
    let living = |number, obtained_at, access_expires_at| Token {
        obtained_at,
        access_expires_at,
        ..refreshable(number)
    };
    let (first, last) = (
        Timestamp::from_millis(i64::MIN),
        Timestamp::from_millis(i64::MAX),
    );
    let leased = Token {
        person: None,
        ..samples::full_token(6)
    };
    let with_visit = [
        (living(1, NOW, later(1_000)), later(800)),
        // An imported one: nobody knows when it was obtained.
        (
            living(2, Timestamp::EPOCH, Timestamp::EPOCH),
            Timestamp::EPOCH,
        ),
        (living(3, later(9), later(3)), later(3)),
        (living(4, NOW, last), last - last.since(NOW) / 5),
        (living(5, first, first), first),
        (
            leased.clone(),
            leased.access_expires_at - leased.access_expires_at.since(leased.obtained_at) / 5,
        ),
    ];
    let without = [
        samples::token(10),
        Token {
            status: Status::NeedsConsent {
                reason: ConsentLoss::RefreshRefused,
                since: NOW,
            },
            ..refreshable(11)
        },
        Token {
            status: Status::Revoked {
                by: RevokedBy::Admin,
                at: NOW,
            },
            ..refreshable(12)
        },
    ];
    for token in with_visit.iter().map(|(token, _)| token).chain(&without) {
        fresh.store.insert(token).await.unwrap();
    }
    fresh.back_to_schema_1().await;
    let store = fresh.start_again().await;

    for (token, due_at) in &with_visit {
        let mut expected = token.clone();
        expected.version += 1;
        expected.upkeep = Upkeep {
            due_at: Some(*due_at),
            ..Upkeep::default()
        };
        assert_eq!(fresh.stored(token).await, expected);
    }
    for token in &without {
        assert_eq!(fresh.stored(token).await, *token);
    }
    let listed = store
        .list_due(&samples::integration(), last, 100.try_into().unwrap())
        .await
        .unwrap();
    assert_eq!(listed.len(), with_visit.len());
    let names = fresh.token_documents().list_index_names().await.unwrap();
    for index in ["due", "events", "expiring"] {
        assert!(names.contains(&index.to_owned()), "{names:?}");
    }
}

#[tokio::test]
async fn a_migration_that_broke_off_goes_on() {
    let Some(fresh) = fresh().await else { return };
    let (planned, unplanned) = (refreshable(1), refreshable(2));
    for token in [&planned, &unplanned] {
        fresh.store.insert(token).await.unwrap();
    }
    fresh.back_to_schema_1().await;
    let already = doc! { "$set": { "upkeep.due_at": date(later(7)) } };
    let tokens = fresh.token_documents();
    let one = doc! { "_id": planned.id.to_string() };
    tokens.update_one(one, already).await.unwrap();
    for _ in 0..2 {
        fresh.start_again().await;
        let due = |token: Token| (token.upkeep.due_at, token.version);
        assert_eq!(due(fresh.stored(&planned).await), (Some(later(7)), 1));
        let expected = Some(later(1_209_600 / 5 * 4));
        assert_eq!(due(fresh.stored(&unplanned).await), (expected, 2));
    }
}

/// More than one batch of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_at_once_share_a_migration() {
    let Some(fresh) = fresh().await else { return };
    let tokens: Vec<_> = (0..1_100).map(refreshable).collect();
    fresh.store.insert(&tokens[0]).await.unwrap();
    let tokens_collection = fresh.token_documents();
    let model = tokens_collection.find_one(doc! {}).await.unwrap().unwrap();
    let copies = tokens[1..].iter().zip(2_i64..).map(|(token, seq)| {
        let mut copy = model.clone();
        copy.insert("_id", token.id.to_string());
        copy.insert("seq", seq);
        copy.insert("person", token.person.as_ref().unwrap().as_str());
        copy
    });
    tokens_collection.insert_many(copies).await.unwrap();
    fresh.back_to_schema_1().await;
    let starts: Vec<_> = (0..4)
        .map(|_| tokio::spawn(MongoStore::connect(fresh.options.clone())))
        .collect();
    for start in starts {
        start.await.unwrap().unwrap();
    }
    let due = doc! { "upkeep.due_at": { "$exists": true }, "version": 2_i64 };
    let planned = tokens_collection.count_documents(due).await.unwrap();
    assert_eq!(planned, 1_100, "each once");
}

#[tokio::test]
async fn a_token_that_cannot_be_read_keeps_no_other_from_its_visit() {
    let Some(fresh) = fresh().await else { return };
    let (broken, whole) = (refreshable(1), refreshable(2));
    for token in [&broken, &whole] {
        fresh.store.insert(token).await.unwrap();
    }
    fresh.back_to_schema_1().await;
    let damage = doc! { "$set": { "obtained_at": "yesterday" } };
    let one = doc! { "_id": broken.id.to_string() };
    fresh
        .token_documents()
        .update_one(one, damage)
        .await
        .unwrap();
    fresh.start_again().await;
    let lifetime = Duration::from_hours(336);
    let planned = fresh.stored(&whole).await.upkeep.due_at;
    assert_eq!(planned, Some(NOW + lifetime / 5 * 4));
}
