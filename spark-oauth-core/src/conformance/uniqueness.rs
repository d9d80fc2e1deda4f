//! What every [`TokenStore`](crate::ports::TokenStore) must keep unique, also
//! where many come at once.

use super::races::{RUNNERS, assert_one_winner, race};
use super::samples::{self, imported_token, scopes, token};
use super::tokens::{assert_same, insert_all, stored};
use crate::integration::ClientId;
use crate::person::PersonId;
use crate::ports::{StoreError, Stores, UniqueRule};
use crate::token::Token;

pub(super) fn is_second_consent(answer: &Result<impl Sized, StoreError>) -> bool {
    matches!(answer, Err(StoreError::AlreadyExists(UniqueRule::Consent)))
}

/// Two records cannot have one identifier.
pub async fn an_identifier_stands_once(stores: &Stores) {
    let first = token(1);
    insert_all(stores, [&first]).await;
    let second = Token {
        id: first.id,
        ..token(2)
    };
    let answer = stores.tokens.insert(&second).await;
    assert!(
        matches!(answer, Err(StoreError::AlreadyExists(UniqueRule::Id))),
        "a second record with one identifier must be refused: {answer:?}"
    );
    assert_same(&stored(stores, &first).await, &first, "the first stays");
}

/// Two records cannot have the same integration, person and consented scopes.
pub async fn a_consent_stands_once(stores: &Stores) {
    let first = token(1);
    insert_all(stores, [&first]).await;
    let second = Token {
        person: first.person.clone(),
        scopes: scopes("spark:rooms_write"),
        consented_scopes: scopes("spark:rooms_write  spark:people_read"),
        ..token(2)
    };
    let answer = stores.tokens.insert(&second).await;
    assert!(
        is_second_consent(&answer),
        "a second record of one consent must be refused: {answer:?}"
    );
    let found = stores.tokens.get(second.id).await;
    assert!(found.expect("get must answer").is_none());
    assert_same(&stored(stores, &first).await, &first, "the first stays");
}

/// Another person, integration or set of consented scopes is another consent.
pub async fn another_consent_is_another_record(stores: &Stores) {
    let first = token(1);
    let other_scopes = Token {
        person: first.person.clone(),
        consented_scopes: scopes("spark:people_read"),
        ..token(2)
    };
    let other_integration = Token {
        person: first.person.clone(),
        integration: ClientId::new("another"),
        ..token(3)
    };
    let other_case = Token {
        person: Some(PersonId::new("PERSON-1")),
        ..token(4)
    };
    let all = [first, other_scopes, other_integration, other_case];
    insert_all(stores, &all).await;
    for token in &all {
        assert_same(&stored(stores, token).await, token, "another consent");
    }
}

/// A refresh may change what is granted to what another record of the person has: both
/// records stay, and each is found by what was consented to.
pub async fn granted_scopes_may_become_those_of_another_record(stores: &Stores) {
    let first = token(1);
    let mut second = Token {
        person: first.person.clone(),
        scopes: scopes("spark:people_read"),
        consented_scopes: scopes("spark:people_read"),
        ..token(2)
    };
    insert_all(stores, [&first, &second]).await;
    second.scopes = first.scopes.clone();
    let updated = stores.tokens.update(&second).await;
    second.version = updated.expect("granted scopes are not unique");
    let person = first.person.clone().expect("a sample has a person");
    for token in [&first, &second] {
        let found = stores
            .tokens
            .find(&token.integration, &person, &token.consented_scopes)
            .await;
        let found = found.expect("find must answer").expect("the record stays");
        assert_same(&found, token, "found by its consented scopes");
    }
}

/// Records whose person is not known never collide.
pub async fn records_without_a_person_never_collide(stores: &Stores) {
    let (first, second) = (imported_token(1), imported_token(2));
    let second = Token {
        email: first.email.clone(),
        ..second
    };
    insert_all(stores, [&first, &second]).await;
    let updated = stores.tokens.update(&second).await;
    assert_eq!(updated.expect("no rule is broken"), second.version + 1);
}

/// The same consent, added by many at once, stands once.
pub async fn one_consent_added_at_once_stands_once(stores: &Stores) {
    let answers = race(RUNNERS, |number| {
        let store = stores.tokens.clone();
        let same = Token {
            person: Some(PersonId::new("the one")),
            ..token(number)
        };
        async move { store.insert(&same).await }
    })
    .await;
    assert_one_winner(&answers, Result::is_ok, "add the consent");
    let losers = answers.iter().filter(|answer| answer.is_err());
    for answer in losers {
        assert!(is_second_consent(answer), "{answer:?}");
    }
    let found = stores
        .tokens
        .find_by_person(&samples::integration(), &PersonId::new("the one"))
        .await;
    assert_eq!(found.expect("find must answer").len(), 1);
}

/// Different records, added by many at once, all stand.
pub async fn records_added_at_once_all_stand(stores: &Stores) {
    let answers = race(RUNNERS, |number| {
        let store = stores.tokens.clone();
        let token = token(number);
        async move {
            store.insert(&token).await.expect("no rule is broken");
            // A read after an answered write sees it, whoever reads.
            store.get(token.id).await.expect("get must answer")
        }
    })
    .await;
    assert!(
        answers.iter().all(Option::is_some),
        "a read must see a write that was answered"
    );
}

/// A record is removed once, however many ask.
pub async fn a_record_is_removed_once(stores: &Stores) {
    let token = token(1);
    insert_all(stores, [&token]).await;
    let answers = race(RUNNERS, |_| {
        let (store, id) = (stores.tokens.clone(), token.id);
        async move { store.remove(id).await.expect("remove must answer") }
    })
    .await;
    assert_one_winner(&answers, |removed| *removed, "remove a record");
}

/// An identifier that no record has is no error to look up, and changes nothing.
pub async fn an_unknown_identifier_is_no_record(stores: &Stores) {
    insert_all(stores, [&token(1)]).await;
    let found = stores.tokens.get(samples::unknown_token()).await;
    assert!(found.expect("get must answer").is_none());
    let removed = stores.tokens.remove(samples::unknown_token()).await;
    assert!(!removed.expect("remove must answer"));
    let updated = stores.tokens.update(&token(2)).await;
    assert!(
        matches!(updated, Err(StoreError::NotFound)),
        "an update of nothing must be NotFound: {updated:?}"
    );
    let found = stores.tokens.get(samples::unknown_token()).await;
    assert!(found.expect("get must answer").is_none());
}
