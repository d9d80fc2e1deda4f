//! What every [`TokenStore`](crate::ports::TokenStore) must find, and what not.

use super::listing::list;
use super::samples::{self, email, imported_token, later, scopes, token};
use super::tokens::{assert_same, insert_all, stored};
use crate::api_keys::Reach;
use crate::email::EmailAddress;
use crate::ids::TokenId;
use crate::integration::ClientId;
use crate::person::PersonId;
use crate::ports::{Stores, TokenFilter};
use crate::token::{Profile, StatusKind, Token};

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

/// An address is found whole, without regard to ASCII case, in either form of its
/// domain, and in every integration.
pub async fn an_address_is_found_whatever_its_case(stores: &Stores) {
    let one = Token {
        email: email("Zoë.Müller@Bücher.example"),
        ..token(1)
    };
    let imported = Token {
        email: email("zoë.müller@xn--bcher-kva.example"),
        ..imported_token(2)
    };
    let elsewhere = Token {
        email: one.email.clone(),
        integration: ClientId::new("another"),
        ..token(3)
    };
    let others = [
        "x.zoë.müller@bücher.example",
        "ZOË.MÜLLER@bücher.example",
        "zoë.müller@bucher.example",
        "zo\u{65}\u{308}.müller@bücher.example",
    ];
    let others = (4..).zip(others).map(|(number, address)| Token {
        email: email(address),
        ..token(number)
    });
    let others: Vec<_> = others.collect();
    insert_all(stores, [&one, &imported, &elsewhere]).await;
    insert_all(stores, &others).await;
    for asked in ["zoë.mÜller@BÜCHER.EXAMPLE", "%@bücher.example"] {
        let found = stores.tokens.find_by_email(&email(asked)).await;
        assert!(found.expect("find must answer").is_empty(), "{asked}");
    }
    for asked in [
        "ZOë.MüLLER@bücher.EXAMPLE",
        "zoë.müller@XN--BCHER-KVA.example",
    ] {
        let found = stores.tokens.find_by_email(&email(asked)).await;
        let found = found.expect("find must answer");
        let mut ids: Vec<_> = found.iter().map(|token| token.id).collect();
        ids.sort();
        assert_eq!(ids, [one.id, imported.id, elsewhere.id], "{asked}");
    }
}

/// A record whose address belongs to another person is found by its person and without
/// conditions, but by no address, part, domain or restriction; and again once the
/// address is confirmed.
pub async fn a_lost_address_finds_nothing(stores: &Stores) {
    let lost = Token {
        profile: Profile {
            email_confirmed_at: Some(later(1)),
            email_lost_at: Some(later(2)),
            read_at: Some(later(3)),
        },
        ..token(1)
    };
    let owner = Token {
        email: lost.email.clone(),
        ..token(2)
    };
    insert_all(stores, [&lost, &owner]).await;
    assert_same(&stored(stores, &lost).await, &lost, "as it was written");
    assert_found_by_address(stores, &lost.email, &[owner.id]).await;
    let everything = list(stores, &TokenFilter::default(), 10).await;
    assert_eq!(everything, [owner.id, lost.id]);
    let person = PersonId::new("person-1");
    let of_person = stores
        .tokens
        .find_by_person(&lost.integration, &person)
        .await;
    let of_person = of_person.expect("find must answer");
    assert_eq!(of_person, std::slice::from_ref(&lost));
    let regained = Token {
        profile: Profile {
            email_lost_at: None,
            ..lost.profile
        },
        ..lost
    };
    stores
        .tokens
        .update(&regained)
        .await
        .expect("update must succeed");
    assert_found_by_address(stores, &owner.email, &[owner.id, regained.id]).await;
    let lost = Token {
        version: regained.version + 1,
        profile: Profile {
            email_lost_at: Some(later(4)),
            ..regained.profile
        },
        ..regained
    };
    stores
        .tokens
        .update(&lost)
        .await
        .expect("update must succeed");
    assert_found_by_address(stores, &owner.email, &[owner.id]).await;
}

/// Looks for the address in every way in which records are found by one.
async fn assert_found_by_address(stores: &Stores, email: &EmailAddress, expected: &[TokenId]) {
    let found = stores.tokens.find_by_email(email).await;
    let mut ids: Vec<_> = found
        .expect("find must answer")
        .iter()
        .map(|it| it.id)
        .collect();
    ids.sort_by(|a, b| b.cmp(a));
    assert_eq!(ids, expected, "by the address");
    let domain = samples::domain(email.domain());
    for (reach, status) in [
        (Reach::everybody(), None),
        (Reach::of([email.clone()], []), None),
        (Reach::of([], [domain.clone()]), None),
        (
            Reach::of([email.clone()], [domain]),
            Some(StatusKind::Active),
        ),
    ] {
        for part in ["e", "so", email.as_str()] {
            let filter = TokenFilter {
                email_part: Some(part.to_owned()),
                reach: reach.clone(),
                status,
                ..TokenFilter::default()
            };
            assert_eq!(list(stores, &filter, 10).await, expected, "{filter:?}");
        }
    }
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
    let found = store.find_by_email(&first.email).await;
    assert!(found.expect("find must answer").is_empty());
    let again = Token {
        person: Some(person),
        email: first.email,
        ..token(3)
    };
    insert_all(stores, [&again]).await;
    assert_same(&stored(stores, &again).await, &again, "added again");
}
