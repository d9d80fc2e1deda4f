//! The records on disk, past the application.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqliteTransaction};

/// How long it waits for others who write.
const PATIENCE: Duration = Duration::from_mins(1);

/// A connection of somebody else to the store's file.
#[derive(Debug)]
pub(crate) struct Database(SqlitePool);

impl Database {
    pub(super) async fn open(path: &Path) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(PATIENCE);
        Self(SqlitePool::connect_with(options).await.unwrap())
    }

    pub(crate) async fn execute(&self, sql: &'static str) -> u64 {
        let done = sqlx::query(sql).execute(&self.0).await.unwrap();
        done.rows_affected()
    }

    /// Keeps everybody else from writing.
    pub(crate) async fn lock(&self) -> WriteLock {
        WriteLock(self.0.begin_with("BEGIN IMMEDIATE").await.unwrap())
    }

    pub(crate) async fn count(&self, table: &str) -> i64 {
        let sql = match table {
            "sessions" => "SELECT count(*) FROM sessions",
            "consents" => "SELECT count(*) FROM consents",
            "tokens" => "SELECT count(*) FROM tokens",
            "admins" => "SELECT count(*) FROM admins",
            "audit" => "SELECT count(*) FROM audit",
            "key_fingerprints" => "SELECT count(*) FROM key_fingerprints",
            other => panic!("{other} is not counted"),
        };
        sqlx::query_scalar(sql).fetch_one(&self.0).await.unwrap()
    }

    pub(crate) async fn texts(&self, sql: &'static str) -> Vec<String> {
        sqlx::query_scalar(sql).fetch_all(&self.0).await.unwrap()
    }
}

/// The right to write, which only one has at a time.
#[derive(Debug)]
pub(crate) struct WriteLock(SqliteTransaction<'static>);

impl WriteLock {
    pub(crate) async fn release(self) {
        self.0.rollback().await.unwrap();
    }
}
