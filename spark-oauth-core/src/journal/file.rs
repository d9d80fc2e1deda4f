//! [`Journal`] in files.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::task::spawn_blocking;

use super::directory::Directory;
use super::own_file::OwnFile;
use crate::ids::{ProcessId, TokenId};
use crate::ports::{Fate, Journal, JournalEntry, JournalError, LeftBehind};

/// A journal in a directory on local disk.
///
/// The directory must lie on a file system of this machine: network file systems
/// may neither keep locks nor what was written.
#[derive(Debug)]
pub struct FileJournal {
    process: ProcessId,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    directory: Directory,
    own: Mutex<OwnFile>,
    /// The locked files that were taken over.
    taken: Mutex<HashMap<ProcessId, File>>,
}

/// The directory of the journal cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "the journal directory {} cannot be used ({source}); let this user write there, or name \
     another directory on a local disk",
    path.display()
)]
pub struct OpenJournalError {
    /// The directory.
    pub path: PathBuf,
    /// What the system says.
    pub source: io::Error,
}

impl FileJournal {
    /// Opens the journal of this process, and creates the directory where it is not
    /// there. `process` must be new: a process that is started again is another.
    ///
    /// # Errors
    /// [`OpenJournalError`] where the directory cannot be created or written, or
    /// its file system knows no locks.
    pub async fn open(
        directory: impl Into<PathBuf>,
        process: ProcessId,
    ) -> Result<Self, OpenJournalError> {
        let path = directory.into();
        let opening = spawn_blocking({
            let path = path.clone();
            move || {
                let directory = Directory::open(path)?;
                let file = directory.create(process)?;
                let own = OwnFile::new(process, directory.file_of(process), file);
                Ok(Inner {
                    directory,
                    own: Mutex::new(own),
                    taken: Mutex::default(),
                })
            }
        });
        match opening.await.map_err(io::Error::other).flatten() {
            Ok(inner) => Ok(Self {
                process,
                inner: Arc::new(inner),
            }),
            Err(source) => Err(OpenJournalError { path, source }),
        }
    }

    /// Does what may wait for the disk off the async threads.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> io::Result<T> + Send + 'static,
    ) -> Result<T, JournalError> {
        let inner = self.inner.clone();
        let outcome = spawn_blocking(move || work(&inner)).await;
        outcome
            .map_err(io::Error::other)
            .flatten()
            .map_err(|error| JournalError(Box::new(error)))
    }
}

impl Inner {
    fn own(&self) -> MutexGuard<'_, OwnFile> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<ProcessId, File>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_over(&self, own: ProcessId) -> io::Result<Vec<LeftBehind>> {
        let mut found = Vec::new();
        for process in self.directory.processes()? {
            if process == own || self.taken().contains_key(&process) {
                continue;
            }
            match self.directory.take_over(process) {
                Ok(None) => {}
                Ok(Some((file, contents))) => {
                    self.taken().insert(process, file);
                    let entries = contents.entries;
                    found.push(LeftBehind { process, entries });
                }
                Err(error) => {
                    let path = self.directory.file_of(process);
                    tracing::error!(path = %path.display(), %error, "a journal cannot be read");
                }
            }
        }
        Ok(found)
    }
}

#[async_trait]
impl Journal for FileJournal {
    fn process(&self) -> ProcessId {
        self.process
    }

    async fn keep(&self, entry: &JournalEntry) -> Result<(), JournalError> {
        let entry = entry.clone();
        self.work(move |inner| inner.own().keep(&entry)).await
    }

    async fn remove(&self, token: TokenId, generation: u64) -> Result<(), JournalError> {
        self.work(move |inner| inner.own().remove(token, generation))
            .await
    }

    fn waiting(&self) -> usize {
        self.inner.own().waiting()
    }

    async fn take_over(&self) -> Result<Vec<LeftBehind>, JournalError> {
        let own = self.process;
        self.work(move |inner| inner.take_over(own)).await
    }

    async fn let_go(&self, process: ProcessId, settled: bool) -> Result<(), JournalError> {
        self.work(move |inner| {
            // The lock goes with the file.
            let file = inner.taken().remove(&process);
            match file {
                Some(file) if settled => file.set_len(0),
                _ => Ok(()),
            }
        })
        .await
    }

    async fn fate(&self, process: ProcessId) -> Fate {
        if process == self.process {
            return Fate::Unknown;
        }
        let fate = self.work(move |inner| inner.directory.fate(process)).await;
        fate.unwrap_or_else(|error| {
            let directory = self.inner.directory.path().display();
            tracing::warn!(%directory, ?error, "a journal cannot be looked at");
            Fate::Unknown
        })
    }
}
