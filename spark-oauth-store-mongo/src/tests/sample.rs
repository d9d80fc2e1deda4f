//! The data of the Node.js sample on a server, and what an import does with it.

use std::sync::Arc;

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Document, doc};
use spark_oauth_core::admins::{Role, SuperAdminSettings, Username};
use spark_oauth_core::import::{Importer, Kind, Report, Sample, SampleCleaner as _, SampleId};
use spark_oauth_core::keyring::{KeyRing, SealingKey};
use spark_oauth_core::ports::PageRequest;
use spark_oauth_core::ports::{AdminStore as _, SystemRandom, TokenFilter};
use spark_oauth_core::{ClientId, ClientSecret, EmailAddress, Integration, RedirectUri, Scopes};

use super::fresh;
use crate::testing::SampleServer;
use crate::{MongoOptions, MongoStore, SampleDatabases, SampleError};

const HASH: &str = "$2b$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

/// What stands in the sample's databases, and who deletes from them.
async fn read(server: &SampleServer) -> (SampleDatabases, Sample) {
    let options = server.databases.options();
    let databases = SampleDatabases::connect(&options).await.unwrap();
    let sample = databases.read().await.unwrap();
    (databases, sample)
}

fn token(email: &str, secret: &str) -> Document {
    doc! {
        "access_token": format!("access-{secret}"), "expires_in": 1_209_599,
        "refresh_token": format!("refresh-{secret}"), "refresh_token_expires_in": 7_775_999_i64,
        "email": email, "__v": 0,
    }
}

fn importer(store: &MongoStore) -> Importer {
    let integration = Integration {
        client_id: ClientId::new("C1"),
        client_secret: ClientSecret::new("secret"),
        redirect_uri: RedirectUri::parse("http://127.0.0.1:3000/auth/spark/callback").unwrap(),
        scopes: Scopes::parse("spark:people_read").unwrap(),
        requester: EmailAddress::parse("owner@example.com").unwrap(),
    };
    let super_admin = SuperAdminSettings {
        username: Username::parse("admin").unwrap(),
        password: None,
        email: None,
    };
    let ring = KeyRing::new(SealingKey::generate(&SystemRandom), Arc::new(SystemRandom));
    Importer::new(integration, Some(super_admin), store.stores(), ring)
}

#[tokio::test]
async fn everything_is_read_in_the_order_of_its_making() {
    let Some(sample) = SampleServer::new().await else {
        return;
    };
    let ids = [1, 2].map(|last| ObjectId::from_bytes([9, 9, 9, 9, 0, 0, 0, 0, 0, 0, 0, last]));
    let mut documents = [token("ann@example.com", "1"), token("bob@example.com", "2")];
    for (document, id) in documents.iter_mut().zip(ids.iter().rev()) {
        document.insert("_id", *id);
        document.insert("errors", vec![doc! { "description": "refused" }]);
        document.insert("message", mongodb::bson::Bson::Null);
    }
    sample.tokens().insert_many(&documents).await.unwrap();
    let (databases, read) = read(&sample).await;
    let found: Vec<_> = read.tokens.iter().map(|record| record.id.clone()).collect();
    assert_eq!(found, ids.map(|id| SampleId::ObjectId(id.bytes())));
    let place = format!("{0}.{0}Collection", sample.databases.token_db());
    assert_eq!(read.tokens[0].place, place);
    let types: Vec<_> = read.tokens[0].fields.iter().collect();
    let types: Vec<_> = types
        .into_iter()
        .map(|(name, value)| format!("{name}: {}", value.type_name()))
        .collect();
    assert_eq!(
        types,
        [
            "__v: a number",
            "access_token: a text",
            "email: a text",
            "errors: an array",
            "expires_in: a number",
            "message: null",
            "refresh_token: a text",
            "refresh_token_expires_in: a number",
        ]
    );
    assert!(read.admins.is_empty() && read.unreadable.is_empty());
    let shown = format!("{databases:?} {read:?}");
    assert!(
        !shown.contains("access-1") && !shown.contains("127.0.0.1"),
        "{shown}"
    );
}

#[tokio::test]
async fn the_store_may_lie_beside_the_sample() {
    let Some(sample) = SampleServer::new().await else {
        return;
    };
    sample
        .tokens()
        .insert_one(token("ann@example.com", "1"))
        .await
        .unwrap();
    let admin = doc! { "username": "admin", "password": HASH, "email": "a@example.com" };
    sample.admins().insert_one(admin).await.unwrap();
    assert!(
        !MongoStore::exists(&sample.databases.options())
            .await
            .unwrap()
    );
    let store = MongoStore::connect(sample.databases.options())
        .await
        .unwrap();
    assert!(
        MongoStore::exists(&sample.databases.options())
            .await
            .unwrap()
    );
    let importer = importer(&store);
    for (added, already_there) in [(1, 0), (0, 1)] {
        let (_, read) = read(&sample).await;
        let mut report = Report::default();
        importer.run(&read, None, &(), &mut report).await.unwrap();
        for tally in [report.tokens, report.admins] {
            assert_eq!((tally.added, tally.already_there), (added, already_there));
        }
        assert_eq!(report.findings, []);
    }
    let page = PageRequest::first(std::num::NonZeroU16::MAX);
    let tokens = store.stores().tokens;
    let tokens = tokens
        .list(&TokenFilter::default(), &page)
        .await
        .unwrap()
        .items;
    assert_eq!(
        (tokens.len(), tokens[0].email.as_str()),
        (1, "ann@example.com")
    );
    let admin = store.super_admin().await.unwrap().unwrap();
    assert_eq!(
        (admin.role, admin.password_hash.as_str()),
        (Role::SuperAdmin, HASH)
    );
    assert_eq!(sample.tokens().count_documents(doc! {}).await.unwrap(), 1);
}

#[tokio::test]
async fn only_what_is_still_as_it_was_read_is_deleted() {
    let Some(sample) = SampleServer::new().await else {
        return;
    };
    let documents = [token("ann@example.com", "1"), token("bob@example.com", "2")];
    sample.tokens().insert_many(&documents).await.unwrap();
    let (databases, read) = read(&sample).await;
    // The sample refreshes Bob's token after it was read.
    let bob = doc! { "email": "bob@example.com" };
    let refreshed = doc! { "$set": { "refresh_token": "refresh-3" } };
    sample.tokens().update_one(bob, refreshed).await.unwrap();
    let [ann, bob] = &read.tokens[..] else {
        panic!("{read:?}")
    };
    assert!(databases.delete(Kind::Token, ann).await.unwrap());
    assert!(
        !databases.delete(Kind::Token, ann).await.unwrap(),
        "it is gone"
    );
    assert!(!databases.delete(Kind::Token, bob).await.unwrap());
    let left = sample.tokens().find_one(doc! {}).await.unwrap().unwrap();
    assert_eq!(left.get_str("refresh_token").unwrap(), "refresh-3");
}

#[tokio::test]
async fn one_collection_may_hold_both() {
    let Some(sample) = SampleServer::new().await else {
        return;
    };
    let both = [
        token("ann@example.com", "1"),
        doc! { "username": "admin", "password": HASH },
        doc! { "other": 1 },
    ];
    sample.tokens().insert_many(both).await.unwrap();
    let options = sample
        .databases
        .options()
        .admin_db(sample.databases.token_db());
    let read = SampleDatabases::connect(&options)
        .await
        .unwrap()
        .read()
        .await
        .unwrap();
    let counts = [read.tokens.len(), read.admins.len(), read.unreadable.len()];
    assert_eq!(counts, [1, 1, 1]);
}

#[tokio::test]
async fn a_server_without_the_sample_is_told_of() {
    let Some(fresh) = fresh().await else { return };
    let error = SampleDatabases::connect(&fresh.options).await.unwrap_err();
    assert!(
        matches!(error, SampleError::NoCollections { .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("_tokensCollection"), "{error}");
    let nowhere = MongoOptions::new("mongodb://user:sesame@127.0.0.1:1/");
    let error = SampleDatabases::connect(&nowhere).await.unwrap_err();
    assert!(error.to_string().contains("127.0.0.1:1"), "{error}");
    assert!(
        !format!("{error} {error:?}").contains("sesame"),
        "{error:?}"
    );
}
