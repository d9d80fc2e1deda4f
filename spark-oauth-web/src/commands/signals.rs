//! The first signal stops in an orderly way, the second cuts off.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The signals that end the program.
#[derive(Debug)]
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Takes over Ctrl-C and `SIGTERM`.
    pub(super) fn take_over() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Stops at the first signal, cuts off at the second.
    pub(super) async fn watch(mut self, stop: CancellationToken, abort: CancellationToken) {
        self.next().await;
        tracing::info!("stopping: requests in flight are finished; a second signal cuts them off");
        stop.cancel();
        self.next().await;
        abort.cancel();
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
