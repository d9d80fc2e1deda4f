//! Writes that come together share a commit, and nothing else.

use spark_oauth_core::conformance::samples::{audit_entry, session, token};
use spark_oauth_core::ports::{AuditLog, SessionStore, StoreError, TokenStore, UniqueRule};
use spark_oauth_core::token::Token;
use tokio::task::JoinSet;

use super::{BusyWriter, count, on_disk, told, until_waiting};
use crate::SqliteStore;
use crate::errors::store_error;

fn append_all(store: &SqliteStore, numbers: std::ops::Range<u32>) -> JoinSet<()> {
    numbers
        .map(|number| {
            let store = store.clone();
            async move { store.append(&audit_entry(number)).await.unwrap() }
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_that_wait_share_a_commit() {
    let (store, _folder) = on_disk().await;
    let before = store.write_counts();
    let busy = BusyWriter::hold(&store).await;
    let appending = append_all(&store, 0..200);
    until_waiting(&store, 200).await;
    busy.release().await;
    appending.join_all().await;
    let after = store.write_counts();
    assert_eq!(after.writes - before.writes, 201);
    assert_eq!(
        after.commits - before.commits,
        2,
        "one commit for the write that was under way, one for all that waited"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_has_a_bound() {
    let (store, _folder) = on_disk().await;
    let before = store.write_counts();
    let busy = BusyWriter::hold(&store).await;
    let appending = append_all(&store, 0..600);
    until_waiting(&store, 600).await;
    busy.release().await;
    appending.join_all().await;
    let after = store.write_counts();
    assert_eq!(after.writes - before.writes, 601);
    assert_eq!(after.commits - before.commits, 1 + 3, "256, 256 and 88");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_undoes_no_other() {
    let (store, _folder) = on_disk().await;
    let first = token(1);
    TokenStore::insert(&store, &first).await.unwrap();
    let busy = BusyWriter::hold(&store).await;
    let mut writes = JoinSet::new();
    let mut queue = |change: Token, insert: bool| {
        let store = store.clone();
        writes.spawn(async move {
            if insert {
                store.insert(&change).await.map(|()| 0)
            } else {
                store.update(&change).await
            }
        });
    };
    queue(token(2), true);
    queue(first.clone(), true);
    queue(
        Token {
            version: 99,
            ..first.clone()
        },
        false,
    );
    queue(token(4), false);
    queue(token(3), true);
    until_waiting(&store, 5).await;
    busy.release().await;
    let answers = writes.join_all().await;
    let failed = |wanted: fn(&StoreError) -> bool| {
        let errors = answers.iter().filter_map(|answer| answer.as_ref().err());
        errors.filter(|error| wanted(error)).count()
    };
    assert_eq!(
        failed(|error| matches!(
            error,
            StoreError::AlreadyExists(UniqueRule::Id | UniqueRule::Consent)
        )),
        1
    );
    assert_eq!(failed(|error| matches!(error, StoreError::Conflict)), 1);
    assert_eq!(failed(|error| matches!(error, StoreError::NotFound)), 1);
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 2);
    assert_eq!(count(&store, "SELECT count(*) FROM tokens").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_of_several_statements_is_undone_as_a_whole() {
    let (store, _folder) = on_disk().await;
    let busy = BusyWriter::hold(&store).await;
    let writing = store.clone();
    let failing = tokio::spawn(async move {
        writing
            .write(|connection| {
                Box::pin(async move {
                    sqlx::query("INSERT INTO vault (name, value) VALUES ('one', x'00')")
                        .execute(&mut *connection)
                        .await
                        .map_err(store_error)?;
                    Err::<(), _>(StoreError::Conflict)
                })
            })
            .await
    });
    until_waiting(&store, 1).await;
    let appending = append_all(&store, 0..1);
    until_waiting(&store, 2).await;
    busy.release().await;
    appending.join_all().await;
    let answer = failing.await.unwrap();
    assert!(matches!(answer, Err(StoreError::Conflict)), "{answer:?}");
    let left = count(&store, "SELECT count(*) FROM vault WHERE name = 'one'").await;
    assert_eq!(left, 0, "what a failed write did before is undone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_does_not_stop_its_write() {
    let (store, _folder) = on_disk().await;
    let busy = BusyWriter::hold(&store).await;
    let (writing, record) = (store.clone(), session(1));
    let caller = tokio::spawn(async move { writing.create(&record).await });
    until_waiting(&store, 1).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    busy.release().await;
    // The next write is committed after it.
    store.append(&audit_entry(1)).await.unwrap();
    let replaced = store.replace(&session(1).data, &session(1)).await;
    assert!(replaced.unwrap(), "the session must be there");
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_commits_what_waits() {
    let (store, folder) = on_disk().await;
    let busy = BusyWriter::hold(&store).await;
    let appending = append_all(&store, 0..50);
    until_waiting(&store, 50).await;
    let closing = store.clone();
    let closed = tokio::spawn(async move { closing.close().await });
    busy.release().await;
    appending.join_all().await;
    closed.await.unwrap();

    let refused = told(store.append(&audit_entry(99)).await);
    assert_eq!(
        refused,
        "the SQLite store is unavailable: the store is closed"
    );
    let refused = told(store.get(token(1).id).await);
    assert!(refused.contains("unavailable"), "{refused}");
    store.close().await;

    let path = folder.path().join("store.db");
    assert!(
        !path.with_extension("db-wal").exists(),
        "a store that was closed leaves no log behind"
    );
    let again = SqliteStore::open_path(path).await.unwrap();
    let entries = count(&again, "SELECT count(*) FROM audit").await;
    assert_eq!(entries, 50);
}
