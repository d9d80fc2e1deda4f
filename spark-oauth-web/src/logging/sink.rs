//! Where lines go.

use super::Look;
use super::entry::Entry;
use super::queue::Queue;

/// How many lines wait at most for a place. Beyond it they are dropped and counted.
pub(super) const WAITING_LINES: usize = 8192;

/// All places.
#[derive(Debug)]
pub(super) struct Sinks {
    stderr: Queue,
    files: Option<Queue>,
    look: Look,
}

impl Sinks {
    pub(super) fn new(stderr: Queue, files: Option<Queue>, look: Look) -> Self {
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
            self.stderr.push(&self.look.line(entry, true));
        } else {
            self.stderr.push(&line);
        }
        if let Some(files) = &self.files {
            files.push(&line);
        }
    }

    pub(super) fn dropped_lines(&self) -> usize {
        let files = self.files.as_ref().map_or(0, Queue::dropped);
        self.stderr.dropped() + files
    }
}
