//! Schema 3: what lists by domain and the search of the audit log go by.

use mongodb::bson::{Bson, doc};
use spark_oauth_core::api_keys::{DomainName, Reach};
use spark_oauth_core::audit::{Actor, AuditEntry, Caller};
use spark_oauth_core::conformance::samples;
use spark_oauth_core::ports::{
    AuditFilter, AuditLog, PageRequest, StoreError, TokenFilter, TokenStore,
};
use spark_oauth_core::token::Token;
use spark_oauth_core::{AuditId, TokenId};

use super::{Fresh, fresh};
use crate::MongoStore;

fn token_of(number: u32, email: &str) -> Token {
    Token {
        email: samples::email(email),
        ..samples::token(number)
    }
}

fn entry_of(number: u32, actor: Actor, subject: Option<&str>) -> AuditEntry {
    let plain = samples::audit_entry(number);
    AuditEntry {
        caller: Caller {
            actor,
            ..plain.caller
        },
        subject: subject.map(ToOwned::to_owned),
        ..plain
    }
}

fn service(name: &str) -> Actor {
    Actor::Service {
        name: name.to_owned(),
    }
}

async fn of_domain(store: &MongoStore, domain: &str) -> Result<Vec<TokenId>, StoreError> {
    let filter = TokenFilter {
        reach: Reach::of([], [DomainName::parse(domain).unwrap()]),
        ..TokenFilter::default()
    };
    let all = PageRequest::first(100.try_into().unwrap());
    let page = TokenStore::list(store, &filter, &all).await?;
    Ok(page.items.into_iter().map(|token| token.id).collect())
}

async fn searched(store: &MongoStore, filter: AuditFilter) -> Result<Vec<AuditId>, StoreError> {
    let all = PageRequest::first(100.try_into().unwrap());
    let page = AuditLog::list(store, &filter, &all).await?;
    Ok(page.items.into_iter().map(|entry| entry.id).collect())
}

fn by_actor(name: &str) -> AuditFilter {
    AuditFilter {
        actor: Some(name.to_owned()),
        ..AuditFilter::default()
    }
}

fn by_subject(name: &str) -> AuditFilter {
    AuditFilter {
        subject: Some(name.to_owned()),
        ..AuditFilter::default()
    }
}

/// Three tokens and four entries, as schema 2 kept them.
async fn of_schema_2() -> Option<(Fresh, [Token; 3], [AuditEntry; 4])> {
    let fresh = fresh().await?;
    let tokens = [
        token_of(1, "Ann@Example.ORG"),
        Token {
            person: None,
            ..token_of(2, "bob@example.org")
        },
        token_of(3, "eve@sub.example.org"),
    ];
    for token in &tokens {
        fresh.store.insert(token).await.unwrap();
    }
    let entries = [
        entry_of(1, service("Nightly ÉTÉ"), None),
        entry_of(2, service("other"), Some("Ann@Example.org")),
        entry_of(3, Actor::System, Some("ann@example.ORG")),
        entry_of(4, Actor::System, None),
    ];
    for entry in &entries {
        fresh.store.append(entry).await.unwrap();
    }
    fresh.back_to_schema_2().await;
    Some((fresh, tokens, entries))
}

#[tokio::test]
async fn what_stood_before_is_found() {
    let Some((fresh, tokens, entries)) = of_schema_2().await else {
        return;
    };
    for _ in 0..2 {
        let store = fresh.start_again().await;
        let found = of_domain(&store, "example.org").await.unwrap();
        assert_eq!(found, [tokens[1].id, tokens[0].id]);
        for token in &tokens {
            assert_eq!(fresh.stored(token).await, *token, "its version stays");
        }
        let found = searched(&store, by_actor("NIGHTLY ÉTÉ")).await.unwrap();
        assert_eq!(found, [entries[0].id]);
        let found = searched(&store, by_subject("ANN@example.org")).await;
        assert_eq!(found.unwrap(), [entries[2].id, entries[1].id]);
        let all = searched(&store, AuditFilter::default()).await.unwrap();
        assert_eq!(all.len(), 4);
        let names = fresh.token_documents().list_index_names().await.unwrap();
        for index in ["address", "domain", "newest"] {
            assert!(names.contains(&index.to_owned()), "{names:?}");
        }
        for index in ["email", "list"] {
            assert!(!names.contains(&index.to_owned()), "{names:?}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_read_keeps_nothing_else_from_being_found() {
    let Some((fresh, tokens, entries)) = of_schema_2().await else {
        return;
    };
    for (collection, id, field) in [
        (
            fresh.token_documents(),
            tokens[0].id.to_string(),
            "email_normalized",
        ),
        (fresh.audit_documents(), entries[1].id.to_string(), "actor"),
    ] {
        let damage = doc! { "$set": { field: Bson::Int32(7) } };
        let one = doc! { "_id": id };
        collection.update_one(one, damage).await.unwrap();
    }
    let store = fresh.start_again().await;
    let found = of_domain(&store, "example.org").await.unwrap();
    assert_eq!(found, [tokens[1].id]);
    let found = searched(&store, by_subject("ann@example.org")).await;
    assert_eq!(found.unwrap(), [entries[2].id]);
}

/// More than one batch of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_at_once_share_the_work() {
    let Some(fresh) = fresh().await else { return };
    let store = &fresh.store;
    let entry = entry_of(0, service("Nightly"), Some("Ann@example.org"));
    store.append(&entry).await.unwrap();
    let entries = fresh.audit_documents();
    let model = entries.find_one(doc! {}).await.unwrap().unwrap();
    let copies = (1..1_100).map(|number| {
        let mut copy = model.clone();
        copy.insert("_id", samples::audit_entry(number).id.to_string());
        copy
    });
    entries.insert_many(copies).await.unwrap();
    fresh.back_to_schema_2().await;
    let starts: Vec<_> = (0..4)
        .map(|_| tokio::spawn(MongoStore::connect(fresh.options.clone())))
        .collect();
    for start in starts {
        start.await.unwrap().unwrap();
    }
    let found = doc! { "actor_normalized": "nightly", "subject_normalized": "ann@example.org" };
    assert_eq!(entries.count_documents(found).await.unwrap(), 1_100);
}

/// A process of the schema before may change an address and know nothing of its domain.
#[tokio::test]
async fn a_domain_that_was_left_behind_shows_nothing() {
    let Some((fresh, tokens, _)) = of_schema_2().await else {
        return;
    };
    let store = fresh.start_again().await;
    let moved = doc! { "$set": {
        "email": "ann@elsewhere.example",
        "email_normalized": "ann@elsewhere.example",
    } };
    let one = doc! { "_id": tokens[0].id.to_string() };
    fresh
        .token_documents()
        .update_one(one, moved)
        .await
        .unwrap();
    let found = of_domain(&store, "example.org").await.unwrap();
    assert_eq!(found, [tokens[1].id]);
}
