//! Names that mean something to SQLite. Alone in its process, since it changes the
//! folder that the process works in.

use std::fs;

use spark_oauth_core::conformance::samples::token;
use spark_oauth_store_sqlite::SqliteStore;

#[tokio::test]
async fn every_name_is_the_name_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    for name in [":memory:", "file:store?mode=memory", "a b%20#ü.db", "-x"] {
        std::env::set_current_dir(folder.path()).unwrap();
        let store = SqliteStore::open_path(name).await.unwrap();
        // What is opened later must not look for it elsewhere.
        std::env::set_current_dir(elsewhere.path()).unwrap();
        let stores = store.stores();
        let token = token(1);
        stores.tokens.insert(&token).await.unwrap();
        assert_eq!(stores.tokens.get(token.id).await.unwrap(), Some(token));
        store.close().await;
        let length = fs::metadata(folder.path().join(name)).unwrap().len();
        assert!(length > 0, "{name}");
    }
}
