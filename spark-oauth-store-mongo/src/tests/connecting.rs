//! How a store is reached, and what is said where it is not.

use std::time::{Duration, Instant};

use mongodb::IndexModel;
use mongodb::bson::{Document, doc};
use mongodb::options::IndexOptions;
use spark_oauth_core::conformance::samples;
use spark_oauth_core::ports::{StoreError, TokenStore as _, VaultStore as _};
use tokio::task::block_in_place;

use super::fresh;
use crate::testing::{self, Server, TestDatabases};
use crate::{ConnectError, MongoOptions, MongoStore};

const PASSWORD: &str = "s3cret-p4ss";

/// The error and what lies behind it, as one text, which never holds the password.
fn told(error: &ConnectError) -> String {
    let mut error: &dyn std::error::Error = error;
    let mut text = format!("{error} {error:?}");
    while let Some(source) = error.source() {
        text = format!("{text}: {source}");
        error = source;
    }
    assert!(!text.contains(PASSWORD), "{text}");
    assert!(!text.contains("p4ss"), "{text}");
    text
}

async fn refused(options: MongoOptions) -> ConnectError {
    let debug = format!("{options:?}");
    assert!(!debug.contains(PASSWORD), "{debug}");
    MongoStore::connect(options).await.unwrap_err()
}

#[tokio::test]
async fn a_uri_that_cannot_be_read_is_told_without_its_password() {
    for (uri, why) in [
        (String::new(), "no scheme"),
        ("localhost:27017".to_owned(), "no scheme"),
        (format!("http://user:{PASSWORD}@host/"), "scheme: http"),
        (
            format!("mongodb://user:a/b{PASSWORD}@host/"),
            "percent-encode",
        ),
        (
            format!("mongodb://user:a:b{PASSWORD}@host/"),
            "percent-encode",
        ),
        (
            "mongodb://user:s3cret@p4ss:x@host/".to_owned(),
            "percent-encode",
        ),
        (
            format!("mongodb://user:{PASSWORD}%zz@host/"),
            "percent-encode",
        ),
        (
            format!("mongodb://user:x@y?{PASSWORD}@host/"),
            "percent-encode",
        ),
        (format!("mongodb://user:{PASSWORD}@host:port/"), "port"),
        (
            format!("mongodb://user:{PASSWORD}@host/?w=0&maxPoolSize=x"),
            "maxPoolSize",
        ),
        (format!("mongodb+srv://user:{PASSWORD}@a.b.c:1/"), "port"),
    ] {
        let text = told(&refused(MongoOptions::new(&uri)).await);
        assert!(text.contains("URI cannot be read"), "{uri}: {text}");
        assert!(
            text.to_lowercase().contains(&why.to_lowercase()),
            "{uri}: {text}"
        );
    }
}

#[tokio::test]
async fn a_name_that_no_database_has_is_refused() {
    for name in ["", "a.b", "a b", "a/b", "ä", &"a".repeat(64)] {
        for options in [
            MongoOptions::new("mongodb://127.0.0.1:1/").token_db(name),
            MongoOptions::new("mongodb://127.0.0.1:1/").admin_db(name),
        ] {
            let error = refused(options).await;
            assert!(matches!(error, ConnectError::DatabaseName(_)), "{error:?}");
        }
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_with_its_address() {
    let uri = format!("mongodb://user:{PASSWORD}@127.0.0.1:1/");
    let begun = Instant::now();
    let error = refused(MongoOptions::new(uri)).await;
    assert!(begun.elapsed() < Duration::from_secs(6));
    let text = told(&error);
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{text}");
    assert!(
        text.contains("no MongoDB primary answers at 127.0.0.1:1"),
        "{text}"
    );
}

#[tokio::test]
async fn a_server_that_says_nothing_is_told_with_its_address() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let options =
        MongoOptions::new(format!("mongodb://{address}/")).operation_limit(Duration::from_secs(1));
    let begun = Instant::now();
    let text = told(&refused(options).await);
    assert!(begun.elapsed() < Duration::from_secs(4));
    assert!(text.contains(&address.to_string()), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_processes_may_start_at_once() {
    let Some(uri) = testing::shared() else { return };
    let databases = TestDatabases::on(uri);
    let starts: Vec<_> = (0..8)
        .map(|_| tokio::spawn(MongoStore::connect(databases.options())))
        .collect();
    let mut stores = Vec::new();
    for start in starts {
        stores.push(start.await.unwrap().unwrap());
    }
    let token = samples::token(1);
    stores[0].insert(&token).await.unwrap();
    let answer = stores[7].insert(&token).await;
    assert!(
        matches!(answer, Err(StoreError::AlreadyExists(_))),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_refused() {
    let Some(fresh) = fresh().await else { return };
    let vault = fresh.store.0.client.database(&fresh.options.admin_db);
    let vault = vault.collection::<Document>("vault");
    let schema = vault.find_one(doc! { "_id": "schema" }).await.unwrap();
    assert_eq!(schema.unwrap().get_i32("version").unwrap(), 4);
    let newer = doc! { "$set": { "version": 99 } };
    vault
        .update_one(doc! { "_id": "schema" }, newer)
        .await
        .unwrap();
    let error = refused(fresh.options.clone()).await;
    assert!(
        matches!(
            error,
            ConnectError::NewerSchema {
                found: 99,
                known: 4,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_index_that_was_dropped_is_made_again() {
    let Some(fresh) = fresh().await else { return };
    let tokens = fresh.store.0.client.database(&fresh.options.token_db);
    let tokens = tokens.collection::<Document>("tokens");
    tokens.drop_index("consent").await.unwrap();
    let _again = MongoStore::connect(fresh.options.clone()).await.unwrap();
    let names = tokens.list_index_names().await.unwrap();
    assert!(names.contains(&"consent".to_owned()), "{names:?}");
}

#[tokio::test]
async fn another_index_in_the_place_of_ours_is_told() {
    let Some(fresh) = fresh().await else { return };
    let tokens = fresh.store.0.client.database(&fresh.options.token_db);
    let tokens = tokens.collection::<Document>("tokens");
    tokens.drop_index("consent").await.unwrap();
    let other = IndexModel::builder()
        .keys(doc! { "integration": 1 })
        .options(IndexOptions::builder().name("consent".to_owned()).build())
        .build();
    tokens.create_index(other).await.unwrap();
    let error = refused(fresh.options.clone()).await;
    assert!(matches!(error, ConnectError::Index { .. }), "{error:?}");
    assert!(error.to_string().contains("_tokens.tokens"), "{error}");
}

#[tokio::test]
async fn two_records_of_one_consent_are_told() {
    let Some(fresh) = fresh().await else { return };
    let tokens = fresh.store.0.client.database(&fresh.options.token_db);
    let tokens = tokens.collection::<Document>("tokens");
    fresh.store.insert(&samples::token(1)).await.unwrap();
    tokens.drop_index("consent").await.unwrap();
    let mut second = tokens.find_one(doc! {}).await.unwrap().unwrap();
    second.insert("_id", "second");
    tokens.insert_one(second).await.unwrap();
    let error = refused(fresh.options.clone()).await;
    assert!(
        matches!(error, ConnectError::Duplicates { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_closed_store_is_unavailable() {
    let Some(fresh) = fresh().await else { return };
    let other = fresh.store.clone();
    fresh.store.close().await;
    let answer = other.ping().await;
    assert!(
        matches!(answer, Err(StoreError::Unavailable { .. })),
        "{answer:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_credentials_and_missing_rights_are_told() {
    let Some(program) = testing::program() else {
        return;
    };
    let mut server = block_in_place(|| Server::start(&program));
    let admin = mongodb::Client::with_uri_str(server.uri()).await.unwrap();
    let admin = admin.database("admin");
    for (user, role) in [("writer", "readWrite"), ("reader", "read")] {
        let roles: Vec<_> = [MongoOptions::TOKEN_DB, MongoOptions::ADMIN_DB]
            .map(|db| doc! { "role": role, "db": db })
            .to_vec();
        let user = doc! { "createUser": user, "pwd": PASSWORD, "roles": roles };
        admin.run_command(user).await.unwrap();
    }
    server.demand_credentials();
    block_in_place(|| {
        server.stop();
        server.start_again();
    });
    let store = MongoStore::connect(MongoOptions::new(server.uri_as("writer", PASSWORD)))
        .await
        .unwrap();
    store.insert(&samples::token(1)).await.unwrap();

    let wrong = MongoOptions::new(server.uri_as("writer", "another"));
    let error = refused(wrong).await;
    assert!(matches!(error, ConnectError::SignIn { .. }), "{error:?}");
    let reader = MongoOptions::new(server.uri_as("reader", PASSWORD));
    let error = refused(reader).await;
    assert!(matches!(error, ConnectError::Forbidden { .. }), "{error:?}");
    assert!(
        told(&error).contains("tokenCenter and adminUsers"),
        "{error}"
    );
    let nobody = refused(MongoOptions::new(server.uri())).await;
    assert!(
        matches!(
            nobody,
            ConnectError::Forbidden { .. } | ConnectError::SignIn { .. }
        ),
        "{nobody:?}"
    );
}
