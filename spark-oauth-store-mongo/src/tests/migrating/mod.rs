//! Databases of an earlier schema are brought to the present one.

mod audit_keys;
mod first_visits;
mod searches;

use mongodb::bson::{Document, doc};
use mongodb::options::IndexOptions;
use mongodb::{Collection, Database, IndexModel};
use spark_oauth_core::ports::TokenStore as _;
use spark_oauth_core::token::Token;

use super::{Fresh, fresh};
use crate::MongoStore;

impl Fresh {
    fn token_db(&self) -> Database {
        self.store.0.client.database(&self.options.token_db)
    }

    fn admin_db(&self) -> Database {
        self.store.0.client.database(&self.options.admin_db)
    }

    fn token_documents(&self) -> Collection<Document> {
        self.token_db().collection("tokens")
    }

    fn audit_documents(&self) -> Collection<Document> {
        self.admin_db().collection("audit")
    }

    /// Takes away what schema 1 did not have.
    async fn back_to_schema_1(&self) {
        self.back_to_schema_2().await;
        let tokens = self.token_documents();
        drop_indexes(&tokens, &["due", "events", "expiring"]).await;
        let upkeep = doc! { "$unset": { "upkeep": "" } };
        tokens.update_many(doc! {}, upkeep).await.unwrap();
        for collection in ["outbox", "processes"] {
            let collection = self.token_db().collection::<Document>(collection);
            collection.drop().await.unwrap();
        }
        self.set_schema(1).await;
    }

    /// Takes away what schema 2 did not have, and makes what it had.
    async fn back_to_schema_2(&self) {
        self.back_to_schema_3().await;
        let (tokens, audit) = (self.token_documents(), self.audit_documents());
        drop_indexes(&tokens, &["address", "domain", "newest"]).await;
        let searches = ["newest", "token", "subject", "actor", "action", "time"];
        drop_indexes(&audit, &searches).await;
        for (name, keys) in [
            ("email", doc! { "integration": 1, "email_normalized": 1 }),
            (
                "list",
                doc! { "seq": -1, "_id": -1, "status.kind": 1, "email_normalized": 1 },
            ),
        ] {
            let options = IndexOptions::builder().name(name.to_owned()).build();
            let index = IndexModel::builder().keys(keys).options(options);
            tokens.create_index(index.build()).await.unwrap();
        }
        let domain = doc! { "$unset": { "email_domain": "" } };
        tokens.update_many(doc! {}, domain).await.unwrap();
        let names = doc! { "$unset": { "actor_normalized": "", "subject_normalized": "" } };
        audit.update_many(doc! {}, names).await.unwrap();
        for collection in [
            self.token_db().collection::<Document>("consent_links"),
            self.admin_db().collection("api_keys"),
        ] {
            collection.drop().await.unwrap();
        }
        self.set_schema(2).await;
    }

    /// Takes away what schema 3 did not have.
    async fn back_to_schema_3(&self) {
        let audit = self.audit_documents();
        drop_indexes(&audit, &["api_key"]).await;
        let keys = doc! { "$unset": { "api_key": "" } };
        audit.update_many(doc! {}, keys).await.unwrap();
        self.set_schema(3).await;
    }

    async fn set_schema(&self, version: i32) {
        let vault = self.admin_db().collection::<Document>("vault");
        let earlier = doc! { "$set": { "version": version } };
        let done = vault.update_one(doc! { "_id": "schema" }, earlier).await;
        assert_eq!(done.unwrap().modified_count, 1);
    }

    async fn start_again(&self) -> MongoStore {
        MongoStore::connect(self.options.clone()).await.unwrap()
    }

    async fn stored(&self, token: &Token) -> Token {
        self.store.get(token.id).await.unwrap().unwrap()
    }
}

async fn drop_indexes(collection: &Collection<Document>, names: &[&str]) {
    for name in names {
        collection.drop_index(*name).await.unwrap();
    }
}
