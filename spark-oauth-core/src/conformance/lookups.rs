//! What every [`TokenStore`](crate::ports::TokenStore) must find, and what not.

use super::samples::{self, email, imported_token, scopes, token};
use super::tokens::{assert_same, insert_all, stored};
use crate::integration::ClientId;
use crate::person::PersonId;
use crate::ports::Stores;
use crate::token::Token;

/// A consent is found by exactly its consented scopes, in whatever order they were named.
pub async fn a_consent_is_found_by_exactly_its_scopes(stores: &Stores) {
    let token = token(1);
    insert_all(stores, [&token]).await;
    let person = PersonId::new("person-1");
    let find = async |asked: &str| {
        stores
            .tokens
            .find(&samples::integration(), &person, &scopes(asked))
            .await
            .expect("find must answer")
    };
    let found = find("spark:rooms_write spark:people_read").await;
    assert_same(&found.expect("the same scopes"), &token, "found by scopes");
    for other in [
        "",
        "spark:people_read",
        "spark:people_read spark:rooms_write x",
    ] {
        assert!(
            find(other).await.is_none(),
            "{other:?} are other scopes than {:?}",
            token.consented_scopes
        );
    }
}

/// All records of a person are found, and nobody else's.
pub async fn a_person_is_found_with_every_scope(stores: &Stores) {
    let one = token(1);
    let same_person = Token {
        person: one.person.clone(),
        consented_scopes: scopes("spark:all"),
        scopes: scopes("spark:all"),
        ..token(2)
    };
    let other_integration = Token {
        person: one.person.clone(),
        integration: ClientId::new("another"),
        ..token(3)
    };
    let nobody = imported_token(4);
    insert_all(
        stores,
        [&one, &same_person, &other_integration, &token(5), &nobody],
    )
    .await;
    let found = stores
        .tokens
        .find_by_person(&samples::integration(), &PersonId::new("person-1"))
        .await
        .expect("find must answer");
    let mut ids: Vec<_> = found.iter().map(|token| token.id).collect();
    ids.sort();
    assert_eq!(ids, [one.id, same_person.id]);
    let nobody = stores
        .tokens
        .find_by_person(&samples::integration(), &PersonId::new("nobody"))
        .await;
    assert!(nobody.expect("find must answer").is_empty());
}

/// An address is found without regard to case, whole, and in its integration only.
pub async fn an_address_is_found_whatever_its_case(stores: &Stores) {
    let one = Token {
        email: email("Zoë.Müller@Example.com"),
        ..token(1)
    };
    let imported = Token {
        email: email("zoë.müller@example.com"),
        ..imported_token(2)
    };
    let elsewhere = Token {
        email: one.email.clone(),
        integration: ClientId::new("another"),
        ..token(3)
    };
    let longer = Token {
        email: email("x.zoë.müller@example.com"),
        ..token(4)
    };
    insert_all(stores, [&one, &imported, &elsewhere, &longer]).await;
    let found = stores
        .tokens
        .find_by_email(&samples::integration(), &email("ZOË.MÜLLER@EXAMPLE.COM"))
        .await
        .expect("find must answer");
    let mut ids: Vec<_> = found.iter().map(|token| token.id).collect();
    ids.sort();
    assert_eq!(ids, [one.id, imported.id]);
    let nobody = stores
        .tokens
        .find_by_email(&samples::integration(), &email("%@example.com"))
        .await;
    assert!(nobody.expect("find must answer").is_empty());
}

/// A removed record is found by nothing, and its consent is free.
pub async fn a_removed_record_leaves_nothing(stores: &Stores) {
    let first = token(1);
    insert_all(stores, [&first, &token(2)]).await;
    let removed = stores.tokens.remove(first.id).await;
    assert!(removed.expect("remove must answer"));
    let person = PersonId::new("person-1");
    let store = &stores.tokens;
    let found = store.get(first.id).await;
    assert!(found.expect("get must answer").is_none());
    let found = store
        .find(&first.integration, &person, &first.consented_scopes)
        .await;
    assert!(found.expect("find must answer").is_none());
    let found = store.find_by_person(&first.integration, &person).await;
    assert!(found.expect("find must answer").is_empty());
    let found = store.find_by_email(&first.integration, &first.email).await;
    assert!(found.expect("find must answer").is_empty());
    let again = Token {
        person: Some(person),
        email: first.email,
        ..token(3)
    };
    insert_all(stores, [&again]).await;
    assert_same(&stored(stores, &again).await, &again, "added again");
}
