//! The schema, and the lock under which it is brought up to date.
//!
//! SQLite's own locks do not cover what happens at a first start: switching a
//! new file to a write-ahead log needs it exclusively, and sqlx takes no lock
//! around the migrations. So whoever opens a store first takes the lock of a
//! file beside it. The system releases it when a process ends, however it ends.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Connection, SqliteConnection};
use tokio::time::Instant;

use crate::audit_search::make_searchable;
use crate::errors::{Code, code};
use crate::file::{self, FileIdentity};
use crate::open_error::OpenError;

static MIGRATOR: Migrator = sqlx::migrate!();

/// What the first migration writes into the header of the file: "SPOA".
const APPLICATION_ID: i32 = 0x5350_4f41;

/// How long other processes are waited for that open the same file.
const LOCK_TIMEOUT: Duration = Duration::from_mins(1);
const LOCK_POLL: Duration = Duration::from_millis(5);

/// The right to change the schema, until it is released or dropped.
#[derive(Debug)]
pub(crate) struct MigrationLock {
    /// Closing it ends the lock.
    _lock_file: File,
    database: FileIdentity,
}

impl MigrationLock {
    /// Prepares folder and file, and takes the lock of `<path>.lock`.
    pub(crate) async fn take(path: &Path, create_folder: bool) -> Result<Self, OpenError> {
        let (lock_file, database) = open(path.to_owned(), create_folder).await?;
        let deadline = Instant::now() + LOCK_TIMEOUT;
        loop {
            match lock_file.try_lock() {
                Ok(()) => {
                    return Ok(Self {
                        _lock_file: lock_file,
                        database,
                    });
                }
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    tokio::time::sleep(LOCK_POLL).await;
                }
                Err(TryLockError::WouldBlock) => return Err(OpenError::Locked(path.to_owned())),
                Err(TryLockError::Error(source)) => return Err(OpenError::file(path, source)),
            }
        }
    }

    /// Lets others open the file, and answers which one it is.
    pub(crate) fn release(self) -> FileIdentity {
        self.database
    }
}

async fn open(path: PathBuf, create_folder: bool) -> Result<(File, FileIdentity), OpenError> {
    let shown = path.clone();
    let opening = tokio::task::spawn_blocking(move || {
        let failed = |source| OpenError::file(&path, source);
        file::prepare(&path, create_folder)?;
        // Whoever comes by a link must meet whoever does not.
        let mut lock_path = OsString::from(path.canonicalize().map_err(failed)?);
        lock_path.push(".lock");
        let lock_file = file::open_lock_file(Path::new(&lock_path)).map_err(failed)?;
        Ok((lock_file, FileIdentity::of(&path).map_err(failed)?))
    });
    let opened = opening.await;
    opened.map_err(|error| OpenError::file(&shown, io::Error::other(error)))?
}

/// Makes a new file, or one of an earlier version, a store of the present schema.
pub(crate) async fn bring_up(
    connection: &mut SqliteConnection,
    path: &Path,
) -> Result<(), OpenError> {
    refuse_foreign(connection, path).await?;
    refuse_newer(connection, path).await?;
    write_ahead_log(connection, path).await?;
    apply(connection, path).await
}

/// Applies the migrations that are missing.
pub(crate) async fn apply(connection: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    // `run` would make this future one that cannot be spawned.
    let applied = MIGRATOR.run_direct(None, &mut *connection, false).await;
    applied.map_err(|source| match source {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            OpenError::database(path, error)
        }
        source => OpenError::Migration {
            path: path.to_owned(),
            source,
        },
    })?;
    make_searchable(connection)
        .await
        .map_err(|source| OpenError::database(path, source))
}

/// A file without our mark is only taken where it is empty, or where a first start
/// was interrupted before the first migration.
async fn refuse_foreign(connection: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    let (id, objects): (i32, i64) = sqlx::query_as(
        "SELECT (SELECT application_id FROM pragma_application_id), \
         (SELECT count(*) FROM sqlite_schema WHERE tbl_name <> '_sqlx_migrations')",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(|source| OpenError::database(path, source))?;
    if id == APPLICATION_ID || (id == 0 && objects == 0) {
        Ok(())
    } else {
        Err(OpenError::Foreign(path.to_owned()))
    }
}

async fn refuse_newer(connection: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    let database = |source| OpenError::database(path, source);
    let migrated: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(database)?;
    if migrated == 0 {
        return Ok(());
    }
    let found: Option<i64> = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations")
        .fetch_one(&mut *connection)
        .await
        .map_err(database)?;
    let known = MIGRATOR.iter().map(|migration| migration.version).max();
    match (found, known) {
        (Some(found), Some(known)) if found > known => Err(OpenError::NewerSchema {
            path: path.to_owned(),
            found,
            known,
        }),
        _ => Ok(()),
    }
}

/// The mode is kept in the file, so later connections need not ask for it.
async fn write_ahead_log(connection: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode = WAL")
        .fetch_one(&mut *connection)
        .await
        .map_err(|source| OpenError::database(path, source))?;
    if mode.eq_ignore_ascii_case("wal") {
        Ok(())
    } else {
        Err(OpenError::NoWriteAheadLog(path.to_owned()))
    }
}

/// SQLite opens a file that it may only read without a word, and would refuse the
/// first write.
pub(crate) async fn prove_writable(
    connection: &mut SqliteConnection,
    path: &Path,
) -> Result<(), OpenError> {
    let database = |source| OpenError::database(path, source);
    let mut transaction = match connection.begin_with("BEGIN IMMEDIATE").await {
        Ok(transaction) => transaction,
        // Somebody else writes, so the file can be written.
        Err(error) if code(&error) == Some(Code::Busy) => return Ok(()),
        Err(error) => return Err(database(error)),
    };
    sqlx::query("PRAGMA user_version = 0")
        .execute(&mut *transaction)
        .await
        .map_err(database)?;
    transaction.rollback().await.map_err(database)
}
