//! A queue of lines before a writer that may block, emptied by a thread of its own.
//!
//! Lines lie one behind the other in one buffer and are written together. Where they
//! come one by one, each is written at once; where they come by the thousand, the
//! thread wakes a hundred times a second, not for each of them.

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long lines that follow others wait to be written together.
const TOGETHER: Duration = Duration::from_millis(10);

/// A buffer that grew beyond this is not kept.
const KEPT_CAPACITY: usize = 1024 * 1024;

/// How long the end waits for a writer that blocks.
const LAST_LINES: Duration = Duration::from_secs(5);

/// Makes the line that says how many were dropped.
pub(super) type LossLine = Box<dyn Fn(usize) -> String + Send>;

/// The end of the queue that lines are put in.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    shared: Arc<Shared>,
    most: usize,
}

/// Keeps the thread going. When it is dropped, the last lines are written.
#[derive(Debug)]
pub(super) struct QueueGuard {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Somebody waits for lines, or for the end.
    wake: Condvar,
    /// The thread has ended.
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<u8>,
    /// How many lines wait, those that are being written among them.
    waiting: usize,
    dropped: usize,
    /// The thread sleeps until there is a line.
    is_idle: bool,
    is_closed: bool,
    has_ended: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// A queue of at most `most` lines. Without a thread, lines are dropped and counted.
    pub(super) fn start(
        name: &str,
        most: usize,
        writer: impl Write + Send + 'static,
        loss_line: LossLine,
    ) -> (Self, QueueGuard) {
        let shared = Arc::new(Shared::default());
        let emptier = Emptier {
            shared: shared.clone(),
            writer,
            loss_line,
            told: 0,
        };
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || emptier.run())
            .ok();
        let most = if thread.is_some() { most } else { 0 };
        let guard = QueueGuard {
            shared: shared.clone(),
            thread,
        };
        (Self { shared, most }, guard)
    }

    /// Queues a line. It never waits for the writer; where too many lines wait, this
    /// one is dropped and counted.
    pub(super) fn push(&self, line: &str) {
        let mut state = self.shared.lock();
        if state.waiting >= self.most || state.is_closed {
            state.dropped += 1;
            return;
        }
        state.lines.extend_from_slice(line.as_bytes());
        state.waiting += 1;
        if std::mem::take(&mut state.is_idle) {
            self.shared.wake.notify_one();
        }
    }

    pub(super) fn dropped(&self) -> usize {
        self.shared.lock().dropped
    }
}

/// What the thread has.
struct Emptier<W> {
    shared: Arc<Shared>,
    writer: W,
    loss_line: LossLine,
    /// How many losses were told of.
    told: usize,
}

impl<W: Write> Emptier<W> {
    fn run(mut self) {
        let mut lines = Vec::new();
        let mut count = 0;
        while let Some((waiting, dropped)) = self.next(&mut lines, count) {
            count = waiting;
            // Nobody can be told of a writer that fails: it is the log.
            let _ = self.writer.write_all(&lines);
            if dropped > self.told {
                let line = (self.loss_line)(dropped - self.told);
                self.told = dropped;
                let _ = self.writer.write_all(line.as_bytes());
            }
            let _ = self.writer.flush();
            lines.clear();
            lines.shrink_to(KEPT_CAPACITY);
        }
        self.shared.lock().has_ended = true;
        self.shared.ended.notify_all();
    }

    /// Waits for lines, after `written` were written. Gives how many there are, and how
    /// many were dropped so far; `None` at the end.
    fn next(&self, lines: &mut Vec<u8>, written: usize) -> Option<(usize, usize)> {
        let mut state = self.shared.lock();
        state.waiting -= written;
        if written > 0 {
            state = self.linger(state);
        }
        while state.waiting == 0 && !state.is_closed {
            state.is_idle = true;
            state = self
                .shared
                .wake
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.is_idle = false;
        let (waiting, dropped) = (state.waiting, state.dropped);
        if waiting == 0 && dropped == self.told {
            return None;
        }
        std::mem::swap(lines, &mut state.lines);
        Some((waiting, dropped))
    }

    /// Lets lines gather that follow those which were just written.
    fn linger<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let end = Instant::now() + TOGETHER;
        while !state.is_closed {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.shared.wake.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state
    }
}

impl Drop for QueueGuard {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        let mut state = self.shared.lock();
        state.is_closed = true;
        self.shared.wake.notify_one();
        let end = Instant::now() + LAST_LINES;
        while !state.has_ended {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || thread.is_finished() {
                // The writer blocks, or it failed badly: the process ends all the same.
                return;
            }
            let waited = self.shared.ended.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// Tells of each write, and waits for leave.
    struct Slow {
        written: Sender<String>,
        leave: Receiver<()>,
    }

    impl Write for Slow {
        fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
            let text = String::from_utf8_lossy(lines).into_owned();
            let _ = self.written.send(text);
            let _ = self.leave.recv();
            Ok(lines.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_come_while_others_are_written_go_together() {
        let (written, writes) = channel();
        let (let_go, leave) = channel();
        let loss_line = Box::new(|lines| format!("{lines} lost\n"));
        let (queue, guard) = Queue::start("test", 4, Slow { written, leave }, loss_line);
        queue.push("a\n");
        assert_eq!(writes.recv().unwrap(), "a\n");
        for line in ["b\n", "c\n", "d\n", "e\n", "f\n"] {
            queue.push(line);
        }
        assert_eq!(queue.dropped(), 2);
        drop(let_go);
        assert_eq!(writes.recv().unwrap(), "b\nc\nd\n");
        assert_eq!(writes.recv().unwrap(), "2 lost\n");
        queue.push("g\n");
        drop(guard);
        assert_eq!(writes.recv().unwrap(), "g\n");
        assert!(writes.recv().is_err(), "the thread has ended");
        queue.push("h\n");
        assert_eq!(queue.dropped(), 3);
    }
}
