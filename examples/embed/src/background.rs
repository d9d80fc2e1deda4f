//! What runs beside the service, for as long as it serves.

use std::pin::Pin;

use spark_oauth_core::SparkOauth;
use spark_oauth_core::broker::WorkerSettings;
use spark_oauth_core::ports::StoreError;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The tasks, and what ends each of them.
#[derive(Debug)]
pub(crate) struct Background {
    worker: Task,
    presence: Task,
}

impl Background {
    /// Begins them. The process is shown before it writes anything: a command that
    /// must not run beside it finds it in the database.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn begin(oauth: &SparkOauth) -> Result<Self, StoreError> {
        let presence = oauth.presence(format!("embed, process {}", std::process::id()));
        presence.announce().await?;
        let worker = oauth.worker(WorkerSettings::default());
        Ok(Self {
            worker: Task::begin(|stopped| tokio::spawn(worker.run(stopped))),
            presence: Task::begin(|stopped| tokio::spawn(presence.run(stopped))),
        })
    }

    /// Ends the worker, waits until `settled`, and only then says goodbye: until
    /// then tokens are written.
    pub(crate) async fn end(self, settled: impl Future<Output = ()>) {
        self.worker.end().await;
        settled.await;
        self.presence.end().await;
    }
}

/// A task that is told to stop by its sender, or by the sender's end.
#[derive(Debug)]
struct Task {
    stop: oneshot::Sender<()>,
    handle: JoinHandle<()>,
}

impl Task {
    fn begin(
        spawn: impl FnOnce(Pin<Box<dyn Future<Output = ()> + Send>>) -> JoinHandle<()>,
    ) -> Self {
        let (stop, stopped) = oneshot::channel();
        let handle = spawn(Box::pin(async {
            // Either it was told to stop, or nobody is left who could tell it.
            let _ = stopped.await;
        }));
        Self { stop, handle }
    }

    async fn end(self) {
        // A task that has ended already need not be told.
        let _ = self.stop.send(());
        let _ = self.handle.await;
    }
}
