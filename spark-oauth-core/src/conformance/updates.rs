//! What every [`TokenStore`](crate::ports::TokenStore) must do with updates: each
//! replaces the version it names, or nothing.

use super::races::{RUNNERS, assert_one_winner, race};
use super::samples::{email, full_token, imported_token, later, scopes, token};
use super::tokens::{assert_same, insert_all, stored};
use super::uniqueness::is_second_consent;
use crate::integration::ClientId;
use crate::person::PersonId;
use crate::ports::{StoreError, Stores};
use crate::token::{RevokedBy, Status, Token};

/// An update replaces every field and raises the version by one.
pub async fn an_update_replaces_every_field(stores: &Stores) {
    let before = token(1);
    insert_all(stores, [&before]).await;
    let change = Token {
        id: before.id,
        version: before.version,
        integration: ClientId::new("another"),
        email: email("New.Name@example.org"),
        scopes: scopes("spark:all"),
        status: Status::Revoked {
            by: RevokedBy::Person,
            at: later(10),
        },
        ..full_token(9)
    };
    let version = stores.tokens.update(&change).await;
    let version = version.expect("the version is the stored one");
    assert_eq!(version, before.version + 1, "the answer is the new version");
    let after = Token { version, ..change };
    assert_same(&stored(stores, &after).await, &after, "after an update");
}

/// An update can make absent what was there.
pub async fn an_update_clears_what_may_be_absent(stores: &Stores) {
    let before = full_token(1);
    insert_all(stores, [&before]).await;
    let change = Token {
        id: before.id,
        version: before.version,
        ..imported_token(1)
    };
    let version = stores.tokens.update(&change).await;
    let version = version.expect("the version is the stored one");
    let after = Token { version, ..change };
    assert_same(&stored(stores, &after).await, &after, "after an update");
}

/// After an update a record is found by what it holds now, not by what it held.
pub async fn an_update_is_found_by_its_new_values(stores: &Stores) {
    let before = token(1);
    insert_all(stores, [&before]).await;
    let after = Token {
        person: Some(PersonId::new("another")),
        email: email("renamed@example.org"),
        ..before.clone()
    };
    stores
        .tokens
        .update(&after)
        .await
        .expect("no rule is broken");
    let by_email = async |address: &str| {
        let found = stores.tokens.find_by_email(&email(address)).await;
        found.expect("find must answer").len()
    };
    assert_eq!(by_email("person-1@example.com").await, 0, "the old address");
    assert_eq!(by_email("RENAMED@example.org").await, 1, "the new address");
    let by_person = async |person: &str| {
        let found = stores
            .tokens
            .find(
                &before.integration,
                &PersonId::new(person),
                &before.consented_scopes,
            )
            .await;
        found.expect("find must answer").is_some()
    };
    assert!(!by_person("person-1").await, "the old person");
    assert!(by_person("another").await, "the new person");
}

/// The consent that a record stood for before an update is free for another.
pub async fn a_consent_that_an_update_leaves_is_free(stores: &Stores) {
    let before = token(1);
    insert_all(stores, [&before]).await;
    let moved = Token {
        person: Some(PersonId::new("another")),
        ..before.clone()
    };
    let updated = stores.tokens.update(&moved).await;
    updated.expect("no rule is broken");
    let newcomer = Token {
        person: before.person,
        ..token(2)
    };
    insert_all(stores, [&newcomer]).await;
}

/// An update of another version than the stored one changes nothing.
pub async fn an_update_of_another_version_conflicts(stores: &Stores) {
    let before = Token {
        version: 5,
        ..token(1)
    };
    insert_all(stores, [&before]).await;
    for version in [0, 1, 4, 6, u64::MAX] {
        let change = Token {
            version,
            generation: 99,
            ..before.clone()
        };
        let answer = stores.tokens.update(&change).await;
        assert!(
            matches!(answer, Err(StoreError::Conflict)),
            "version {version} is not the stored one: {answer:?}"
        );
    }
    assert_same(&stored(stores, &before).await, &before, "after conflicts");
}

/// An update never brings back a record that was removed.
pub async fn an_update_of_a_removed_record_is_not_found(stores: &Stores) {
    let token = token(1);
    insert_all(stores, [&token]).await;
    let removed = stores.tokens.remove(token.id).await;
    assert!(removed.expect("remove must answer"));
    let answer = stores.tokens.update(&token).await;
    assert!(matches!(answer, Err(StoreError::NotFound)), "{answer:?}");
    let found = stores.tokens.get(token.id).await;
    assert!(found.expect("get must answer").is_none());
}

/// An update cannot make a second record of one consent, and changes nothing then.
pub async fn an_update_into_another_consent_is_refused(stores: &Stores) {
    let (one, imported) = (token(1), imported_token(2));
    insert_all(stores, [&one, &imported]).await;
    let change = Token {
        person: one.person.clone(),
        ..imported.clone()
    };
    let answer = stores.tokens.update(&change).await;
    assert!(is_second_consent(&answer), "{answer:?}");
    assert_same(&stored(stores, &imported).await, &imported, "unchanged");
    // Completing it with a person of its own is no collision.
    let change = Token {
        person: Some(PersonId::new("person-2")),
        ..imported
    };
    let answer = stores.tokens.update(&change).await;
    assert_eq!(answer.expect("no rule is broken"), change.version + 1);
}

/// Many who read, change and write: no change is lost.
pub async fn compare_and_set_loses_no_update(stores: &Stores) {
    let token = token(1);
    insert_all(stores, [&token]).await;
    let id = token.id;
    let wins = race(RUNNERS, |_| {
        let store = stores.tokens.clone();
        async move {
            loop {
                let read = store.get(id).await.expect("get must answer");
                let mut read = read.expect("the record must be there");
                read.generation += 1;
                match store.update(&read).await {
                    Ok(version) => break version,
                    Err(StoreError::Conflict) => {}
                    Err(error) => panic!("an update wins or conflicts: {error:?}"),
                }
            }
        }
    })
    .await;
    let after = stored(stores, &token).await;
    assert_eq!(
        after.generation,
        token.generation + u64::from(RUNNERS),
        "each worker's change must be in the record"
    );
    assert_eq!(after.version, token.version + u64::from(RUNNERS));
    let mut versions = wins;
    versions.sort_unstable();
    let expected: Vec<_> = (token.version + 1..=after.version).collect();
    assert_eq!(
        versions, expected,
        "each win must answer a version of its own"
    );
}

/// Of many updates of one version exactly one wins.
pub async fn one_version_is_replaced_once(stores: &Stores) {
    let before = token(1);
    insert_all(stores, [&before]).await;
    let answers = race(RUNNERS, |number| {
        let store = stores.tokens.clone();
        let change = Token {
            generation: u64::from(number),
            ..before.clone()
        };
        async move { (number, store.update(&change).await) }
    })
    .await;
    assert_one_winner(&answers, |(_, answer)| answer.is_ok(), "replace a version");
    let after = stored(stores, &before).await;
    for (number, answer) in answers {
        match answer {
            Ok(version) => {
                assert_eq!(version, after.version);
                assert_eq!(u64::from(number), after.generation, "the winner's change");
            }
            Err(error) => assert!(matches!(error, StoreError::Conflict), "{error:?}"),
        }
    }
}
