//! Replacing a record only where it is still the one that was read.

use spark_oauth_core::ports::StoreError;
use sqlx::SqliteConnection;

use crate::Query;
use crate::errors::store_error;

/// Runs an update that names the version it replaces. Where it found nothing,
/// `exists` tells whether the version was another or the record is gone.
pub(crate) async fn replace(
    connection: &mut SqliteConnection,
    update: Query<'_>,
    exists: &'static str,
    id: String,
) -> Result<(), StoreError> {
    let changed = update
        .execute(&mut *connection)
        .await
        .map_err(store_error)?
        .rows_affected();
    if changed > 0 {
        return Ok(());
    }
    let stands: Option<i64> = sqlx::query_scalar(exists)
        .bind(id)
        .fetch_optional(connection)
        .await
        .map_err(store_error)?;
    Err(match stands {
        Some(_) => StoreError::Conflict,
        None => StoreError::NotFound,
    })
}
