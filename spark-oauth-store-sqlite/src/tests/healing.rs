//! What happens when a write goes wrong in earnest, and that it passes.

use std::time::Duration;

use spark_oauth_core::conformance::samples::{audit_entry, token};
use spark_oauth_core::keyring::Sealed;
use spark_oauth_core::ports::{
    AuditFilter, AuditLog, PageRequest, TokenFilter, TokenStore, VaultStore,
};
use spark_oauth_core::token::Token;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::{BusyWriter, on_disk, told, until_waiting};
use crate::{SqliteOptions, SqliteStore};

fn large(number: u32) -> Token {
    Token {
        access: Sealed::from_bytes(vec![7; 1024 * 1024]),
        ..token(number)
    }
}

async fn assert_a_panic_passes(store: &SqliteStore) {
    let busy = BusyWriter::hold(store).await;
    let (panicking, neighbour) = (store.clone(), store.clone());
    let neighbour = tokio::spawn(async move { neighbour.append(&audit_entry(1)).await });
    until_waiting(store, 1).await;
    let panicking = tokio::spawn(async move {
        panicking
            .write_statement::<(), _>(|_| Box::pin(async { panic!("a fault of the program") }))
            .await
    });
    until_waiting(store, 2).await;
    busy.release().await;
    for answer in [panicking.await.unwrap(), neighbour.await.unwrap()] {
        assert_eq!(
            told(answer),
            "the SQLite store is unavailable: \
             the write was interrupted by a fault of the program"
        );
    }
    let limit = 10.try_into().unwrap();
    let listed = AuditLog::list(store, &AuditFilter::default(), &PageRequest::first(limit)).await;
    assert!(listed.unwrap().items.is_empty(), "the batch is undone");
    store.append(&audit_entry(2)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_passes_on_disk() {
    let (store, _folder) = on_disk().await;
    assert_a_panic_passes(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_passes_in_memory() {
    let store = SqliteStore::in_memory().await.unwrap();
    assert_a_panic_passes(&store).await;
}

/// SQLite answers a full disk like a file that has reached its largest size.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_passes() {
    let (store, _folder) = on_disk().await;
    store.insert(&token(1)).await.unwrap();
    store
        .write_statement(|connection| {
            Box::pin(async move {
                sqlx::query("PRAGMA max_page_count = 1")
                    .execute(connection)
                    .await
                    .unwrap();
                Ok(())
            })
        })
        .await
        .unwrap();
    let busy = BusyWriter::hold(&store).await;
    let (one, other) = (store.clone(), store.clone());
    let neighbour = tokio::spawn(async move { one.append(&audit_entry(1)).await });
    until_waiting(&store, 1).await;
    let too_large = tokio::spawn(async move { other.insert(&large(2)).await });
    until_waiting(&store, 2).await;
    busy.release().await;
    let answer = told(too_large.await.unwrap());
    assert!(answer.contains("database or disk is full"), "{answer}");
    let answer = told(neighbour.await.unwrap());
    assert!(
        answer.contains("another write of the same transaction failed"),
        "{answer}"
    );
    // The connection with the limit is gone, as if there were room again.
    store.insert(&large(3)).await.unwrap();
    let page = PageRequest::first(10.try_into().unwrap());
    let listed = TokenStore::list(&store, &TokenFilter::default(), &page).await;
    let listed = listed.unwrap();
    let ids: Vec<_> = listed.items.iter().map(|token| &token.person).collect();
    assert_eq!(ids, [&token(3).person, &token(1).person]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_of_another_process_is_waited_for_and_passes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let impatient = SqliteOptions::new(&path).busy_timeout(Duration::from_millis(20));
    let impatient = SqliteStore::open(impatient).await.unwrap();
    let patient = SqliteStore::open_path(&path).await.unwrap();
    impatient.insert(&token(1)).await.unwrap();

    let other = SqliteConnectOptions::new().filename(&path);
    let mut other = other.connect().await.unwrap();
    let locked = other.begin_with("BEGIN IMMEDIATE").await.unwrap();

    let answer = told(impatient.insert(&token(2)).await);
    assert!(answer.contains("database is locked"), "{answer}");
    let read = impatient.get(token(1).id).await;
    assert!(read.is_ok(), "reading needs no lock: {read:?}");

    let waiting = tokio::spawn(async move { patient.insert(&token(3)).await });
    locked.rollback().await.unwrap();
    waiting.await.unwrap().unwrap();
    impatient.insert(&token(4)).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_was_moved_is_noticed_and_may_come_back() {
    let (store, folder) = on_disk().await;
    store.ping().await.unwrap();
    let (here, there) = (folder.path().join("store.db"), folder.path().join("moved"));
    std::fs::rename(&here, &there).unwrap();
    let why = "the database file was moved, removed or replaced";
    for answer in [store.ping().await, store.insert(&token(1)).await] {
        let answer = told(answer);
        assert!(answer.contains(why), "{answer}");
    }
    std::fs::write(&here, "").unwrap();
    let answer = told(store.insert(&token(1)).await);
    assert!(
        answer.contains(why),
        "another file is not this one: {answer}"
    );
    std::fs::rename(&there, &here).unwrap();
    store.ping().await.unwrap();
    store.insert(&token(1)).await.unwrap();
}
