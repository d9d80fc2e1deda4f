//! The embedded store of spark-oauth: one SQLite file, durable, and shared by
//! several processes where they run on one machine.
//!
//! ```no_run
//! use spark_oauth_core::ports::PageRequest;
//! use spark_oauth_store_sqlite::SqliteStore;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! // Makes the folder and the file, for this user alone, and the schema in it.
//! let store = SqliteStore::open_path("data/spark-oauth.db").await?;
//!
//! // The handles that the services take.
//! let stores = store.stores();
//! assert!(stores.admins.super_admin().await?.is_none());
//!
//! // At the end: commits what waits, and leaves one file behind.
//! store.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! [`SqliteStore::in_memory`] opens one for a test or a trial.
//!
//! # How it works
//!
//! ```text
//!  get, find, list ───────────────▶ several connections that read ─┐
//!                                                                  ├─▶ file + log
//!  insert, update, … ─▶ channel ─▶ one task that writes ───────────┘
//!                                  (drains, commits once, answers all)
//! ```
//!
//! - A write is answered once it is flushed to the disk (write-ahead log,
//!   `synchronous=FULL`). Writes that come together share one flush:
//!   [`SqliteStore::write_counts`] tells how many did.
//! - Reads never wait for writes, and see every write that was answered before.
//! - Several processes take turns at writing. Whoever opens a file first brings its
//!   schema up to date under the lock of `<file>.lock`, which stays beside it.
//! - What goes wrong passes: a full disk, a busy lock or a file that was moved away
//!   make writes answer [`StoreError::Unavailable`] until it is over.
//!
//! Secrets arrive sealed, so that the file and its copies hold none. It must lie on
//! a local disk: the locks of network file systems do not keep processes apart. To
//! copy it while it is in use, ask SQLite (`sqlite3 FILE ".backup COPY"`): beside the
//! file lie `-wal`, with what is committed last, and `-shm`.
//!
//! # The schema
//!
//! `migrations/` holds it, with the reasons. Identifiers are ULIDs as text, so that
//! the record of a log line is found in the `sqlite3` shell; times are milliseconds
//! since the Unix epoch; enumerations are the words of the JSON interface. A search
//! by a part of an e-mail address goes through an index of trigrams (FTS5), newest
//! first; one by a part of one or two characters walks the list until its page is
//! full. So do a list by expiry or scopes, and a search of the audit log by time or
//! outcome alone: these walk one at a time, so that they keep no other read waiting.
//! Tokens of an address or a domain, and entries of an actor, a subject, a token or an
//! action, are found by an index.

mod admins;
mod api_keys;
mod audit;
mod audit_search;
mod batch;
mod compare_and_set;
mod connections;
mod consents;
mod errors;
mod file;
mod inventory;
mod leases;
mod links;
mod migrate;
mod open;
mod open_error;
mod outbox;
mod pauses;
mod position;
mod processes;
mod reading;
mod sessions;
mod statements;
#[cfg(test)]
mod tests;
mod token_list;
mod token_row;
mod tokens;
mod upkeep;
mod vault;
mod words;
mod writer;

use std::sync::Arc;

use spark_oauth_core::ports::{StoreError, Stores};
use sqlx::sqlite::SqliteArguments;
use sqlx::{Sqlite, SqliteConnection};
use tokio::sync::Semaphore;

pub use crate::open::SqliteOptions;
pub use crate::open_error::OpenError;
pub use crate::writer::WriteCounts;

use crate::batch::Undo;
use crate::connections::Connections;
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
    read: Arc<Connections>,
    write: Arc<Connections>,
    writer: Writer,
    file: Option<FileIdentity>,
    /// The right to read for long.
    walking: Semaphore,
}

impl SqliteStore {
    fn from_parts(
        read: Arc<Connections>,
        write: Arc<Connections>,
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

    /// Whether the database file is still the one that was opened.
    fn check_file(&self) -> Result<(), StoreError> {
        match &self.0.file {
            Some(file) => Ok(file.check()?),
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
