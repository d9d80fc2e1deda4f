//! The suite of the ports, against a store in memory and one on disk.

#![expect(clippy::unwrap_used, reason = "what goes wrong in a test ends it")]

use spark_oauth_core::ports::Stores;
use spark_oauth_core::store_conformance;
use spark_oauth_store_sqlite::SqliteStore;
use tempfile::TempDir;

async fn in_memory_store() -> Stores {
    Stores::of(SqliteStore::in_memory().await.unwrap())
}

async fn on_disk_store() -> (Stores, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open_path(folder.path().join("spark-oauth.db"))
        .await
        .unwrap();
    (Stores::of(store), folder)
}

store_conformance!(in_memory, in_memory_store().await);
store_conformance!(on_disk, on_disk_store().await);
