//! Opening a store: what is made, what is refused, and with which words.

#![expect(clippy::unwrap_used, reason = "what goes wrong in a test ends it")]

use std::error::Error;
use std::fs;
use std::num::NonZeroU8;
use std::path::{Path, PathBuf};
use std::time::Duration;

use spark_oauth_core::EmailAddress;
use spark_oauth_core::conformance::samples::token;
use spark_oauth_core::keyring::Sealed;
use spark_oauth_core::ports::TokenStore;
use spark_oauth_store_sqlite::{OpenError, SqliteOptions, SqliteStore};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tempfile::TempDir;
use tokio::task::JoinSet;

fn fresh() -> (PathBuf, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (folder.path().join("store.db"), folder)
}

async fn raw(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .connect()
        .await
        .unwrap()
}

async fn refusal(path: &Path) -> String {
    let error = SqliteStore::open_path(path).await.unwrap_err();
    error.to_string()
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;

    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_made_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/folder/store.db");
    let store = SqliteStore::open_path(&path).await.unwrap();
    store.insert(&token(1)).await.unwrap();
    for made in ["new", "new/folder"] {
        assert_eq!(mode(&folder.path().join(made)), 0o700, "{made}");
    }
    for made in ["store.db", "store.db-wal", "store.db-shm", "store.db.lock"] {
        assert_eq!(mode(&path.with_file_name(made)), 0o600, "{made}");
    }
}

#[tokio::test]
async fn a_store_keeps_what_it_held() {
    let (path, _folder) = fresh();
    let store = SqliteStore::open_path(&path).await.unwrap();
    store.insert(&token(1)).await.unwrap();
    store.close().await;
    let again = SqliteStore::open_path(&path).await.unwrap();
    let token = token(2);
    again.insert(&token).await.unwrap();
    assert_eq!(again.get(token.id).await.unwrap(), Some(token));
}

#[tokio::test]
async fn stores_in_memory_have_nothing_in_common() {
    let one = SqliteStore::in_memory().await.unwrap();
    let other = SqliteStore::in_memory().await.unwrap();
    let token = token(1);
    one.insert(&token).await.unwrap();
    assert_eq!(other.get(token.id).await.unwrap(), None);
}

#[tokio::test]
async fn the_log_is_written_ahead_and_flushed() {
    let (path, _folder) = fresh();
    let _store = SqliteStore::open_path(&path).await.unwrap();
    let mut raw = raw(&path).await;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(&mut raw)
        .await
        .unwrap();
    assert_eq!(mode, "wal");
}

#[tokio::test]
async fn what_is_removed_or_replaced_is_not_left_in_the_file() {
    let (path, _folder) = fresh();
    let store = SqliteStore::open_path(&path).await.unwrap();
    let mut replaced = token(1);
    replaced.access = Sealed::from_bytes("an access token of before");
    let mut removed = token(2);
    removed.access = Sealed::from_bytes("an access token of the past");
    removed.email = EmailAddress::parse("somebody.who.left@example.com").unwrap();
    for token in [&replaced, &removed, &token(3)] {
        store.insert(token).await.unwrap();
    }
    replaced.access = Sealed::from_bytes("an access token of today");
    store.update(&replaced).await.unwrap();
    assert!(store.remove(removed.id).await.unwrap());
    store.close().await;
    let bytes = fs::read(&path).unwrap();
    let holds = |text: &str| {
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(holds("an access token of today"));
    for gone in ["of before", "of the past", "somebody.who.left"] {
        assert!(!holds(gone), "{gone:?} is still in the file");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_open_a_new_file_at_once() {
    let (path, _folder) = fresh();
    let mut opening: JoinSet<_> = (0..12)
        .map(|number| {
            let path = path.clone();
            async move {
                let store = SqliteStore::open_path(path).await.unwrap();
                store.insert(&token(number)).await.unwrap();
                store
            }
        })
        .collect();
    let store = opening.join_next().await.unwrap().unwrap();
    opening.join_all().await;
    let found = store.find_by_email(&token(11).email).await;
    assert_eq!(found.unwrap().len(), 1, "one file for all");
    let mut raw = raw(&path).await;
    let tokens: i64 = sqlx::query_scalar("SELECT count(*) FROM tokens")
        .fetch_one(&mut raw)
        .await
        .unwrap();
    assert_eq!(tokens, 12);
}

#[tokio::test]
async fn who_opens_waits_for_who_opens_already() {
    let (path, folder) = fresh();
    let lock = fs::File::create(folder.path().join("store.db.lock")).unwrap();
    lock.lock().unwrap();
    let opened = path.clone();
    let opening = tokio::spawn(async move { SqliteStore::open_path(opened).await });
    while !path.exists() {
        tokio::task::yield_now().await;
    }
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
        assert_eq!(fs::metadata(&path).unwrap().len(), 0, "not before its turn");
    }
    drop(lock);
    opening.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_first_start_that_was_interrupted_is_taken_up() {
    let (path, _folder) = fresh();
    let mut other = raw(&path).await;
    sqlx::raw_sql(
        "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
         installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, \
         checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)",
    )
    .execute(&mut other)
    .await
    .unwrap();
    other.close().await.unwrap();
    let store = SqliteStore::open_path(&path).await.unwrap();
    store.insert(&token(1)).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_leads_to_the_same_store_and_lock() {
    let (path, folder) = fresh();
    let link = folder.path().join("link.db");
    let store = SqliteStore::open_path(&path).await.unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let linked = SqliteStore::open_path(&link).await.unwrap();
    let token = token(1);
    linked.insert(&token).await.unwrap();
    assert_eq!(store.get(token.id).await.unwrap(), Some(token));
    assert!(!folder.path().join("link.db.lock").exists());
}

#[tokio::test]
async fn options_beyond_reason_do_no_harm() {
    let (path, _folder) = fresh();
    let options = SqliteOptions::new(path)
        .busy_timeout(Duration::MAX)
        .readers(NonZeroU8::MAX);
    let store = SqliteStore::open(options).await.unwrap();
    store.insert(&token(1)).await.unwrap();
}

#[tokio::test]
async fn a_path_that_is_none_is_refused() {
    for path in ["", "nul\0byte.db"] {
        let error = SqliteStore::open_path(path).await.unwrap_err();
        assert!(matches!(error, OpenError::File { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        refusal(folder.path()).await,
        format!(
            "{} is a folder: give the path of a file in it",
            folder.path().display()
        )
    );
}

#[tokio::test]
async fn a_missing_folder_is_named_where_none_is_to_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let options = SqliteOptions::new(missing.join("store.db")).create_folder(false);
    let error = SqliteStore::open(options).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the folder {} does not exist: create it, or correct the path",
            missing.display()
        )
    );
    assert!(!missing.exists());
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = SqliteStore::open_path(file.join("below/store.db")).await;
    let error = error.unwrap_err();
    assert!(matches!(error, OpenError::Folder { .. }), "{error:?}");
    assert!(error.source().is_some(), "the system's reason is kept");
}

#[tokio::test]
async fn what_is_no_database_is_refused_and_left_alone() {
    let (path, _folder) = fresh();
    let text = "This is a letter, long enough to be taken for a header of a database. ".repeat(20);
    fs::write(&path, &text).unwrap();
    assert_eq!(
        refusal(&path).await,
        format!(
            "{} is not a SQLite database: correct the path",
            path.display()
        )
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn the_database_of_another_program_is_refused_and_left_alone() {
    let (path, _folder) = fresh();
    let mut other = raw(&path).await;
    sqlx::raw_sql("CREATE TABLE notes (text TEXT)")
        .execute(&mut other)
        .await
        .unwrap();
    other.close().await.unwrap();
    let before = fs::read(&path).unwrap();
    assert_eq!(
        refusal(&path).await,
        format!(
            "{} is the SQLite database of another program: correct the path",
            path.display()
        )
    );
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused() {
    let (path, _folder) = fresh();
    SqliteStore::open_path(&path).await.unwrap().close().await;
    let mut newer = raw(&path).await;
    sqlx::raw_sql(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (7001, 'from the future', TRUE, x'00', 0)",
    )
    .execute(&mut newer)
    .await
    .unwrap();
    newer.close().await.unwrap();
    let error = SqliteStore::open_path(&path).await.unwrap_err();
    assert!(
        matches!(error, OpenError::NewerSchema { found: 7001, .. }),
        "{error:?}"
    );
    let text = error.to_string();
    assert!(text.contains("schema 7001"), "{text}");
    assert!(text.contains("start that version"), "{text}");
}

/// A file system that nobody may write to, not even root.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_folder_that_may_not_be_written_is_named() {
    let error = SqliteStore::open_path("/sys/store.db").await.unwrap_err();
    assert!(matches!(error, OpenError::ReadOnly(_)), "{error:?}");
    let text = error.to_string();
    assert!(
        text.starts_with("/sys/store.db may not be written"),
        "{text}"
    );
}
