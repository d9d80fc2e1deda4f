//! A few connections that are lent out and come back as they are.
//!
//! The pool of the driver looks after connections that a network may have cut: for
//! each that comes back it starts a task and asks the connection whether it is
//! well. Here that would cost more than most reads.

use std::fmt;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::{Mutex, MutexGuard, Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// How long a free connection is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connections to one database, opened when they are first needed.
pub(crate) struct Connections {
    options: SqliteConnectOptions,
    /// Whether the data outlive a connection.
    on_disk: bool,
    turns: Semaphore,
    slots: Vec<Mutex<Option<SqliteConnection>>>,
}

/// One connection, until it is dropped.
pub(crate) struct Lent<'c> {
    options: &'c SqliteConnectOptions,
    on_disk: bool,
    // Dropped before the turn, so that whoever has the next one finds a free slot.
    slot: MutexGuard<'c, Option<SqliteConnection>>,
    _turn: SemaphorePermit<'c>,
}

impl Connections {
    /// Up to `size` connections to a file.
    pub(crate) fn to_file(options: SqliteConnectOptions, size: usize) -> Self {
        Self::new(options, true, size)
    }

    /// The one connection that a database in memory belongs to.
    pub(crate) fn to_memory(options: SqliteConnectOptions) -> Self {
        Self::new(options, false, 1)
    }

    fn new(options: SqliteConnectOptions, on_disk: bool, size: usize) -> Self {
        Self {
            options,
            on_disk,
            turns: Semaphore::new(size),
            slots: (0..size).map(|_| Mutex::default()).collect(),
        }
    }

    /// Waits for a free connection: the first one, which has been used most, and so
    /// has its statements and pages at hand.
    ///
    /// # Errors
    /// [`sqlx::Error::PoolTimedOut`] where all are busy for too long, and
    /// [`sqlx::Error::PoolClosed`] once they are closed.
    pub(crate) async fn lend(&self) -> sqlx::Result<Lent<'_>> {
        let turn = match self.turns.try_acquire() {
            Ok(turn) => turn,
            Err(_) => timeout(PATIENCE, self.turns.acquire())
                .await
                .map_err(|_| sqlx::Error::PoolTimedOut)?
                .map_err(|_| sqlx::Error::PoolClosed)?,
        };
        let mut slots = self.slots.iter();
        let slot = slots.find_map(|slot| slot.try_lock().ok());
        Ok(Lent {
            options: &self.options,
            on_disk: self.on_disk,
            slot: slot.ok_or(sqlx::Error::PoolClosed)?,
            _turn: turn,
        })
    }

    /// Lends nothing any more, and closes each connection once it is back.
    pub(crate) async fn close(&self) {
        self.turns.close();
        for slot in &self.slots {
            close(slot.lock().await.take()).await;
        }
    }
}

impl Lent<'_> {
    /// The connection, which is opened where it is not yet.
    ///
    /// # Errors
    /// What SQLite says to opening it.
    pub(crate) async fn connection(&mut self) -> sqlx::Result<&mut SqliteConnection> {
        let connection = match self.slot.take() {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        Ok(self.slot.insert(connection))
    }

    /// Closes a connection whose state is doubtful; the next one to need it opens
    /// another. In memory it would take all data with it, so there it stays.
    pub(crate) async fn give_up(mut self) {
        if self.on_disk {
            close(self.slot.take()).await;
        }
    }
}

async fn close(connection: Option<SqliteConnection>) {
    if let Some(connection) = connection
        && let Err(error) = connection.close().await
    {
        tracing::debug!(%error, "a connection did not close cleanly");
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections")
            .field("file", &self.options.get_filename())
            .field("size", &self.slots.len())
            .field("free", &self.turns.available_permits())
            .finish_non_exhaustive()
    }
}
