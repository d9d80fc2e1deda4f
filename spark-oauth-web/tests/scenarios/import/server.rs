//! From the sample's databases on their server.

use mongodb::bson::{Document, doc, oid::ObjectId, serialize_to_document};
use serde_json::Value;
use spark_oauth_store_mongo::testing::SampleServer;

use super::records::{OLD_PASSWORD, admin, live_token, object_id, token, with};
use crate::harness::{ALICE, Command, Setup, Upstream};

/// Fills the sample's databases, as it does.
async fn fill(sample: &SampleServer, tokens: &[Value], admins: &[Value]) {
    for (collection, records) in [(sample.tokens(), tokens), (sample.admins(), admins)] {
        let documents: Vec<_> = records.iter().map(document).collect();
        if !documents.is_empty() {
            collection.insert_many(documents).await.unwrap();
        }
    }
}

/// A configuration that calls these databases the sample's.
fn name_in(sample: &SampleServer, setup: Setup) -> Setup {
    setup
        .set("dbConfig.tokenDBName", sample.databases.token_db())
        .set("dbConfig.adminDBName", sample.databases.admin_db())
}

fn document(record: &Value) -> Document {
    let mut document = serialize_to_document(record).unwrap();
    let id = record["_id"]["$oid"].as_str().unwrap();
    document.insert("_id", ObjectId::parse_str(id).unwrap());
    if document.contains_key("expires_in") {
        document.insert("expires_in", 1_209_599_i64);
    }
    document
}

#[tokio::test]
async fn the_store_may_lie_in_the_databases_of_the_sample() {
    let Some(sample) = SampleServer::new().await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let uri = sample.databases.uri().to_owned();
    let setup = name_in(&sample, Setup::on_mongodb_at(uri.clone()));
    let command = Command::new(folder.path(), &setup, &upstream);
    fill(
        &sample,
        &[live_token(&upstream, 1, ALICE)],
        &[admin(1, "admin")],
    )
    .await;

    let plan = command.run(&["import", &uri, "--dry-run"], "").await;
    assert_eq!(plan.code, Some(0), "{plan:?}");
    let token_db = sample.client.database(sample.databases.token_db());
    let names = token_db.list_collection_names().await.unwrap();
    assert_eq!(
        names,
        [format!("{}Collection", token_db.name())],
        "a plan writes nothing"
    );

    let done = command.run(&["import", &uri], "").await;
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(sample.tokens().count_documents(doc! {}).await.unwrap(), 1);
    let server = command.serve().await;
    let admin = server.browser();
    let list = admin.sign_in("admin", OLD_PASSWORD).await;
    let [href] = list.hrefs("/admin/tokens/").try_into().unwrap();
    let page = admin.open(&href).await;
    admin.submit(page.form("/refresh")).await;
    assert_eq!(upstream.stats().refreshes, 1);
    server.shut_down().await;
}

#[tokio::test]
async fn what_was_imported_and_older_records_of_the_same_person_are_deleted_from_the_source() {
    let Some(sample) = SampleServer::new().await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let uri = sample.databases.uri().to_owned();
    let setup = name_in(&sample, Setup::on_disk());
    let command = Command::new(folder.path(), &setup, &upstream);
    let tokens = [
        token(2, ALICE, "2"),
        token(1, ALICE, "1"),
        with(token(3, "bob@example.com", "3"), "email", Value::Null),
    ];
    fill(&sample, &tokens, &[admin(1, "admin"), admin(2, "x")]).await;

    let done = command.run(&["import", &uri, "--delete-source"], "").await;
    assert_eq!(done.code, Some(0), "{done:?}");
    let left = sample
        .tokens()
        .find(doc! {})
        .sort(doc! { "_id": 1 })
        .await
        .unwrap();
    let left: Vec<_> = futures_util::TryStreamExt::try_collect::<Vec<_>>(left)
        .await
        .unwrap();
    let left: Vec<_> = left
        .iter()
        .map(|left| left.get_object_id("_id").unwrap().to_hex())
        .collect();
    assert_eq!(left, [object_id(3)]);
    for line in [
        "Deleted from the source: 2 token records, 1 of them older records",
        "Still in the source, with tokens in clear text: 1 token records",
    ] {
        assert!(done.out.contains(line), "{line}: {done:?}");
    }
    assert_eq!(sample.admins().count_documents(doc! {}).await.unwrap(), 1);
    assert_eq!(command.count("tokens").await, 1);

    // An earlier build left it: it is older than what is stored, and overwrites nothing.
    fill(&sample, &[token(1, ALICE, "1")], &[]).await;
    let again = command.run(&["import", &uri, "--delete-source"], "").await;
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(
        again.out.contains("came from a newer one of this person"),
        "{again:?}"
    );
    assert_eq!(sample.tokens().count_documents(doc! {}).await.unwrap(), 1);
}

#[tokio::test]
async fn a_server_without_the_sample_is_told_of() {
    let Some(sample) = SampleServer::new().await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let setup = name_in(&sample, Setup::on_disk());
    let command = Command::new(folder.path(), &setup, &upstream);
    let ended = command.run(&["import", sample.databases.uri()], "").await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.errors.contains("dbConfig.tokenDBName"), "{ended:?}");
    assert!(
        !folder.path().join("data").exists(),
        "the store is not touched"
    );
}
