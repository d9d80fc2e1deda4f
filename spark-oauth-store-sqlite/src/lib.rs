//! The embedded store of spark-oauth.

mod admins;
mod audit;
mod batch;
mod consents;
mod errors;
mod file;
mod migrate;
mod open;
mod position;
mod sessions;
mod statements;
mod token_row;
mod tokens;
mod vault;
mod words;
mod writer;

use std::sync::Arc;

use spark_oauth_core::ports::StoreError;
use sqlx::{SqliteConnection, SqlitePool};

pub use crate::open::{OpenError, SqliteOptions};
pub use crate::writer::WriteCounts;

use crate::file::FileIdentity;
use crate::writer::{Work, Writer};

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
        }))
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

    /// Does `work` in a transaction, and answers once it is durable.
    async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> Work<'c, T> + Send + 'static,
    {
        self.0.writer.write(work).await
    }
}
