//! A fault that the server of the tests may have.

use mongodb::bson::{Document, doc};
use mongodb::options::IndexOptions;
use mongodb::{Client, IndexModel};

/// Whether the server keeps a unique value for a document that no longer has it:
/// `secantusd-rs` does up to 0.5.3-beta.196, where the value went by an update. A
/// `mongod` does not.
pub async fn keeps_values_that_are_gone(client: &Client, database: &str) -> bool {
    let records = client.database(database).collection::<Document>("fault");
    let unique = IndexOptions::builder().unique(true).build();
    let index = IndexModel::builder()
        .keys(doc! { "value": 1 })
        .options(unique);
    records.create_index(index.build()).await.unwrap();
    let first = doc! { "_id": 1, "value": "freed" };
    records.insert_one(first).await.unwrap();
    let change = doc! { "$set": { "value": "other" } };
    records.update_one(doc! { "_id": 1 }, change).await.unwrap();
    let second = doc! { "_id": 2, "value": "freed" };
    let keeps = records.insert_one(second).await.is_err();
    records.drop().await.unwrap();
    keeps
}
