//! One collection: every operation has a time limit, and answers an outcome of the
//! ports.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use mongodb::bson::{
    Document, RawDeserializer, RawDocumentBuf, deserialize_from_slice,
    serialize_to_raw_document_buf,
};
use mongodb::error::Result as DriverResult;
use mongodb::options::UpdateModifications;
use mongodb::{Collection, Database};
use serde::Serialize;
use serde::de::DeserializeOwned;
use spark_oauth_core::ports::StoreError;

use crate::errors::{Cause, NoAnswer, Unreadable, corrupt, store_error};

/// A collection whose documents have the form `D`.
pub(crate) struct Records<D> {
    collection: Collection<RawDocumentBuf>,
    name: &'static str,
    limit: Duration,
    form: PhantomData<fn() -> D>,
}

impl<D> fmt::Debug for Records<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// What a list asks for.
pub(crate) struct Selection {
    pub(crate) filter: Document,
    pub(crate) sort: Document,
    /// What is read of a document, or left out.
    pub(crate) fields: Document,
    pub(crate) limit: i64,
}

impl<D: Serialize + DeserializeOwned> Records<D> {
    pub(crate) fn new(database: &Database, name: &'static str, limit: Duration) -> Self {
        Self {
            collection: database.collection(name),
            name,
            limit,
            form: PhantomData,
        }
    }

    pub(crate) async fn insert(&self, document: &D) -> Result<(), StoreError> {
        let document = serialize_to_raw_document_buf(document).map_err(corrupt)?;
        self.within(self.collection.insert_one(document)).await?;
        Ok(())
    }

    /// Puts `document` in the place of the one that fits, and answers whether there
    /// was one.
    pub(crate) async fn replace(&self, filter: Document, document: &D) -> Result<bool, StoreError> {
        let document = serialize_to_raw_document_buf(document).map_err(corrupt)?;
        let replacing = self.collection.replace_one(filter, document);
        let done = self.within(replacing).await?;
        Ok(done.matched_count > 0)
    }

    /// Puts `document` in the place of the one that fits, and adds it where none
    /// does. One that has its `_id` and does not fit makes it fail as one that
    /// exists already.
    pub(crate) async fn put(&self, filter: Document, document: &D) -> Result<(), StoreError> {
        let document = serialize_to_raw_document_buf(document).map_err(corrupt)?;
        let putting = self.collection.replace_one(filter, document).upsert(true);
        self.within(putting).await?;
        Ok(())
    }

    /// Changes the document that fits, and answers whether there was one.
    pub(crate) async fn update(
        &self,
        filter: Document,
        update: impl Into<UpdateModifications>,
    ) -> Result<bool, StoreError> {
        let done = self
            .within(self.collection.update_one(filter, update))
            .await?;
        Ok(done.matched_count > 0)
    }

    /// Changes every document that fits, and answers how many.
    pub(crate) async fn update_all(
        &self,
        filter: Document,
        update: impl Into<UpdateModifications>,
    ) -> Result<u64, StoreError> {
        let done = self
            .within(self.collection.update_many(filter, update))
            .await?;
        Ok(done.matched_count)
    }

    /// The one document that fits.
    pub(crate) async fn find_one(&self, filter: Document) -> Result<Option<D>, StoreError> {
        self.find_one_as(filter, None).await
    }

    /// A part of the one document that fits.
    pub(crate) async fn find_one_as<P: DeserializeOwned>(
        &self,
        filter: Document,
        fields: Option<Document>,
    ) -> Result<Option<P>, StoreError> {
        let finding = self.collection.find_one(filter).max_time(self.limit);
        let finding = match fields {
            Some(fields) => finding.projection(fields),
            None => finding,
        };
        let found = self.within(finding).await?;
        found.map(|found| self.read(&found)).transpose()
    }

    /// All documents that fit: for filters that few fit.
    pub(crate) async fn find(&self, filter: Document) -> Result<Vec<D>, StoreError> {
        let finding = async {
            let cursor = self.collection.find(filter).max_time(self.limit).await?;
            cursor.try_collect::<Vec<_>>().await
        };
        self.read_all(&self.within(finding).await?)
    }

    /// The documents of a list, in its order.
    pub(crate) async fn select(&self, selection: Selection) -> Result<Vec<D>, StoreError> {
        self.select_as(selection).await
    }

    /// Parts of the documents of a list, in its order.
    pub(crate) async fn select_as<P: DeserializeOwned>(
        &self,
        selection: Selection,
    ) -> Result<Vec<P>, StoreError> {
        self.read_all(&self.select_unread(selection).await?)
    }

    /// The documents of a list, in its order, as they are stored.
    pub(crate) async fn select_unread(
        &self,
        selection: Selection,
    ) -> Result<Vec<RawDocumentBuf>, StoreError> {
        let Selection {
            filter,
            sort,
            fields,
            limit,
        } = selection;
        let finding = async {
            let found = self.collection.find(filter).sort(sort).projection(fields);
            let cursor = found.limit(limit).max_time(self.limit).await?;
            cursor.try_collect::<Vec<_>>().await
        };
        self.within(finding).await
    }

    pub(crate) async fn count(&self, filter: Document) -> Result<u64, StoreError> {
        let counting = self.collection.count_documents(filter);
        self.within(counting.max_time(self.limit)).await
    }

    /// What the server makes of the documents that fit, by an aggregation.
    pub(crate) async fn aggregate<P: DeserializeOwned>(
        &self,
        stages: Vec<Document>,
    ) -> Result<Vec<P>, StoreError> {
        let summing = async {
            let summing = self.collection.aggregate(stages).max_time(self.limit);
            let cursor = summing.with_type::<RawDocumentBuf>().await?;
            cursor.try_collect::<Vec<_>>().await
        };
        self.read_all(&self.within(summing).await?)
    }

    /// Changes the document that fits, and answers it as it was before, in one atomic
    /// operation.
    pub(crate) async fn find_and_update(
        &self,
        filter: Document,
        update: impl Into<UpdateModifications>,
    ) -> Result<Option<D>, StoreError> {
        let found = self
            .within(self.collection.find_one_and_update(filter, update))
            .await?;
        found.map(|found| self.read(&found)).transpose()
    }

    /// Removes the document that fits, and answers whether there was one.
    pub(crate) async fn remove(&self, filter: Document) -> Result<bool, StoreError> {
        let done = self.within(self.collection.delete_one(filter)).await?;
        Ok(done.deleted_count > 0)
    }

    /// Removes every document that fits, and answers how many.
    pub(crate) async fn remove_all(&self, filter: Document) -> Result<u64, StoreError> {
        let done = self.within(self.collection.delete_many(filter)).await?;
        Ok(done.deleted_count)
    }

    async fn within<T>(
        &self,
        operation: impl IntoFuture<Output = DriverResult<T>>,
    ) -> Result<T, StoreError> {
        match tokio::time::timeout(self.limit, operation.into_future()).await {
            Ok(answer) => answer.map_err(|error| store_error(&error)),
            Err(_) => Err(NoAnswer::Failed(Cause::time_limit(self.limit)).into()),
        }
    }

    fn read_all<P: DeserializeOwned>(
        &self,
        found: &[RawDocumentBuf],
    ) -> Result<Vec<P>, StoreError> {
        found.iter().map(|found| self.read(found)).collect()
    }

    /// Reads a document. Where it has not its form, it is read once more for the
    /// path of the field: the error of the deserializer quotes the value.
    pub(crate) fn read<P: DeserializeOwned>(
        &self,
        found: &RawDocumentBuf,
    ) -> Result<P, StoreError> {
        deserialize_from_slice(found.as_bytes()).map_err(|_| {
            let field = unreadable_field::<P>(found);
            Unreadable::new(self.name, field).into()
        })
    }
}

fn unreadable_field<P: DeserializeOwned>(found: &RawDocumentBuf) -> String {
    let Ok(deserializer) = RawDeserializer::new(found.as_bytes()) else {
        return "its bytes".to_owned();
    };
    match serde_path_to_error::deserialize::<_, P>(deserializer) {
        Ok(_) => "an unknown field".to_owned(),
        Err(error) => error.path().to_string(),
    }
}
