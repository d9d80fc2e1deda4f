//! What every [`ApiKeyStore`](crate::ports::ApiKeyStore) must do.

use super::pages::{page_after, to_the_end};
use super::races::{RUNNERS, assert_one_winner, race};
use super::samples::{self, NOW, api_key, full_api_key, later};
use crate::api_keys::{ApiKey, KeyHash, KeyScope, KeyScopes, Reach};
use crate::ids::ApiKeyId;
use crate::ports::{Cursor, StoreError, Stores, UniqueRule};
use crate::timestamp::Timestamp;

pub(super) async fn insert_all<'k>(stores: &Stores, keys: impl IntoIterator<Item = &'k ApiKey>) {
    for key in keys {
        let inserted = stores.api_keys.insert(key).await;
        inserted.expect("a key that breaks no rule must be taken");
    }
}

async fn get(stores: &Stores, id: ApiKeyId) -> Option<ApiKey> {
    let found = stores.api_keys.get(id).await;
    found.expect("get must answer")
}

async fn find(stores: &Stores, hash: KeyHash) -> Option<ApiKey> {
    let found = stores.api_keys.find_by_hash(hash).await;
    found.expect("find_by_hash must answer")
}

async fn revoke(stores: &Stores, id: ApiKeyId, at: Timestamp) -> Option<ApiKey> {
    let revoked = stores.api_keys.revoke(id, at).await;
    revoked.expect("revoke must answer")
}

async fn note_use(stores: &Stores, id: ApiKeyId, at: Timestamp) {
    let noted = stores.api_keys.note_use(id, at).await;
    noted.expect("note_use must answer");
}

async fn list(stores: &Stores, after: Option<Cursor>, records: u16) -> Vec<ApiKey> {
    to_the_end(after, records, async |request| {
        let page = stores.api_keys.list(&request).await;
        page.expect("list must answer")
    })
    .await
}

/// Every field is kept, present or absent.
pub async fn a_key_reads_back(stores: &Stores) {
    let mut keys = vec![api_key(0), full_api_key(1)];
    for (number, scope) in (10..).zip(KeyScope::ALL) {
        keys.push(ApiKey {
            scopes: KeyScopes::new([scope]).expect("a key has a scope"),
            requests_per_minute: [1, u32::MAX][number as usize % 2].try_into().ok(),
            ..api_key(number)
        });
    }
    let addresses = (0..100).map(|person| samples::email(&format!("p{person}@example.com")));
    keys.push(ApiKey {
        reach: Reach::of(addresses, []),
        ..api_key(20)
    });
    keys.push(ApiKey {
        reach: Reach::of([], [samples::domain("example.com")]),
        hash: KeyHash([0xff; 32]),
        ..api_key(21)
    });
    insert_all(stores, &keys).await;
    for key in keys {
        assert_eq!(find(stores, key.hash).await.as_ref(), Some(&key));
        assert_eq!(get(stores, key.id).await, Some(key));
    }
}

/// Times are kept to the millisecond.
pub async fn times_of_a_key_read_back(stores: &Stores) {
    for (number, at) in (0..).zip(samples::TIMES) {
        let key = ApiKey {
            created_at: at,
            expires_at: Some(at),
            last_used_at: Some(at),
            revoked_at: Some(at),
            ..api_key(number)
        };
        insert_all(stores, [&key]).await;
        assert_eq!(get(stores, key.id).await, Some(key));
    }
}

/// An identifier stands once, and so does a hash; the key that stands is left as it is.
pub async fn a_key_stands_once(stores: &Stores) {
    let stands = full_api_key(1);
    insert_all(stores, [&stands]).await;
    let same_id = ApiKey {
        id: stands.id,
        ..api_key(2)
    };
    let same_hash = ApiKey {
        hash: stands.hash,
        ..api_key(3)
    };
    for second in [&same_id, &same_hash, &stands] {
        let answer = stores.api_keys.insert(second).await;
        let refused = matches!(answer, Err(StoreError::AlreadyExists(UniqueRule::Id)));
        assert!(refused, "{answer:?}");
    }
    assert_eq!(find(stores, same_id.hash).await, None);
    assert_eq!(get(stores, same_hash.id).await, None);
    assert_eq!(list(stores, None, 10).await, [stands]);
}

/// Of many keys with one hash at once, one is taken.
pub async fn a_hash_taken_at_once_stands_once(stores: &Stores) {
    let hash = api_key(0).hash;
    let answers = race(RUNNERS, |number| {
        let store = stores.api_keys.clone();
        let key = ApiKey {
            hash,
            ..api_key(number)
        };
        async move {
            let answer = store.insert(&key).await;
            (key, answer)
        }
    })
    .await;
    assert_one_winner(&answers, |(_, answer)| answer.is_ok(), "take the hash");
    for (_, answer) in answers.iter().filter(|(_, answer)| answer.is_err()) {
        let refused = matches!(answer, Err(StoreError::AlreadyExists(UniqueRule::Id)));
        assert!(refused, "{answer:?}");
    }
    let winner = answers.into_iter().find(|(_, answer)| answer.is_ok());
    assert_eq!(find(stores, hash).await, winner.map(|(key, _)| key));
}

/// A key is found by exactly its hash; by no other, and by no other identifier.
pub async fn an_unknown_key_is_no_record(stores: &Stores) {
    let (key, unknown) = (api_key(1), api_key(2));
    insert_all(stores, [&key]).await;
    assert_eq!(get(stores, unknown.id).await, None);
    for place in [0, 15, 31] {
        let mut hash = key.hash;
        hash.0[place] ^= 1;
        assert_eq!(find(stores, hash).await, None, "byte {place} is another");
    }
    assert_eq!(revoke(stores, unknown.id, NOW).await, None);
    note_use(stores, unknown.id, NOW).await;
    assert_eq!(list(stores, None, 10).await, [key]);
}

/// A key that was revoked or has expired is found all the same: the caller judges it.
pub async fn a_key_that_ended_is_still_found(stores: &Stores) {
    let expired = ApiKey {
        expires_at: Some(Timestamp::EPOCH),
        ..api_key(1)
    };
    let mut revoked = api_key(2);
    insert_all(stores, [&expired, &revoked]).await;
    revoked.revoked_at = Some(later(1));
    assert_eq!(
        revoke(stores, revoked.id, later(1)).await.as_ref(),
        Some(&revoked)
    );
    for key in [&expired, &revoked] {
        assert_eq!(find(stores, key.hash).await.as_ref(), Some(key));
        assert_eq!(get(stores, key.id).await.as_ref(), Some(key));
    }
}

/// Pages of every size show every key once, the newest identifier first, in whatever
/// order they were added, also those that have ended.
pub async fn keys_are_listed_newest_first(stores: &Stores) {
    assert!(list(stores, None, 5).await.is_empty());
    let mut keys: Vec<_> = (0..12).map(api_key).collect();
    keys[3] = full_api_key(3);
    keys[7].expires_at = Some(Timestamp::EPOCH);
    let order = [4, 0, 11, 7, 2, 9, 1, 10, 3, 6, 8, 5];
    insert_all(stores, order.map(|number: usize| &keys[number])).await;
    keys.reverse();
    for records in [1, 2, 5, 11, 12, 13, u16::MAX] {
        assert_eq!(list(stores, None, records).await, keys, "{records}");
    }
}

/// Keys that come or change between two pages move no other.
pub async fn keys_that_come_move_no_other(stores: &Stores) {
    let keys: Vec<_> = (0..6).map(api_key).collect();
    insert_all(stores, &keys).await;
    let first = stores.api_keys.list(&page_after(None, 2)).await;
    let first = first.expect("list must answer");
    insert_all(stores, [&api_key(100), &api_key(101)]).await;
    for key in [&keys[5], &keys[4], &keys[3], &keys[0]] {
        note_use(stores, key.id, later(60)).await;
        revoke(stores, key.id, later(61)).await;
    }
    let rest = list(stores, first.next, 3).await;
    let shown: Vec<_> = first.items.iter().chain(&rest).map(|key| key.id).collect();
    let expected: Vec<_> = keys.iter().rev().map(|key| key.id).collect();
    assert_eq!(shown, expected);
}

/// A key that was revoked before keeps its time, and nothing else of it changes.
pub async fn a_revoked_key_keeps_its_time(stores: &Stores) {
    let mut key = ApiKey {
        revoked_at: None,
        ..full_api_key(1)
    };
    let other = api_key(2);
    insert_all(stores, [&key, &other]).await;
    key.revoked_at = Some(later(10));
    for at in [later(10), later(20), later(5)] {
        assert_eq!(revoke(stores, key.id, at).await.as_ref(), Some(&key));
    }
    assert_eq!(get(stores, key.id).await, Some(key));
    assert_eq!(get(stores, other.id).await, Some(other));
}

/// Of many revocations at once one gives the time, and all are answered it.
pub async fn a_key_revoked_at_once_has_one_time(stores: &Stores) {
    let key = api_key(1);
    insert_all(stores, [&key]).await;
    let answers = race(RUNNERS, |number| {
        let (store, id) = (stores.api_keys.clone(), key.id);
        async move {
            let revoked = store.revoke(id, later(u64::from(number))).await;
            revoked.expect("revoke must answer")
        }
    })
    .await;
    let stands = get(stores, key.id).await;
    assert!(stands.as_ref().is_some_and(|key| key.revoked_at.is_some()));
    assert!(answers.iter().all(|answer| *answer == stands));
}

/// The last use is the latest one, whichever is told last; nothing else changes.
pub async fn the_last_use_is_the_latest(stores: &Stores) {
    let mut key = ApiKey {
        last_used_at: None,
        ..full_api_key(1)
    };
    let other = api_key(2);
    insert_all(stores, [&key, &other]).await;
    let milli = std::time::Duration::from_millis(1);
    for (told, stands) in [
        (later(10), later(10)),
        (later(9), later(10)),
        (later(10), later(10)),
        (later(10) + milli, later(10) + milli),
        (Timestamp::EPOCH, later(10) + milli),
    ] {
        note_use(stores, key.id, told).await;
        key.last_used_at = Some(stands);
        assert_eq!(get(stores, key.id).await.as_ref(), Some(&key));
    }
    assert_eq!(get(stores, other.id).await, Some(other));
}

/// Of many uses at once the latest stands, and a revocation among them is not lost.
pub async fn uses_and_a_revocation_at_once_all_stand(stores: &Stores) {
    let mut key = api_key(1);
    insert_all(stores, [&key]).await;
    race(RUNNERS, |number| {
        let (store, id) = (stores.api_keys.clone(), key.id);
        async move {
            if number == RUNNERS / 2 {
                let revoked = store.revoke(id, later(1)).await;
                revoked.expect("revoke must answer");
            } else {
                let noted = store.note_use(id, later(u64::from(number))).await;
                noted.expect("note_use must answer");
            }
        }
    })
    .await;
    key.last_used_at = Some(later(u64::from(RUNNERS - 1)));
    key.revoked_at = Some(later(1));
    assert_eq!(get(stores, key.id).await, Some(key));
}
