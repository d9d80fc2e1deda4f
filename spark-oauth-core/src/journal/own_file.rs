//! The file of this process: lines are added at its end.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use super::line;
use crate::ids::{ProcessId, TokenId};
use crate::ports::JournalEntry;

/// The locked file of this process.
#[derive(Debug)]
pub(super) struct OwnFile {
    process: ProcessId,
    path: PathBuf,
    file: File,
    /// How much of the file is whole lines: what failed to be added is cut off.
    whole: u64,
    waiting: BTreeSet<(TokenId, u64)>,
}

impl OwnFile {
    /// Takes over a file that was created and locked.
    pub(super) const fn new(process: ProcessId, path: PathBuf, file: File) -> Self {
        Self {
            process,
            path,
            file,
            whole: 0,
            waiting: BTreeSet::new(),
        }
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn keep(&mut self, entry: &JournalEntry) -> io::Result<()> {
        self.add(&line::kept(self.process, entry))?;
        self.file.sync_data()?;
        self.waiting.insert((entry.token, entry.generation));
        Ok(())
    }

    pub(super) fn remove(&mut self, token: TokenId, generation: u64) -> io::Result<()> {
        if !self.waiting.remove(&(token, generation)) {
            return Ok(());
        }
        if self.waiting.is_empty() {
            self.whole = 0;
            return self.file.set_len(0);
        }
        self.add(&line::removed(token, generation))
    }

    fn add(&mut self, line: &[u8]) -> io::Result<()> {
        let added = self
            .file
            .seek(SeekFrom::Start(self.whole))
            .and_then(|_| self.file.write_all(line));
        match added {
            Ok(()) => {
                self.whole += line.len() as u64;
                Ok(())
            }
            Err(error) => {
                // Where even this fails, the checksum tells the torn line.
                let _ = self.file.set_len(self.whole);
                Err(error)
            }
        }
    }
}

impl Drop for OwnFile {
    /// The process ends in good order: where nothing waits, the file goes.
    fn drop(&mut self) {
        if self.waiting.is_empty() {
            // What cannot be removed is removed by another process when it is old.
            let _ = fs::remove_file(&self.path);
        } else {
            let (entries, path) = (self.waiting.len(), self.path.display());
            tracing::warn!(entries, %path, "new tokens wait in the journal for the next start");
        }
    }
}
