//! What every [`TokenStore`](crate::ports::TokenStore) must do with single records.

use super::races::{RUNNERS, assert_one_winner, race};
use super::samples::{self, NOW, email, full_token, imported_token, later, scopes, token};
use crate::integration::ClientId;
use crate::keyring::Sealed;
use crate::person::PersonId;
use crate::ports::{ErrorClass, StoreError, Stores, TrackingId, UniqueRule};
use crate::token::{
    ConsentLoss, LastFailure, LastRefresh, RefreshTrigger, RevokedBy, Status, Token,
};

/// The record as it stands now.
pub(super) async fn stored(stores: &Stores, token: &Token) -> Token {
    stores
        .tokens
        .get(token.id)
        .await
        .expect("get must answer")
        .expect("the record must be there")
}

/// Adds records that must be taken.
pub(super) async fn insert_all<'t>(stores: &Stores, tokens: impl IntoIterator<Item = &'t Token>) {
    for token in tokens {
        stores
            .tokens
            .insert(token)
            .await
            .expect("a record that breaks no rule must be taken");
    }
}

/// Compares every field. An address compares without regard to case, so its text
/// is looked at too.
pub(super) fn assert_same(found: &Token, expected: &Token, when: &str) {
    assert_eq!(found, expected, "{when}");
    assert_eq!(
        found.email.as_str(),
        expected.email.as_str(),
        "the address must be kept as written: {when}"
    );
}

async fn assert_reads_back(stores: &Stores, token: &Token, when: &str) {
    insert_all(stores, [token]).await;
    assert_same(&stored(stores, token).await, token, when);
}

fn is_second_consent(answer: &Result<impl Sized, StoreError>) -> bool {
    matches!(answer, Err(StoreError::AlreadyExists(UniqueRule::Consent)))
}

/// Every field of a record is kept, with everything that may be absent.
pub async fn a_full_record_reads_back(stores: &Stores) {
    assert_reads_back(stores, &full_token(1), "a full record").await;
}

/// What is absent stays absent.
pub async fn a_bare_record_reads_back(stores: &Stores) {
    assert_reads_back(stores, &token(1), "a bare record").await;
    assert_reads_back(stores, &imported_token(2), "a record without a person").await;
}

/// Every status is kept, with its particulars.
pub async fn every_status_reads_back(stores: &Stores) {
    let since = later(7);
    let lost = [
        ConsentLoss::RefreshRefused,
        ConsentLoss::RefreshTokenExpired,
        ConsentLoss::NoRefreshToken,
    ];
    let lost = lost.map(|reason| Status::NeedsConsent { reason, since });
    let revoked = [RevokedBy::Admin, RevokedBy::Person];
    let revoked = revoked.map(|by| Status::Revoked { by, at: since });
    let every = [Status::Active].into_iter().chain(lost).chain(revoked);
    for (number, status) in (0..).zip(every) {
        let token = Token {
            status,
            ..token(number)
        };
        assert_reads_back(stores, &token, "a status").await;
    }
}

/// Every cause of a refresh and every class of error is kept.
pub async fn every_lineage_reads_back(stores: &Stores) {
    let triggers = [
        RefreshTrigger::Checkout,
        RefreshTrigger::Admin,
        RefreshTrigger::Worker,
        RefreshTrigger::Api,
    ];
    let classes = [
        ErrorClass::Passing,
        ErrorClass::Person,
        ErrorClass::Application,
        ErrorClass::Ours,
    ];
    for (number, (by, class)) in (0..).zip(triggers.into_iter().zip(classes)) {
        let token = Token {
            last_refresh: Some(LastRefresh { at: later(8), by }),
            last_failure: Some(LastFailure {
                at: later(9),
                class,
                summary: String::new(),
                tracking_id: (number % 2 == 0).then(|| TrackingId::new("T-1")).flatten(),
            }),
            ..token(number)
        };
        assert_reads_back(stores, &token, "a lineage").await;
    }
}

/// Times are kept to the millisecond, however far they are.
pub async fn times_read_back_to_the_millisecond(stores: &Stores) {
    for (number, at) in (0..).zip(samples::TIMES) {
        let token = Token {
            status: Status::Revoked {
                by: RevokedBy::Admin,
                at,
            },
            access_expires_at: at,
            refresh_expires_at: Some(at),
            obtained_at: at,
            granted_at: at,
            ..token(number)
        };
        assert_reads_back(stores, &token, "a far or exact time").await;
    }
}

/// Sealed values are bytes of any length and content.
pub async fn sealed_values_read_back_byte_by_byte(stores: &Stores) {
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    let large: Vec<u8> = every_byte.iter().copied().cycle().take(8 * 1024).collect();
    let larger = [large.as_slice(); 8].concat();
    for (number, bytes) in (0..).zip([Vec::new(), vec![0], every_byte, large, larger]) {
        let token = Token {
            access: Sealed::from_bytes(bytes.clone()),
            refresh: Some(Sealed::from_bytes(bytes)),
            ..token(number)
        };
        assert_reads_back(stores, &token, "a sealed value").await;
    }
}

/// Texts are kept as they are, whatever characters they hold.
pub async fn texts_read_back_as_written(stores: &Stores) {
    let texts = [
        "",
        " a b ",
        "O'Brien \"the\" \\ `x`; --",
        "%_.*?$[]{}()",
        "line\nbreak\ttab\u{0}nul",
        "\u{1f511} Ångström \u{202e}x",
    ];
    for (number, text) in (0..).zip(texts) {
        let token = Token {
            integration: ClientId::new(format!("client {text}")),
            person: Some(PersonId::new(format!("person {text}"))),
            display_name: Some(text.to_owned()),
            last_failure: Some(LastFailure {
                at: NOW,
                class: ErrorClass::Ours,
                summary: text.to_owned(),
                tracking_id: None,
            }),
            ..token(number)
        };
        assert_reads_back(stores, &token, "a text").await;
        let found = stores
            .tokens
            .find(
                &token.integration,
                &PersonId::new(format!("person {text}")),
                &token.scopes,
            )
            .await
            .expect("find must answer")
            .expect("the record must be found by the same texts");
        assert_same(&found, &token, "found by texts");
    }
    let scopeless = Token {
        scopes: scopes(""),
        ..token(100)
    };
    assert_reads_back(stores, &scopeless, "no scopes").await;
}

/// An address is kept as written, not in lower case.
pub async fn an_address_keeps_its_case(stores: &Stores) {
    let token = Token {
        email: email("Alice.ÄÖÜ@Example.COM"),
        ..token(1)
    };
    assert_reads_back(stores, &token, "an address in mixed case").await;
}

/// `generation` has 64 bits.
pub async fn a_generation_keeps_its_64_bits(stores: &Stores) {
    let generations = [0, u64::MAX, u64::MAX / 2, u64::MAX / 2 + 1];
    for (number, generation) in (0..).zip(generations) {
        let token = Token {
            generation,
            ..token(number)
        };
        assert_reads_back(stores, &token, "a large generation").await;
    }
}

/// A record is added with the version it carries.
pub async fn a_record_is_added_with_its_version(stores: &Stores) {
    let token = Token {
        version: 42,
        ..token(1)
    };
    assert_reads_back(stores, &token, "a version of its own").await;
    let answer = stores.tokens.update(&token).await;
    assert_eq!(answer.expect("the version is the stored one"), 43);
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

/// Two records cannot have the same integration, person and scopes.
pub async fn a_consent_stands_once(stores: &Stores) {
    let first = token(1);
    insert_all(stores, [&first]).await;
    let second = Token {
        person: first.person.clone(),
        scopes: scopes("spark:rooms_write  spark:people_read"),
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

/// Another person, integration or set of scopes is another consent.
pub async fn another_consent_is_another_record(stores: &Stores) {
    let first = token(1);
    let other_scopes = Token {
        person: first.person.clone(),
        scopes: scopes("spark:people_read"),
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

/// A consent is found by exactly its scopes, in whatever order they were named.
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
            token.scopes
        );
    }
}

/// All records of a person are found, and nobody else's.
pub async fn a_person_is_found_with_every_scope(stores: &Stores) {
    let one = token(1);
    let same_person = Token {
        person: one.person.clone(),
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
        let found = stores
            .tokens
            .find_by_email(&before.integration, &email(address))
            .await;
        found.expect("find must answer").len()
    };
    assert_eq!(by_email("person-1@example.com").await, 0, "the old address");
    assert_eq!(by_email("RENAMED@example.org").await, 1, "the new address");
    let by_person = async |person: &str| {
        let found = stores
            .tokens
            .find(&before.integration, &PersonId::new(person), &before.scopes)
            .await;
        found.expect("find must answer").is_some()
    };
    assert!(!by_person("person-1").await, "the old person");
    assert!(by_person("another").await, "the new person");
    // What the record held before is free.
    insert_all(
        stores,
        [&Token {
            person: before.person.clone(),
            ..token(2)
        }],
    )
    .await;
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
    let found = store.find(&first.integration, &person, &first.scopes).await;
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
