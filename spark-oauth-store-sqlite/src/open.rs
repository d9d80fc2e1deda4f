//! Opening a store.

use std::num::NonZeroU8;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

use crate::SqliteStore;
use crate::batch::BatchContext;
use crate::connections::Connections;
use crate::file::FileIdentity;
use crate::migrate::{self, MigrationLock};
use crate::open_error::OpenError;
use crate::writer::Writer;

/// How large the write-ahead log stays after its content has moved to the file.
const LOG_SIZE_LIMIT: &str = "16777216";

/// How many pages each connection keeps, in KiB where negative: enough for the inner
/// pages of the indexes of a million records. The rest is the system's cache.
const CACHE_SIZE: &str = "-1024";

/// Far below what overflows in SQLite, where it is a number of milliseconds.
const LONGEST_BUSY_TIMEOUT: Duration = Duration::from_hours(1);

/// Where a store lies and how it is opened.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    path: PathBuf,
    create_folder: bool,
    busy_timeout: Duration,
    readers: NonZeroU8,
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
            readers: const { NonZeroU8::new(4).unwrap() },
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
    /// Default: 10 seconds; at most an hour.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout.min(LONGEST_BUSY_TIMEOUT);
        self
    }

    /// How many connections read at once, each with a thread of its own.
    /// Default: 4.
    #[must_use]
    pub fn readers(mut self, readers: NonZeroU8) -> Self {
        self.readers = readers;
        self
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
        // Absolute, since SQLite reads a meaning into `:memory:` and `file:`, and since
        // connections are opened later too.
        let path = std::path::absolute(&options.path)
            .map_err(|source| OpenError::file(&options.path, source))?;
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
        let identity = lock.release();
        // `query_only` instead of a read-only file handle: whichever connection is
        // the first after a crash must be able to recover the log.
        let readers = usize::from(options.readers.get());
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
        // What is removed or replaced is overwritten in the file.
        .pragma("secure_delete", "ON")
        .pragma("journal_size_limit", LOG_SIZE_LIMIT)
        .pragma("cache_size", CACHE_SIZE)
        .disable_statement_logging()
}
