//! The journals of several processes on a disk in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::ids::{ProcessId, TokenId};
use crate::ports::{Fate, Journal, JournalEntry, JournalError, LeftBehind};

/// A disk in memory with the journals of several processes, for tests. The clones
/// share everything.
#[derive(Clone, Debug, Default)]
pub struct MemoryJournals(Arc<Mutex<Disk>>);

#[derive(Debug, Default)]
struct Disk {
    files: BTreeMap<ProcessId, File>,
    full: bool,
}

#[derive(Debug, Default)]
struct File {
    entries: Vec<JournalEntry>,
    /// The process that has locked the file.
    locked_by: Option<ProcessId>,
}

/// The journal of one process.
#[derive(Debug)]
struct MemoryJournal {
    process: ProcessId,
    disk: MemoryJournals,
}

impl MemoryJournals {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// The journal of a process that starts.
    pub fn journal(&self, process: ProcessId) -> Arc<dyn Journal> {
        let file = File {
            entries: Vec::new(),
            locked_by: Some(process),
        };
        self.disk().files.insert(process, file);
        Arc::new(MemoryJournal {
            process,
            disk: self.clone(),
        })
    }

    /// The process is no more: every lock that it held is free. Its tasks are the
    /// test's to abort.
    pub fn crash(&self, process: ProcessId) {
        for file in self.disk().files.values_mut() {
            if file.locked_by == Some(process) {
                file.locked_by = None;
            }
        }
    }

    /// Makes the disk full, or gives it room again.
    pub fn set_full(&self, full: bool) {
        self.disk().full = full;
    }

    /// What stands in the journal of a process.
    pub fn entries(&self, process: ProcessId) -> Vec<JournalEntry> {
        let disk = self.disk();
        let file = disk.files.get(&process);
        file.map(|file| file.entries.clone()).unwrap_or_default()
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn drop_entry(file: &mut File, token: TokenId, generation: u64) {
    file.entries
        .retain(|entry| (entry.token, entry.generation) != (token, generation));
}

#[async_trait]
impl Journal for MemoryJournal {
    fn process(&self) -> ProcessId {
        self.process
    }

    async fn keep(&self, entry: &JournalEntry) -> Result<(), JournalError> {
        tokio::task::yield_now().await;
        let mut disk = self.disk.disk();
        if disk.full {
            return Err(JournalError("no space left on device".into()));
        }
        let file = disk.files.entry(self.process).or_default();
        drop_entry(file, entry.token, entry.generation);
        file.entries.push(entry.clone());
        Ok(())
    }

    async fn remove(&self, token: TokenId, generation: u64) -> Result<(), JournalError> {
        tokio::task::yield_now().await;
        let mut disk = self.disk.disk();
        let file = disk.files.entry(self.process).or_default();
        drop_entry(file, token, generation);
        Ok(())
    }

    fn waiting(&self) -> usize {
        self.disk.entries(self.process).len()
    }

    async fn take_over(&self) -> Result<Vec<LeftBehind>, JournalError> {
        tokio::task::yield_now().await;
        let mut disk = self.disk.disk();
        let left = disk
            .files
            .iter_mut()
            .filter(|(_, file)| file.locked_by.is_none() && !file.entries.is_empty());
        Ok(left
            .map(|(process, file)| {
                file.locked_by = Some(self.process);
                LeftBehind {
                    process: *process,
                    entries: file.entries.clone(),
                }
            })
            .collect())
    }

    async fn let_go(&self, process: ProcessId, settled: bool) -> Result<(), JournalError> {
        tokio::task::yield_now().await;
        if let Some(file) = self.disk.disk().files.get_mut(&process) {
            file.locked_by = None;
            if settled {
                file.entries.clear();
            }
        }
        Ok(())
    }

    async fn fate(&self, process: ProcessId) -> Fate {
        tokio::task::yield_now().await;
        match self.disk.disk().files.get(&process) {
            Some(file) if file.locked_by.is_none() && file.entries.is_empty() => Fate::Ended,
            Some(file) if file.locked_by.is_none() => Fate::Unsettled,
            Some(_) | None => Fate::Unknown,
        }
    }
}
