//! What every [`TokenStore`](crate::ports::TokenStore) must keep: each field of
//! each record, as it was given.

use super::samples::{self, NOW, email, full_token, imported_token, later, process, scopes, token};
use crate::integration::ClientId;
use crate::keyring::Sealed;
use crate::person::PersonId;
use crate::ports::{ErrorClass, Stores, TrackingId};
use crate::token::{
    Attempt, ConsentLoss, LastFailure, LastRefresh, Lease, RefreshTrigger, RevokedBy, Status, Token,
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
            last_refresh: Some(LastRefresh {
                at,
                by: RefreshTrigger::Api,
            }),
            last_failure: Some(LastFailure {
                at,
                class: ErrorClass::Passing,
                summary: String::new(),
                tracking_id: None,
            }),
            lease: Some(Lease {
                owner: process(1),
                expires_at: at,
            }),
            attempt: Some(Attempt {
                owner: process(1),
                at,
            }),
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
                &token.consented_scopes,
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

/// Texts of 8 KiB are kept whole.
pub async fn long_texts_read_back(stores: &Stores) {
    let long = "8 KiB é".repeat(1_024);
    let token = Token {
        display_name: Some(long.clone()),
        last_failure: Some(LastFailure {
            at: NOW,
            class: ErrorClass::Ours,
            summary: long,
            tracking_id: TrackingId::new(&"T".repeat(128)),
        }),
        ..token(1)
    };
    assert_reads_back(stores, &token, "a long text").await;
    let many: Vec<_> = (0..200)
        .map(|number| format!("spark:scope_{number}"))
        .collect();
    let token = Token {
        person: None,
        scopes: scopes(&many.join(" ")),
        ..full_token(2)
    };
    assert_reads_back(stores, &token, "many scopes").await;
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
