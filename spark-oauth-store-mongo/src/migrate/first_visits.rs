//! Schema 2: the background worker finds the tokens that stood before there was one.
//!
//! Each active token with a refresh token gets the time of its first visit: a fifth
//! of its lifetime before the access token ends.

use mongodb::bson::{Bson, DateTime, Document, RawDocumentBuf, deserialize_from_slice, doc};
use serde::Deserialize;
use spark_oauth_core::Timestamp;
use spark_oauth_core::token::StatusKind;

use super::Databases;
use super::backfill::{Backfill, Change, Done};
use crate::connect_error::ConnectError;
use crate::token_document::TOKENS;
use crate::values::{date, timestamp};

/// What is read of a token.
#[derive(Deserialize)]
struct Unplanned {
    #[serde(rename = "_id")]
    id: String,
    integration: String,
    #[serde(default)]
    person: Option<String>,
    access_expires_at: DateTime,
    obtained_at: DateTime,
}

/// Gives a first visit to each token that has none.
pub(super) async fn plan(databases: &Databases) -> Result<(), ConnectError> {
    let tokens = Backfill {
        databases,
        collection: databases.tokens.collection(TOKENS),
        lacking: doc! {
            "status.kind": StatusKind::Active.as_str(),
            "refresh": { "$exists": true },
            "upkeep.due_at": { "$exists": false },
        },
        fields: doc! {
            "integration": 1, "person": 1, "access_expires_at": 1, "obtained_at": 1,
        },
    };
    tokens.run(first_visit, tell).await
}

fn tell(done: &Done) {
    if done.given > 0 {
        tracing::info!(
            tokens = done.given,
            "tokens got the time of their next refresh"
        );
    }
    if done.unreadable > 0 {
        tracing::warn!(
            tokens = done.unreadable,
            "tokens that cannot be read got no time of a next refresh"
        );
    }
}

/// The time of a token, where its lifetime is still the one that was read.
fn first_visit(found: &RawDocumentBuf) -> Change {
    let Ok(token) = deserialize_from_slice::<Unplanned>(found.as_bytes()) else {
        return Change::Unreadable;
    };
    Change::Give {
        update: doc! {
            "$set": { "upkeep.due_at": date(token.first_visit()) },
            "$inc": { "version": 1_i64 },
        },
        unchanged: token.unchanged(),
    }
}

impl Unplanned {
    fn first_visit(&self) -> Timestamp {
        let end = timestamp(self.access_expires_at);
        end - end.since(timestamp(self.obtained_at)) / 5
    }

    /// With where it stands in a sharded collection, so that one shard is asked.
    fn unchanged(self) -> Document {
        doc! {
            "_id": self.id,
            "integration": self.integration,
            "person": self.person.map_or(Bson::Null, Bson::String),
            "access_expires_at": self.access_expires_at,
            "obtained_at": self.obtained_at,
        }
    }
}
