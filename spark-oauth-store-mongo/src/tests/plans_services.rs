//! No query for services, and no search of the audit log, reads more than its answer
//! needs.

use mongodb::bson::{Document, doc};
use spark_oauth_core::api_keys::Reach;
use spark_oauth_core::audit::{
    Actor, AuditAction, AuditEntry, Caller, Origin, Outcome, OutcomeKind,
};
use spark_oauth_core::conformance::samples::{self, NOW, later};
use spark_oauth_core::ports::{AuditFilter, TokenFilter, TokenStore as _};
use spark_oauth_core::token::{StatusKind, Token};
use spark_oauth_core::{ApiKeyId, TokenId};

use super::plans::{assert_by_index, explain, filled, find, list, page};
use super::{Fresh, fresh};
use crate::token_search::Search;
use crate::{api_keys, audit, links, sessions, token_list, tokens};

/// Of 206 tokens, the last six have one of two other domains.
async fn of_three_domains() -> Option<Fresh> {
    let fresh = filled().await?;
    for number in 300..306 {
        let domain = if number % 2 == 0 {
            "example.org"
        } else {
            "example.net"
        };
        let token = Token {
            email: samples::email(&format!("person-{number}@{domain}")),
            ..samples::token(number)
        };
        fresh.store.insert(&token).await.unwrap();
    }
    Some(fresh)
}

fn reaching(reach: Reach) -> TokenFilter {
    TokenFilter {
        reach,
        ..TokenFilter::default()
    }
}

/// The queries for the first page of a list, one for each of its ways.
fn queries(filter: &TokenFilter) -> Vec<Document> {
    let search = Search::new(filter).unwrap();
    let numbers = || doc! { "$lte": 206, "$gt": 0 };
    let ways = search.ways();
    let looks = ways.iter().map(|way| match search.piece(way) {
        Some(piece) => search.by_piece(way, piece, numbers()),
        None => search.by_look(way, numbers()),
    });
    looks
        .map(|filter| list("tokens", token_list::selection(filter, 11)))
        .collect()
}

#[tokio::test]
async fn a_list_of_what_a_key_reaches_goes_by_an_index() {
    let Some(fresh) = of_three_domains().await else {
        return;
    };
    let database = fresh.store.0.client.database(&fresh.options.token_db);
    let org = || Reach::of([], [samples::domain("example.org")]);
    let two = [
        samples::email("Person-3@example.com"),
        samples::email("person-5@example.com"),
    ];
    let with_both = Reach::of(two.clone(), [samples::domain("example.net")]);
    for (name, filter, expected) in [
        (
            "one address",
            reaching(Reach::of([two[0].clone()], [])),
            vec![("address", 1)],
        ),
        (
            "two addresses",
            reaching(Reach::of(two, [])),
            vec![("address", 1), ("address", 1)],
        ),
        ("one domain", reaching(org()), vec![("domain", 3)]),
        (
            "both",
            reaching(with_both),
            vec![("address", 1), ("address", 1), ("domain", 3)],
        ),
        (
            "a domain, by a status that none has",
            TokenFilter {
                status: Some(StatusKind::Revoked),
                ..reaching(org())
            },
            vec![("domain", 0)],
        ),
        (
            "somebody of a domain",
            TokenFilter {
                email_part: Some("person-302@example.org".to_owned()),
                ..reaching(org())
            },
            vec![("email_part", 1)],
        ),
        (
            "what ends early",
            TokenFilter {
                expiring_before: Some(NOW),
                ..TokenFilter::default()
            },
            vec![("newest", 0)],
        ),
    ] {
        let queries = queries(&filter);
        assert_eq!(queries.len(), expected.len(), "{name}");
        for (query, (index, answers)) in queries.into_iter().zip(expected) {
            let plan = explain(&database, query).await;
            assert_eq!(plan.answers, answers, "{name}");
            assert!(
                plan.indexes.iter().all(|used| used == index),
                "{name}: {:?}",
                plan.indexes
            );
            if index != "email_part" {
                assert_by_index(name, &plan);
            }
        }
    }
    let email = samples::email("person-301@example.net");
    let looked_up = find("tokens", tokens::by_email(&email));
    let plan = explain(&database, looked_up).await;
    assert_by_index("find_by_email", &plan);
    assert_eq!(
        (plan.indexes, plan.answers),
        (vec!["address".to_owned()], 1)
    );
}

#[tokio::test]
async fn keys_and_links_are_found_by_an_index() {
    let Some(fresh) = fresh().await else { return };
    for number in 0..40 {
        let (key, mut link) = (samples::api_key(number), samples::link(number));
        link.expires_at = later(number.into());
        fresh.stores.api_keys.insert(&key).await.unwrap();
        fresh.stores.links.insert(&link).await.unwrap();
    }
    let [tokens, admins] = [&fresh.options.token_db, &fresh.options.admin_db]
        .map(|name| fresh.store.0.client.database(name));
    let hash = samples::api_key(7).hash;
    for (name, database, answers, command) in [
        (
            "by hash",
            &admins,
            1,
            find("api_keys", api_keys::by_hash(hash)),
        ),
        (
            "keys",
            &admins,
            11,
            list("api_keys", api_keys::selection(&page())),
        ),
        (
            "links",
            &tokens,
            11,
            list("consent_links", links::selection(&page())),
        ),
        (
            "expired links",
            &tokens,
            5,
            find("consent_links", sessions::expired(later(4))),
        ),
    ] {
        let plan = explain(database, command).await;
        assert_by_index(name, &plan);
        assert_eq!(plan.answers, answers, "{name}");
    }
}

/// 200 entries: 10 by each actor, 20 for each subject, 50 of each outcome but one.
async fn with_audit() -> Option<(Fresh, TokenId, ApiKeyId)> {
    let fresh = fresh().await?;
    let (token, key) = (samples::unknown_token(), samples::api_key(1).id);
    for number in 0..200_u32 {
        let actor = Actor::Service {
            name: format!("Key {}", number % 20),
        };
        let entry = AuditEntry {
            caller: Caller {
                actor,
                origin: Origin::default(),
            },
            action: if number % 40 == 0 {
                AuditAction::SignIn
            } else {
                AuditAction::TokenCheckedOut
            },
            token: (number < 7).then_some(token),
            api_key: (number % 25 == 0).then_some(key),
            subject: Some(format!("Person-{}@example.com", number % 10)),
            outcome: match number % 4 {
                0 => Outcome::Refused("expired".to_owned()),
                _ => Outcome::Done,
            },
            at: later(number.into()),
            ..samples::audit_entry(number)
        };
        fresh.stores.audit.append(&entry).await.unwrap();
    }
    Some((fresh, token, key))
}

#[tokio::test]
async fn every_search_of_the_audit_log_goes_by_an_index() {
    let Some((fresh, token, key)) = with_audit().await else {
        return;
    };
    let database = fresh.store.0.client.database(&fresh.options.admin_db);
    let all = AuditFilter::default;
    for (name, index, answers, filter) in [
        (
            "actor",
            "actor",
            10,
            AuditFilter {
                actor: Some("KEY 3".to_owned()),
                ..all()
            },
        ),
        (
            "subject",
            "subject",
            11,
            AuditFilter {
                subject: Some("PERSON-4@example.com".to_owned()),
                ..all()
            },
        ),
        (
            "token",
            "token",
            7,
            AuditFilter {
                token: Some(token),
                ..all()
            },
        ),
        (
            "key",
            "api_key",
            8,
            AuditFilter {
                api_key: Some(key),
                ..all()
            },
        ),
        (
            "action",
            "action",
            5,
            AuditFilter {
                action: Some(AuditAction::SignIn),
                ..all()
            },
        ),
        (
            "an action of which there is none",
            "action",
            0,
            AuditFilter {
                action: Some(AuditAction::PasswordReset),
                ..all()
            },
        ),
        (
            "an actor's failures, of which there are none",
            "actor",
            0,
            AuditFilter {
                actor: Some("Key 0".to_owned()),
                outcome: Some(OutcomeKind::Failed),
                ..all()
            },
        ),
    ] {
        let selection = audit::selection(&filter, &page()).unwrap();
        let plan = explain(&database, list("audit", selection)).await;
        assert_by_index(name, &plan);
        assert_eq!(plan.answers, answers, "{name}");
        assert!(
            plan.indexes.iter().all(|used| used == index),
            "{name}: {:?}",
            plan.indexes
        );
    }
    let plan = explain(&database, list("audit", audit::before(later(5), 50))).await;
    assert_by_index("what is kept no longer", &plan);
    assert_eq!((plan.answers, &*plan.indexes[0]), (5, "time"));
}
