//! Work that its caller does not end.
//!
//! A server drops a request's future when the browser hangs up or a time limit
//! ends. What must not be cut in two (a provider's answer and its write, a change
//! and its entry in the audit log) runs as a task of its own, and a process that
//! ends in good order waits for it.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::Instrument as _;

/// The detached work of this process.
#[derive(Clone, Debug)]
pub(crate) struct Detached(Arc<watch::Sender<usize>>);

impl Default for Detached {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Detached {
    /// Begins a task, in the span of its caller.
    pub(crate) fn start<F>(&self, work: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        let running = Running::begin(self.clone());
        tokio::spawn(
            async move {
                let _running = running;
                work.await
            }
            .in_current_span(),
        )
    }

    /// Begins a task and waits for it; `None` where it panicked or was aborted.
    pub(crate) async fn run<F>(&self, work: F) -> Option<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        // The error of a task that panicked may hold the panic's text: it was
        // shown by the panic hook, and is not shown again.
        self.start(work).await.ok()
    }

    /// Waits until no work is under way.
    pub(crate) async fn settle(&self) {
        // It fails only where the sender is gone, which `self` holds.
        let _ = self.0.subscribe().wait_for(|running| *running == 0).await;
    }
}

/// Counts a task for as long as it lives, also where it panics or is aborted.
struct Running(Detached);

impl Running {
    fn begin(detached: Detached) -> Self {
        detached.0.send_modify(|running| *running += 1);
        Self(detached)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.0.send_modify(|running| *running -= 1);
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn settling_waits_for_work_whose_caller_has_gone() {
        let detached = Detached::default();
        let (open, gate) = oneshot::channel::<()>();
        let (done, is_done) = oneshot::channel();
        drop(detached.start(async move {
            let _ = gate.await;
            done.send(()).unwrap();
        }));
        let settled = tokio::spawn({
            let detached = detached.clone();
            async move { detached.settle().await }
        });
        tokio::task::yield_now().await;
        assert!(!settled.is_finished());
        open.send(()).unwrap();
        settled.await.unwrap();
        is_done.await.unwrap();
    }

    #[tokio::test]
    async fn work_that_panics_is_no_longer_under_way() {
        let detached = Detached::default();
        assert_eq!(detached.run(async { panic!("a defect") }).await, None::<()>);
        detached.settle().await;
        assert_eq!(detached.run(async { 7 }).await, Some(7));
    }
}
