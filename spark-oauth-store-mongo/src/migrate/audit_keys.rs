//! Schema 4: the audit log is searched by the API key that acted.
//!
//! Of an entry that stood before, the key is known where one acted; of what was done to a
//! key, only its name.

use mongodb::bson::{RawDocumentBuf, deserialize_from_slice, doc};
use serde::Deserialize;
use spark_oauth_core::audit::Actor;

use super::Databases;
use super::backfill::{Backfill, Change, Done};
use crate::audit::AUDIT;
use crate::connect_error::ConnectError;

/// What is read of an entry.
#[derive(Deserialize)]
struct Acted {
    #[serde(rename = "_id")]
    id: String,
    actor: Actor,
}

/// Gives entries the key that acted.
pub(super) async fn name(databases: &Databases) -> Result<(), ConnectError> {
    let entries = Backfill {
        databases,
        collection: databases.admins.collection(AUDIT),
        lacking: doc! { "actor.kind": "api_key", "api_key": { "$exists": false } },
        fields: doc! { "actor": 1 },
    };
    entries.run(key, tell).await
}

fn tell(done: &Done) {
    if done.given > 0 {
        tracing::info!(
            entries = done.given,
            "audit entries got the key that they are found by"
        );
    }
    if done.unreadable > 0 {
        tracing::warn!(
            entries = done.unreadable,
            "audit entries that cannot be read got no key that they are found by"
        );
    }
}

fn key(found: &RawDocumentBuf) -> Change {
    match deserialize_from_slice::<Acted>(found.as_bytes()) {
        Ok(Acted {
            id: entry,
            actor: Actor::ApiKey { id, .. },
        }) => Change::Give {
            unchanged: doc! { "_id": entry },
            update: doc! { "$set": { "api_key": id.to_string() } },
        },
        Ok(_) => Change::Leave,
        Err(_) => Change::Unreadable,
    }
}
