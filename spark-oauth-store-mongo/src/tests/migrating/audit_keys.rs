//! Schema 4: the audit log is searched by the API key that acted.

use mongodb::bson::{Bson, doc};
use spark_oauth_core::audit::{Actor, AuditEntry};
use spark_oauth_core::conformance::samples;
use spark_oauth_core::ports::{AuditFilter, AuditLog, PageRequest};
use spark_oauth_core::{ApiKeyId, AuditId};

use super::fresh;
use crate::MongoStore;

async fn of_key(store: &MongoStore, key: ApiKeyId) -> Vec<AuditId> {
    let filter = AuditFilter {
        api_key: Some(key),
        ..AuditFilter::default()
    };
    let all = PageRequest::first(100.try_into().unwrap());
    let page = AuditLog::list(store, &filter, &all).await.unwrap();
    page.items.into_iter().map(|entry| entry.id).collect()
}

fn entry_of(number: u32, id: ApiKeyId) -> AuditEntry {
    let mut entry = samples::audit_entry(number);
    entry.api_key = Some(id);
    entry.caller.actor = Actor::ApiKey {
        id,
        name: "nightly report".to_owned(),
    };
    entry
}

#[tokio::test]
async fn what_a_key_did_before_is_found_by_it() {
    let Some(fresh) = fresh().await else { return };
    let keys = [1, 2, 3].map(|number| samples::api_key(number).id);
    let entries = [
        entry_of(1, keys[0]),
        entry_of(2, keys[1]),
        samples::audit_entry(3),
        entry_of(4, keys[0]),
        entry_of(5, keys[0]),
    ];
    for entry in &entries {
        fresh.store.append(entry).await.unwrap();
    }
    fresh.back_to_schema_3().await;
    let damaged = doc! { "_id": entries[4].id.to_string() };
    let damage = doc! { "$set": { "actor.id": Bson::Int32(7) } };
    let documents = fresh.audit_documents();
    documents.update_one(damaged, damage).await.unwrap();
    for _ in 0..2 {
        let store = fresh.start_again().await;
        assert_eq!(
            of_key(&store, keys[0]).await,
            [entries[3].id, entries[0].id]
        );
        assert_eq!(of_key(&store, keys[1]).await, [entries[1].id]);
        assert_eq!(of_key(&store, keys[2]).await, []);
    }
}
