//! The one task that writes.
//!
//! A durable commit costs a flush of the disk, whatever it holds. So the writes
//! that come while one commit is under way wait, and share the next: requests
//! arrive through a bounded channel; the task drains what waits into one
//! transaction, commits it, and only then answers all of them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use spark_oauth_core::ports::StoreError;
use sqlx::SqliteConnection;
use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::batch::{BatchContext, Request, Undo, request};
use crate::errors::NotCommitted;

/// How many requests wait at most; more wait for room.
const QUEUE_LENGTH: usize = 1024;
/// How many requests share a commit at most, so that the first of them does not
/// wait for long.
const BATCH_LENGTH: usize = 256;

/// What a request does on the connection of the writer.
pub(crate) type Work<'c, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'c>>;

/// How many writes there were, and in how many commits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteCounts {
    /// The writes that were answered after their commit.
    pub writes: u64,
    /// The commits they shared: each is one flush of the disk.
    pub commits: u64,
}

/// Counts as the writer goes.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    writes: AtomicU64,
    commits: AtomicU64,
}

impl Counters {
    pub(crate) fn committed(&self, writes: usize) {
        self.writes
            .fetch_add(u64::try_from(writes).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.commits.fetch_add(1, Ordering::Relaxed);
    }
}

/// The way to the task that writes.
#[derive(Debug)]
pub(crate) struct Writer {
    requests: mpsc::Sender<Box<dyn Request>>,
    counters: Arc<Counters>,
    closing: Arc<Notify>,
    ended: watch::Receiver<()>,
}

impl Writer {
    /// Starts the task. It ends when it is closed, or when nobody is left who
    /// could ask it for anything.
    pub(crate) fn start(context: BatchContext) -> Self {
        let (requests, waiting) = mpsc::channel(QUEUE_LENGTH);
        let (alive, ended) = watch::channel(());
        let closing = Arc::new(Notify::new());
        let counters = context.counters();
        let task = WriterTask {
            waiting,
            context: Arc::new(context),
            closing: closing.clone(),
            _alive: alive,
        };
        tokio::spawn(task.run());
        Self {
            requests,
            counters,
            closing,
            ended,
        }
    }

    /// Does `work` in a transaction that other requests may share, and answers
    /// once it is durable. A caller that goes away does not stop it.
    pub(crate) async fn write<T, F>(&self, undo: Undo, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> Work<'c, T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.requests
            .send(request(undo, work, answer))
            .await
            .map_err(|_| NotCommitted::Closed)?;
        answered.await.map_err(|_| NotCommitted::Interrupted)?
    }

    /// Commits what waits, refuses what comes, and waits until the task has ended.
    pub(crate) async fn close(&self) {
        self.closing.notify_one();
        // An error says that the task has dropped its end, which is what is
        // waited for.
        let _ = self.ended.clone().changed().await;
    }

    /// How many requests wait.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.requests.max_capacity() - self.requests.capacity()
    }

    pub(crate) fn counts(&self) -> WriteCounts {
        WriteCounts {
            writes: self.counters.writes.load(Ordering::Relaxed),
            commits: self.counters.commits.load(Ordering::Relaxed),
        }
    }
}

struct WriterTask {
    waiting: mpsc::Receiver<Box<dyn Request>>,
    context: Arc<BatchContext>,
    closing: Arc<Notify>,
    _alive: watch::Sender<()>,
}

impl WriterTask {
    async fn run(mut self) {
        loop {
            let mut batch = Vec::new();
            tokio::select! {
                biased;
                () = self.closing.notified() => {
                    self.waiting.close();
                    continue;
                }
                taken = self.waiting.recv_many(&mut batch, BATCH_LENGTH) => {
                    if taken == 0 {
                        return;
                    }
                }
            }
            // A task of its own, so that a panic ends this batch only. Its
            // requests are answered by their senders being dropped.
            let committing = tokio::spawn(self.context.clone().commit_together(batch));
            if let Err(error) = committing.await {
                tracing::error!(%error, "a batch of writes was interrupted");
            }
        }
    }
}
