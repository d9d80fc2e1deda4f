//! The embedded store of spark-oauth.

mod admins;
mod audit;
mod batch;
mod compare_and_set;
mod consents;
mod errors;
mod file;
mod leases;
mod migrate;
mod open;
mod position;
mod sessions;
mod statements;
#[cfg(test)]
mod tests;
mod token_list;
mod token_row;
mod tokens;
mod vault;
mod words;
mod writer;

use std::sync::Arc;

use spark_oauth_core::ports::{StoreError, Stores};
use sqlx::sqlite::SqliteArguments;
use sqlx::{Sqlite, SqliteConnection, SqlitePool};
use tokio::sync::Semaphore;

pub use crate::open::{OpenError, SqliteOptions};
pub use crate::writer::WriteCounts;

use crate::batch::Undo;
use crate::errors::store_error;
use crate::file::FileIdentity;
use crate::writer::{Work, Writer};

/// A statement with its parameters.
type Query<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

/// A store in one SQLite file, or in memory: an adapter for every port of
/// [`spark_oauth_core::ports`] that a store implements.
///
/// A clone is another handle of the same store.
#[derive(Clone, Debug)]
pub struct SqliteStore(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    read: SqlitePool,
    write: SqlitePool,
    writer: Writer,
    file: Option<FileIdentity>,
    /// The right to read for long.
    walking: Semaphore,
}

impl SqliteStore {
    fn from_parts(
        read: SqlitePool,
        write: SqlitePool,
        writer: Writer,
        file: Option<FileIdentity>,
    ) -> Self {
        Self(Arc::new(Parts {
            read,
            write,
            writer,
            file,
            walking: Semaphore::new(1),
        }))
    }

    /// This store as the handles that the services take, one for each port.
    pub fn stores(&self) -> Stores {
        Stores::of(self.clone())
    }

    /// Commits the writes that wait, and closes every connection. Whoever asks for
    /// something afterwards, by whichever handle, is answered
    /// [`StoreError::Unavailable`].
    ///
    /// Dropping the last handle loses nothing that was answered either; closing
    /// also waits for what was not, and leaves one file behind instead of three.
    pub async fn close(&self) {
        self.0.writer.close().await;
        self.0.read.close().await;
        self.0.write.close().await;
    }

    /// How many writes there were since the store was opened, and how many commits
    /// they shared.
    pub fn write_counts(&self) -> WriteCounts {
        self.0.writer.counts()
    }

    /// The connections that read.
    fn readers(&self) -> &SqlitePool {
        &self.0.read
    }

    /// Whether the database file is still the one that was opened.
    async fn check_file(&self) -> Result<(), StoreError> {
        match &self.0.file {
            Some(file) => Ok(file.check().await?),
            None => Ok(()),
        }
    }

    /// Does `work` in a transaction, and answers once it is durable. Where it
    /// fails, all of it is undone.
    async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> Work<'c, T> + Send + 'static,
    {
        self.0.writer.write(Undo::Savepoint, work).await
    }

    /// The same for work that makes one statement which changes anything, and
    /// cannot fail after it: SQLite undoes a statement that fails.
    async fn write_statement<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> Work<'c, T> + Send + 'static,
    {
        self.0.writer.write(Undo::Statement, work).await
    }

    /// Runs one statement, and answers how many records it changed once that is
    /// durable.
    async fn execute(&self, statement: Query<'static>) -> Result<u64, StoreError> {
        self.write_statement(move |connection| {
            Box::pin(async move {
                let done = statement.execute(connection).await.map_err(store_error)?;
                Ok(done.rows_affected())
            })
        })
        .await
    }
}
