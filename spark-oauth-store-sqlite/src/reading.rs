//! Reads, on whichever connection is free.

use spark_oauth_core::ports::StoreError;
use sqlx::query::QueryAs;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{FromRow, Sqlite};

use crate::SqliteStore;
use crate::connections::Lent;
use crate::errors::{store_error, unavailable};

/// A statement with its parameters, whose rows become `R`.
pub(crate) type Rows<'q, R> = QueryAs<'q, Sqlite, R, SqliteArguments>;

impl SqliteStore {
    /// The one row that there may be.
    pub(crate) async fn row<R>(&self, rows: Rows<'_, R>) -> Result<Option<R>, StoreError>
    where
        R: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    {
        let mut lent = self.0.read.lend().await.map_err(store_error)?;
        let read = match lent.connection().await {
            Ok(connection) => rows.fetch_optional(connection).await,
            Err(error) => Err(error),
        };
        settle(lent, read).await
    }

    /// The same where finding it may take long: one such read at a time, so that the
    /// other connections stay free for quick ones.
    pub(crate) async fn long_row<R>(&self, rows: Rows<'_, R>) -> Result<Option<R>, StoreError>
    where
        R: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    {
        let _turn = self.0.walking.acquire().await.map_err(unavailable)?;
        self.row(rows).await
    }

    /// Every row, where finding them may take long: see [`long_row`](Self::long_row).
    pub(crate) async fn long_rows<R>(&self, rows: Rows<'_, R>) -> Result<Vec<R>, StoreError>
    where
        R: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    {
        let _turn = self.0.walking.acquire().await.map_err(unavailable)?;
        self.rows(rows).await
    }

    /// Every row.
    pub(crate) async fn rows<R>(&self, rows: Rows<'_, R>) -> Result<Vec<R>, StoreError>
    where
        R: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    {
        let mut lent = self.0.read.lend().await.map_err(store_error)?;
        let read = match lent.connection().await {
            Ok(connection) => rows.fetch_all(connection).await,
            Err(error) => Err(error),
        };
        settle(lent, read).await
    }
}

/// Keeps the connection for the next one, unless something is wrong with it.
async fn settle<T>(lent: Lent<'_>, read: sqlx::Result<T>) -> Result<T, StoreError> {
    match read.map_err(store_error) {
        Err(error @ StoreError::Unavailable { .. }) => {
            lent.give_up().await;
            Err(error)
        }
        read => read,
    }
}
