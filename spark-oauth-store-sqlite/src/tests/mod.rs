//! What only the crate itself can see: plans, batches, and how a store heals.

mod healing;
mod plans;
mod writing;

use spark_oauth_core::ports::StoreError;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::SqliteStore;

async fn on_disk() -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    (SqliteStore::open_path(path).await.unwrap(), folder)
}

/// What a statement counts.
async fn count(store: &SqliteStore, statement: &'static str) -> i64 {
    let counted: Option<(i64,)> = store.row(sqlx::query_as(statement)).await.unwrap();
    counted.unwrap().0
}

/// Keeps the writer busy, so that what is asked for meanwhile waits together.
struct BusyWriter {
    release: oneshot::Sender<()>,
    write: JoinHandle<Result<(), StoreError>>,
}

impl BusyWriter {
    async fn hold(store: &SqliteStore) -> Self {
        let (started, running) = oneshot::channel();
        let (release, released) = oneshot::channel();
        let store = store.clone();
        let write = tokio::spawn(async move {
            store
                .write_statement(move |_| {
                    Box::pin(async move {
                        started.send(()).unwrap();
                        released.await.unwrap();
                        Ok(())
                    })
                })
                .await
        });
        running.await.unwrap();
        Self { release, write }
    }

    async fn release(self) {
        self.release.send(()).unwrap();
        self.write.await.unwrap().unwrap();
    }
}

/// Comes back once so many requests wait.
async fn until_waiting(store: &SqliteStore, requests: usize) {
    while store.0.writer.waiting() < requests {
        tokio::task::yield_now().await;
    }
}

/// The error of an answer and what lies behind it, as one text.
fn told<T: std::fmt::Debug>(answer: Result<T, StoreError>) -> String {
    let mut error: &dyn std::error::Error = &answer.unwrap_err();
    let mut text = error.to_string();
    while let Some(source) = error.source() {
        text = format!("{text}: {source}");
        error = source;
    }
    text
}
