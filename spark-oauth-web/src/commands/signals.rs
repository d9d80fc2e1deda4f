//! Ctrl-C and `SIGTERM`, from the first line of `main` on.
//!
//! Start-up can block: on a database lock, on a MongoDB server that does not answer, on a
//! pipe instead of a file. A dedicated thread therefore receives the signals. Without a
//! handler, the kernel would drop them for the first process of a container.

use std::io;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::trouble::say;

/// The signals that end the program.
#[derive(Clone, Debug)]
pub struct Signals(Arc<Mutex<Option<Server>>>);

/// What a signal cancels while a server runs.
#[derive(Debug)]
struct Server {
    stop: CancellationToken,
    abort: CancellationToken,
}

/// A signal with its number, which is part of the exit code.
#[derive(Clone, Copy, Debug)]
enum Received {
    Interrupt = 2,
    Terminate = 15,
}

impl Signals {
    /// Takes over Ctrl-C and `SIGTERM`. Until a server runs, either ends the process at
    /// once, with 128 and its number as the exit code.
    ///
    /// # Errors
    /// The operating system's.
    pub fn take_over() -> io::Result<Self> {
        let signals = Self(Arc::default());
        let receiver = signals.clone();
        let (ready, is_ready) = mpsc::channel();
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || receiver.receive(&ready))?;
        is_ready
            .recv()
            .unwrap_or_else(|ended| Err(io::Error::other(ended)))?;
        Ok(signals)
    }

    /// From now on the first signal cancels `stop`, and the second `abort`.
    pub(super) fn stop_server(&self, stop: CancellationToken, abort: CancellationToken) {
        let mut server = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *server = Some(Server { stop, abort });
    }

    fn receive(&self, ready: &mpsc::Sender<io::Result<()>>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => return drop(ready.send(Err(error))),
        };
        runtime.block_on(async {
            let installed = signal(SignalKind::interrupt())
                .and_then(|interrupt| Ok((interrupt, signal(SignalKind::terminate())?)));
            let (mut interrupt, mut terminate) = match installed {
                Ok(installed) => installed,
                Err(error) => return drop(ready.send(Err(error))),
            };
            drop(ready.send(Ok(())));
            loop {
                tokio::select! {
                    _ = interrupt.recv() => self.handle(Received::Interrupt),
                    _ = terminate.recv() => self.handle(Received::Terminate),
                }
            }
        });
    }

    /// Exits the process: a thread that is blocked in a system call cannot be cancelled.
    fn handle(&self, received: Received) {
        let server = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*server {
            Some(Server { stop, .. }) if !stop.is_cancelled() => {
                tracing::info!(
                    "stopping: requests in flight are finished; a second signal cuts them off"
                );
                stop.cancel();
            }
            Some(Server { abort, .. }) if !abort.is_cancelled() => abort.cancel(),
            Some(_) | None => {
                let name = match received {
                    Received::Interrupt => "SIGINT",
                    Received::Terminate => "SIGTERM",
                };
                say(&format!("stopped by {name} before the command was done\n"));
                std::process::exit(128 + received as i32);
            }
        }
    }
}
