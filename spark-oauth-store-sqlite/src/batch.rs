//! One transaction that several requests share.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use spark_oauth_core::ports::StoreError;
use sqlx::{Connection, Sqlite, SqliteConnection, Transaction};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::connections::{Connections, Lent};
use crate::errors::{Code, NotCommitted, code, spares_the_transaction};
use crate::file::FileIdentity;
use crate::writer::{Counters, Work};

/// How often the lock is asked for while another process writes. SQLite's own
/// waiting backs off to 100 ms and can miss every gap between the commits of a
/// busy process.
const LOCK_POLL: Duration = Duration::from_millis(1);

/// What undoes a request that fails, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Undo {
    /// SQLite itself: a statement that fails leaves nothing. Right for a request
    /// whose only changing statement cannot fail after it was run.
    Statement,
    /// A savepoint around the request: two more steps on the connection.
    Savepoint,
}

/// A write that waits for its turn.
#[async_trait]
pub(crate) trait Request: Send {
    /// What undoes it where it fails.
    fn undo(&self) -> Undo;

    /// Does the work.
    async fn run(self: Box<Self>, connection: &mut SqliteConnection) -> Box<dyn Outcome>;

    /// Answers without having done anything.
    fn refuse(self: Box<Self>, reason: NotCommitted);
}

/// A write that was done and waits for its commit.
pub(crate) trait Outcome: Send {
    /// The error that the work ended with.
    fn error(&self) -> Option<&StoreError>;

    /// Answers, once it is known whether the commit took place.
    fn answer(self: Box<Self>, committed: Result<(), NotCommitted>);
}

struct Waiting<T, F> {
    undo: Undo,
    work: F,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

struct Worked<T> {
    result: Result<T, StoreError>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

/// Makes a request of some work and of where its answer goes.
pub(crate) fn request<T, F>(
    undo: Undo,
    work: F,
    answer: oneshot::Sender<Result<T, StoreError>>,
) -> Box<dyn Request>
where
    T: Send + 'static,
    F: for<'c> FnOnce(&'c mut SqliteConnection) -> Work<'c, T> + Send + 'static,
{
    Box::new(Waiting { undo, work, answer })
}

#[async_trait]
impl<T, F> Request for Waiting<T, F>
where
    T: Send + 'static,
    F: for<'c> FnOnce(&'c mut SqliteConnection) -> Work<'c, T> + Send + 'static,
{
    fn undo(&self) -> Undo {
        self.undo
    }

    async fn run(self: Box<Self>, connection: &mut SqliteConnection) -> Box<dyn Outcome> {
        let Self { work, answer, .. } = *self;
        let result = work(connection).await;
        Box::new(Worked { result, answer })
    }

    fn refuse(self: Box<Self>, reason: NotCommitted) {
        // Nobody waits for the answer where sending it fails.
        let _ = self.answer.send(Err(reason.into()));
    }
}

impl<T: Send> Outcome for Worked<T> {
    fn error(&self) -> Option<&StoreError> {
        self.result.as_ref().err()
    }

    fn answer(self: Box<Self>, committed: Result<(), NotCommitted>) {
        let Self { result, answer } = *self;
        let _ = answer.send(match (committed, result) {
            (Ok(()), result) => result,
            // The reason of the others is this very error.
            (Err(_), Err(error @ StoreError::Unavailable { .. })) => Err(error),
            // Any other result was found beside writes that are undone now.
            (Err(reason), _) => Err(reason.into()),
        });
    }
}

/// What every batch needs.
#[derive(Debug)]
pub(crate) struct BatchContext {
    /// Holds the one connection that writes.
    pub(crate) connections: Arc<Connections>,
    /// The file that the connection has open; `None` in memory.
    pub(crate) file: Option<FileIdentity>,
    /// How long the lock of another process is waited for.
    pub(crate) busy_timeout: Duration,
    /// Shared with whoever asks for them.
    pub(crate) counters: Arc<Counters>,
}

impl BatchContext {
    pub(crate) fn counters(&self) -> Arc<Counters> {
        self.counters.clone()
    }

    /// Does every request in one transaction, and answers all of them after the
    /// commit.
    pub(crate) async fn commit_together(self: Arc<Self>, batch: Vec<Box<dyn Request>>) {
        match self.lend().await {
            Ok(lent) => self.commit_on(lent, batch).await,
            Err(reason) => refuse_all(batch, &reason),
        }
    }

    async fn lend(&self) -> Result<Lent<'_>, NotCommitted> {
        if let Some(file) = &self.file {
            file.check()?;
        }
        self.connections.lend().await.map_err(failed)
    }

    async fn commit_on(&self, mut lent: Lent<'_>, batch: Vec<Box<dyn Request>>) {
        let committed = match lent.connection().await {
            Ok(connection) => self.take_turn(connection, batch).await,
            Err(error) => {
                refuse_all(batch, &failed(error));
                false
            }
        };
        // SQLite may have ended the transaction by itself, or not: a new
        // connection has no doubtful state.
        if !committed {
            lent.give_up().await;
        }
    }

    /// Waits for the lock, and does the batch under it.
    async fn take_turn(
        &self,
        connection: &mut SqliteConnection,
        batch: Vec<Box<dyn Request>>,
    ) -> bool {
        let deadline = Instant::now() + self.busy_timeout;
        loop {
            match connection.begin_with("BEGIN IMMEDIATE").await {
                Ok(transaction) => return self.run(transaction, batch).await,
                Err(error) if code(&error) == Some(Code::Busy) && Instant::now() < deadline => {
                    tokio::time::sleep(LOCK_POLL).await;
                }
                Err(error) => {
                    refuse_all(batch, &failed(error));
                    return false;
                }
            }
        }
    }

    /// Answers whether the connection is still good.
    async fn run(
        &self,
        mut transaction: Transaction<'_, Sqlite>,
        batch: Vec<Box<dyn Request>>,
    ) -> bool {
        let mut outcomes = Vec::with_capacity(batch.len());
        let mut waiting = batch.into_iter();
        let mut all = Ok(());
        while all.is_ok()
            && let Some(request) = waiting.next()
        {
            all = run_alone(&mut transaction, request, &mut outcomes).await;
        }
        let committed = match all {
            Ok(()) => transaction.commit().await.map_err(failed),
            Err(reason) => {
                // The callers are told the reason; a rollback that fails has the
                // same one.
                let _ = transaction.rollback().await;
                Err(reason)
            }
        };
        match &committed {
            Ok(()) => self.counters.committed(outcomes.len()),
            Err(reason) => {
                let error: &dyn Error = reason;
                tracing::warn!(error, "a batch of writes was not committed");
                refuse_all(waiting, reason);
            }
        }
        for outcome in outcomes {
            outcome.answer(committed.clone());
        }
        committed.is_ok()
    }
}

/// Does one request, so that its failing undoes nothing else.
///
/// # Errors
/// Where the transaction as a whole cannot go on.
async fn run_alone(
    transaction: &mut Transaction<'_, Sqlite>,
    request: Box<dyn Request>,
    outcomes: &mut Vec<Box<dyn Outcome>>,
) -> Result<(), NotCommitted> {
    if request.undo() == Undo::Statement {
        let outcome = request.run(transaction).await;
        let ended = may_go_on(&*outcome);
        outcomes.push(outcome);
        return ended;
    }
    let mut savepoint = match transaction.begin().await {
        Ok(savepoint) => savepoint,
        Err(error) => {
            let reason = failed(error);
            request.refuse(reason.clone());
            return Err(reason);
        }
    };
    let outcome = request.run(&mut savepoint).await;
    let ended = may_go_on(&*outcome);
    let undone = match outcome.error() {
        None => savepoint.commit().await,
        Some(_) => savepoint.rollback().await,
    };
    outcomes.push(outcome);
    ended.and(undone.map_err(failed))
}

/// Whether the transaction stands after a request ended like this.
fn may_go_on(outcome: &dyn Outcome) -> Result<(), NotCommitted> {
    match outcome.error() {
        Some(error) if !spares_the_transaction(error) => {
            let error: &dyn Error = error;
            tracing::warn!(error, "a write failed, and its transaction with it");
            Err(NotCommitted::Neighbour)
        }
        _ => Ok(()),
    }
}

fn failed(error: sqlx::Error) -> NotCommitted {
    NotCommitted::Failed(Arc::new(error))
}

fn refuse_all(batch: impl IntoIterator<Item = Box<dyn Request>>, reason: &NotCommitted) {
    for request in batch {
        request.refuse(reason.clone());
    }
}
