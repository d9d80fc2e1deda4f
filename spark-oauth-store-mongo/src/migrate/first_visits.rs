//! Schema 2: the background worker finds the tokens that stood before there was one.
//!
//! Each active token with a refresh token gets the time of its first visit: a fifth
//! of its lifetime before the access token ends. A token that has a time is left
//! alone, so that a migration that was broken off is taken up where it ended, and
//! several processes can share it.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use mongodb::bson::{Bson, DateTime, Document, RawDocumentBuf, deserialize_from_slice, doc};
use mongodb::{Collection, Cursor};
use serde::Deserialize;
use spark_oauth_core::Timestamp;
use spark_oauth_core::token::StatusKind;

use super::Databases;
use crate::connect_error::ConnectError;
use crate::token_document::TOKENS;
use crate::values::{date, timestamp};

/// How many tokens are read at once.
const BATCH: usize = 1_000;

/// How many are written at once.
const WRITES: usize = 16;

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

/// What became of the tokens that had no time.
#[derive(Debug, Default)]
struct Done {
    planned: u64,
    /// Somebody changed them meanwhile.
    missed: u64,
    unreadable: u64,
}

/// Gives a first visit to each token that has none.
pub(super) async fn plan(databases: &Databases) -> Result<(), ConnectError> {
    loop {
        let done = pass(databases).await?;
        if done.planned > 0 {
            tracing::info!(
                tokens = done.planned,
                "tokens got the time of their next refresh"
            );
        }
        if done.unreadable > 0 {
            tracing::warn!(
                tokens = done.unreadable,
                "tokens that cannot be read got no time of a next refresh"
            );
        }
        if done.missed == 0 {
            return Ok(());
        }
    }
}

/// Goes through the tokens that have no time, once.
async fn pass(databases: &Databases) -> Result<Done, ConnectError> {
    let tokens = databases.tokens.collection::<RawDocumentBuf>(TOKENS);
    let finding = tokens.find(unplanned()).projection(doc! {
        "integration": 1, "person": 1, "access_expires_at": 1, "obtained_at": 1,
    });
    let mut found = databases.within(finding).await?;
    let mut done = Done::default();
    loop {
        let batch = databases.within(next_batch(&mut found)).await?;
        if batch.is_empty() {
            return Ok(done);
        }
        let writes = batch
            .into_iter()
            .map(|token| write(databases, &tokens, token));
        let written = stream::iter(writes).buffer_unordered(WRITES);
        for outcome in written.try_collect::<Vec<_>>().await? {
            match outcome {
                Some(true) => done.planned += 1,
                Some(false) => done.missed += 1,
                None => done.unreadable += 1,
            }
        }
    }
}

async fn next_batch(
    found: &mut Cursor<RawDocumentBuf>,
) -> mongodb::error::Result<Vec<RawDocumentBuf>> {
    found.take(BATCH).try_collect().await
}

/// Writes the time of a token where its lifetime is still the one that was read;
/// `None` where it cannot be read.
async fn write(
    databases: &Databases,
    tokens: &Collection<RawDocumentBuf>,
    token: RawDocumentBuf,
) -> Result<Option<bool>, ConnectError> {
    let Ok(token) = deserialize_from_slice::<Unplanned>(token.as_bytes()) else {
        return Ok(None);
    };
    let first_visit = doc! {
        "$set": { "upkeep.due_at": date(token.first_visit()) },
        "$inc": { "version": 1_i64 },
    };
    let writing = tokens.update_one(token.unchanged(), first_visit);
    let written = databases.within(writing).await?;
    Ok(Some(written.matched_count > 0))
}

fn unplanned() -> Document {
    doc! {
        "status.kind": StatusKind::Active.as_str(),
        "refresh": { "$exists": true },
        "upkeep.due_at": { "$exists": false },
    }
}

impl Unplanned {
    fn first_visit(&self) -> Timestamp {
        let end = timestamp(self.access_expires_at);
        end - end.since(timestamp(self.obtained_at)) / 5
    }

    /// With where it stands in a sharded collection, so that one shard is asked.
    fn unchanged(&self) -> Document {
        let mut filter = doc! {
            "_id": &self.id,
            "integration": &self.integration,
            "person": self.person.clone().map_or(Bson::Null, Bson::String),
            "access_expires_at": self.access_expires_at,
            "obtained_at": self.obtained_at,
        };
        filter.extend(unplanned());
        filter
    }
}
