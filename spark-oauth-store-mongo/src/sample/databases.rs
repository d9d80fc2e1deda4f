//! The sample's databases on their server.

use std::fmt;

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use mongodb::Collection;
use mongodb::bson::{Document, RawDocumentBuf, doc};
use spark_oauth_core::import::{
    Kind, Sample, SampleCleaner, SampleRecord, SampleValue, UnreadableRecord,
};
use spark_oauth_core::ports::StoreError;
use tokio::time::timeout;

use super::bson_values::{bson_id, record};
use super::kinds::add;
use super::{SampleCollections, SampleError};
use crate::MongoOptions;
use crate::errors::{Cause, NoAnswer, store_error};
use crate::migrate::Databases;

/// What a record is compared by before it is deleted: all that an import takes over.
const COMPARED: [&str; 5] = [
    "access_token",
    "refresh_token",
    "username",
    "password",
    "email",
];

/// The sample's databases on their server.
#[derive(Clone)]
pub struct SampleDatabases {
    databases: Databases,
    /// Whether one collection holds tokens and admins.
    shared: bool,
}

impl fmt::Debug for SampleDatabases {
    /// Shows nothing of the connection, whose options hold the credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.databases.all().map(mongodb::Database::name);
        f.debug_tuple("SampleDatabases").field(&names).finish()
    }
}

impl SampleDatabases {
    /// Reaches the server and looks for the collections. Nothing is written.
    ///
    /// # Errors
    /// [`SampleError`] says what was tried and what to do.
    pub async fn connect(options: &MongoOptions) -> Result<Self, SampleError> {
        let (_, databases) = Databases::reach(options).await?;
        let shared = databases.tokens.name() == databases.admins.name();
        let sample = Self { databases, shared };
        if sample.is_there(Kind::Token).await? || sample.is_there(Kind::Admin).await? {
            return Ok(sample);
        }
        Err(SampleError::NoCollections {
            hosts: sample.databases.attempted.hosts.clone(),
            tokens: sample.place(Kind::Token),
            admins: sample.place(Kind::Admin),
        })
    }

    async fn is_there(&self, kind: Kind) -> Result<bool, SampleError> {
        let collection = self.collection(kind);
        let named = doc! { "name": collection.name() };
        let database = self.database(kind);
        let listing = database.list_collection_names().filter(named);
        Ok(!self.databases.within(listing).await?.is_empty())
    }

    /// Reads every record, in the order of the `_id`s.
    ///
    /// # Errors
    /// [`SampleError`] says what was tried and what to do.
    pub async fn read(&self) -> Result<Sample, SampleError> {
        let mut sample = Sample::default();
        self.read_into(&mut sample, Kind::Token).await?;
        if !self.shared {
            self.read_into(&mut sample, Kind::Admin).await?;
        }
        Ok(sample)
    }

    async fn read_into(&self, sample: &mut Sample, kind: Kind) -> Result<(), SampleError> {
        let place = self.place(kind);
        let collection = self.collection(kind);
        let finding = collection.find(Document::new()).sort(doc! { "_id": 1 });
        let mut found = self.databases.within(finding).await?;
        // Each batch has the time limit of its own.
        while let Some(raw) = self.databases.within(found.try_next()).await? {
            match record(&raw, &place) {
                Some(record) if self.shared => add(sample, None, record),
                Some(record) => add(sample, Some(kind), record),
                None => sample.unreadable.push(UnreadableRecord {
                    kind,
                    place: place.clone(),
                    fault: "a document cannot be read: its bytes are damaged".to_owned(),
                }),
            }
        }
        Ok(())
    }

    fn database(&self, kind: Kind) -> &mongodb::Database {
        match kind {
            Kind::Token => &self.databases.tokens,
            Kind::Admin => &self.databases.admins,
        }
    }

    fn collection(&self, kind: Kind) -> Collection<RawDocumentBuf> {
        let database = self.database(kind);
        database.collection(&SampleCollections::collection_of(database.name()))
    }

    fn place(&self, kind: Kind) -> String {
        let collection = self.collection(kind);
        format!("{}.{}", self.database(kind).name(), collection.name())
    }
}

#[async_trait]
impl SampleCleaner for SampleDatabases {
    async fn delete(&self, kind: Kind, record: &SampleRecord) -> Result<bool, StoreError> {
        let collection = self.collection(kind);
        let deleting = collection.delete_one(unchanged(record)).into_future();
        let limit = self.databases.limit;
        match timeout(limit, deleting).await {
            Ok(answer) => answer
                .map(|done| done.deleted_count > 0)
                .map_err(|error| store_error(&error)),
            Err(_) => Err(NoAnswer::Failed(Cause::time_limit(limit)).into()),
        }
    }
}

/// Fits the record as long as it holds what was read.
fn unchanged(record: &SampleRecord) -> Document {
    let mut filter = Document::new();
    if let Some(id) = bson_id(&record.id) {
        filter.insert("_id", id);
    }
    for field in COMPARED {
        if let Some(SampleValue::Text(text)) = record.fields.get(field) {
            filter.insert(field, doc! { "$eq": text.as_str() });
        }
    }
    filter
}
