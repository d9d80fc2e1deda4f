//! Opening a store: options, errors and the connections.

use std::io::{self, ErrorKind};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::MigrateError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

use crate::SqliteStore;
use crate::batch::BatchContext;
use crate::connections::Connections;
use crate::errors::{Code, code};
use crate::file::FileIdentity;
use crate::migrate::{self, MigrationLock};
use crate::writer::Writer;

/// How large the write-ahead log stays after its content has moved to the file.
const LOG_SIZE_LIMIT: &str = "16777216";

/// How many pages each connection keeps, in KiB where negative: enough for the inner
/// pages of the indexes of a million records. The rest is the system's cache.
const CACHE_SIZE: &str = "-1024";

/// Where a store lies and how it is opened.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    path: PathBuf,
    create_folder: bool,
    busy_timeout: Duration,
    readers: NonZeroU32,
}

impl SqliteOptions {
    /// A store in the file at `path`, which is made where there is none: its
    /// folder with mode 0700, the file with mode 0600.
    ///
    /// The file must lie on a local disk: the locks of network file systems do not
    /// keep several processes apart.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            create_folder: true,
            busy_timeout: Duration::from_secs(10),
            readers: const { NonZeroU32::new(4).unwrap() },
        }
    }

    /// Whether a folder that is missing is made. Default: yes.
    #[must_use]
    pub fn create_folder(mut self, create: bool) -> Self {
        self.create_folder = create;
        self
    }

    /// How long a write waits while other processes write, before it is answered
    /// with [`StoreError::Unavailable`](spark_oauth_core::ports::StoreError::Unavailable).
    /// Default: 10 seconds.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// How many connections read at once, each with a thread of its own.
    /// Default: 4.
    #[must_use]
    pub fn readers(mut self, readers: NonZeroU32) -> Self {
        self.readers = readers;
        self
    }
}

/// Why a store does not open. The text says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The path is a folder.
    #[error("{0} is a folder: give the path of a file in it")]
    IsFolder(PathBuf),
    /// The folder is missing and was not to be made.
    #[error("the folder {0} does not exist: create it, or correct the path")]
    NoFolder(PathBuf),
    /// The folder cannot be made.
    #[error("cannot create the folder {path}: correct the path, or the rights of the folder above")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file cannot be made or opened.
    #[error("cannot open {path}: check the path and the rights of the file")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file or its folder may not be written.
    #[error(
        "{0} may not be written: check the rights of the file and its folder, and whether the disk is mounted read-only"
    )]
    ReadOnly(PathBuf),
    /// The file is no SQLite database.
    #[error("{0} is not a SQLite database: correct the path")]
    NotADatabase(PathBuf),
    /// The file belongs to another program.
    #[error("{0} is the SQLite database of another program: correct the path")]
    Foreign(PathBuf),
    /// The file was written by a later version.
    #[error(
        "{path} was written by a newer version (schema {found}, this program knows {known}): \
         start that version, or restore a backup made before the upgrade"
    )]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// The schema of the file.
        found: i64,
        /// The last schema that this program knows.
        known: i64,
    },
    /// Another process holds the lock for too long.
    #[error("{0} is locked by another process that opens it: try again, or end that process")]
    Locked(PathBuf),
    /// The file system cannot share memory between processes.
    #[error(
        "{0} lies on a file system without a write-ahead log (a network drive?): use a local disk"
    )]
    NoWriteAheadLog(PathBuf),
    /// A step to the present schema failed.
    #[error("cannot bring {path} to the present schema")]
    Migration {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: MigrateError,
    },
    /// SQLite said something else.
    #[error("cannot open {path}")]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: sqlx::Error,
    },
}

impl OpenError {
    pub(crate) fn file(path: &Path, source: io::Error) -> Self {
        match source.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly(path.to_owned())
            }
            _ => Self::File {
                path: path.to_owned(),
                source,
            },
        }
    }

    pub(crate) fn database(path: &Path, source: sqlx::Error) -> Self {
        let path = path.to_owned();
        match code(&source) {
            Some(Code::NotADatabase) => Self::NotADatabase(path),
            Some(Code::ReadOnly | Code::CannotOpen) => Self::ReadOnly(path),
            Some(Code::Busy) => Self::Locked(path),
            _ => Self::Database { path, source },
        }
    }
}

impl SqliteStore {
    /// Opens the store in the file at `path`, with the default options.
    ///
    /// # Errors
    /// As for [`SqliteStore::open`].
    pub async fn open_path(path: impl Into<PathBuf>) -> Result<Self, OpenError> {
        Self::open(SqliteOptions::new(path)).await
    }

    /// Opens a store: makes the file where there is none, and brings its schema to
    /// the present one. Several processes may do so at once.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong and what to do.
    pub async fn open(options: SqliteOptions) -> Result<Self, OpenError> {
        let path = options.path.clone();
        let database = |source| OpenError::database(&path, source);
        let lock = MigrationLock::take(&path, options.create_folder).await?;
        let connect = connect_options(&path).busy_timeout(options.busy_timeout);
        let mut first = connect.connect().await.map_err(database)?;
        migrate::bring_up(&mut first, &path).await?;
        // The writer asks for the lock by itself (see `batch`). The pragma comes last,
        // so that opening the connection still waits.
        let impatient = connect.clone().pragma("busy_timeout", "0");
        let write = Connections::to_file(impatient, 1);
        let mut lent = write.lend().await.map_err(database)?;
        let writing = lent.connection().await.map_err(database)?;
        migrate::prove_writable(writing, &path).await?;
        drop(lent);
        first.close().await.map_err(database)?;
        drop(lock);
        let identity = FileIdentity::of(&path).map_err(|source| OpenError::file(&path, source))?;
        // `query_only` instead of a read-only file handle: whichever connection is
        // the first after a crash must be able to recover the log.
        let readers = usize::try_from(options.readers.get()).unwrap_or(usize::MAX);
        let read = Connections::to_file(connect.pragma("query_only", "ON"), readers);
        let (read, write) = (Arc::new(read), Arc::new(write));
        Ok(Self::assemble(
            read,
            write,
            Some(identity),
            options.busy_timeout,
        ))
    }

    /// Opens a store that lives in memory and ends with its last handle, for tests
    /// and trials.
    ///
    /// A database in memory belongs to one connection, so reads and writes take
    /// turns on it.
    ///
    /// # Errors
    /// [`OpenError`] where there is no room.
    pub async fn in_memory() -> Result<Self, OpenError> {
        let path = Path::new(":memory:");
        let database = |source| OpenError::database(path, source);
        let only = Connections::to_memory(connect_options(path));
        let mut lent = only.lend().await.map_err(database)?;
        migrate::apply(lent.connection().await.map_err(database)?, path).await?;
        drop(lent);
        let only = Arc::new(only);
        Ok(Self::assemble(only.clone(), only, None, Duration::ZERO))
    }

    fn assemble(
        read: Arc<Connections>,
        write: Arc<Connections>,
        file: Option<FileIdentity>,
        busy_timeout: Duration,
    ) -> Self {
        let writer = Writer::start(BatchContext {
            connections: write.clone(),
            file: file.clone(),
            busy_timeout,
            counters: Arc::default(),
        });
        Self::from_parts(read, write, writer, file)
    }
}

fn connect_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
        // Without these, macOS answers a flush before the disk has done it.
        .pragma("fullfsync", "ON")
        .pragma("checkpoint_fullfsync", "ON")
        .pragma("journal_size_limit", LOG_SIZE_LIMIT)
        .pragma("cache_size", CACHE_SIZE)
        .disable_statement_logging()
}
