//! Where lines go: queues that a thread each empties.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};

use super::Look;
use super::entry::Entry;

/// How many lines wait at most. Beyond it they are dropped and counted.
pub(super) const WAITING_LINES: usize = 8192;

/// Makes the line that says how many were dropped.
pub(super) type LossLine = Box<dyn Fn(usize) -> String + Send>;

/// One place for lines.
#[derive(Clone, Debug)]
pub(super) struct Sink {
    queue: NonBlocking,
}

impl Sink {
    /// A queue before `writer`, which may block.
    pub(super) fn new(
        name: &str,
        writer: impl Write + Send + 'static,
        loss_line: LossLine,
    ) -> (Self, WorkerGuard) {
        let dropped = Arc::new(OnceLock::new());
        let writer = TellsLosses {
            writer,
            dropped: Arc::clone(&dropped),
            told: 0,
            loss_line,
        };
        let (queue, guard) = NonBlockingBuilder::default()
            .thread_name(name)
            .buffered_lines_limit(WAITING_LINES)
            .lossy(true)
            .finish(writer);
        dropped.get_or_init(|| queue.error_counter());
        (Self { queue }, guard)
    }

    /// Queues a line. It never waits.
    pub(super) fn write(&self, line: &str) {
        // A full queue counts the line; the queue itself gives no error.
        let _ = self.queue.clone().write_all(line.as_bytes());
    }

    fn dropped_lines(&self) -> usize {
        self.queue.error_counter().dropped_lines()
    }
}

/// All places.
#[derive(Debug)]
pub(super) struct Sinks {
    stderr: Sink,
    files: Option<Sink>,
    look: Look,
}

impl Sinks {
    pub(super) fn new(stderr: Sink, files: Option<Sink>, look: Look) -> Self {
        Self {
            stderr,
            files,
            look,
        }
    }

    /// Writes an entry to every place.
    pub(super) fn write(&self, entry: &Entry) {
        let line = self.look.line(entry, false);
        if self.look.colours {
            self.stderr.write(&self.look.line(entry, true));
        } else {
            self.stderr.write(&line);
        }
        if let Some(files) = &self.files {
            files.write(&line);
        }
    }

    pub(super) fn dropped_lines(&self) -> usize {
        let files = self.files.as_ref().map_or(0, Sink::dropped_lines);
        self.stderr.dropped_lines() + files
    }
}

/// A writer at the end of a queue, which says how many lines the queue has dropped
/// as soon as it is empty again.
struct TellsLosses<W> {
    writer: W,
    /// The queue's counter; the queue is made after this writer.
    dropped: Arc<OnceLock<ErrorCounter>>,
    told: usize,
    loss_line: LossLine,
}

impl<W: Write> Write for TellsLosses<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.writer.write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        let dropped = self.dropped.get().map_or(0, ErrorCounter::dropped_lines);
        if dropped > self.told {
            let line = (self.loss_line)(dropped - self.told);
            self.told = dropped;
            self.writer.write_all(line.as_bytes())?;
        }
        self.writer.flush()
    }
}

impl<W> fmt::Debug for TellsLosses<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TellsLosses")
            .field("told", &self.told)
            .finish_non_exhaustive()
    }
}
