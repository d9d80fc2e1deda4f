//! The journal of one process, on a disk that outlives it.

use std::sync::Arc;

use async_trait::async_trait;
use spark_oauth_core::ports::{Fate, Journal, JournalEntry, JournalError, LeftBehind};
use spark_oauth_core::{ProcessId, TokenId};

use super::line::{Line, Step};
use super::plan::Sabotage;

/// The journal of one process.
#[derive(Debug)]
pub(crate) struct LocalJournal {
    line: Line,
    inner: Arc<dyn Journal>,
}

impl LocalJournal {
    pub(crate) fn open(line: &Line) -> Arc<dyn Journal> {
        Arc::new(Self {
            line: line.clone(),
            inner: line.disk.journal(line.id),
        })
    }
}

#[async_trait]
impl Journal for LocalJournal {
    fn process(&self) -> ProcessId {
        self.inner.process()
    }

    async fn keep(&self, entry: &JournalEntry) -> Result<(), JournalError> {
        let world = &self.line.world;
        let forgets = world.plan.sabotage == Some(Sabotage::ForgetfulJournal);
        self.line
            .at_disk(Step::Keep, async {
                let kept = if forgets {
                    Ok(())
                } else {
                    self.inner.keep(entry).await
                };
                let outcome = if kept.is_ok() { "kept" } else { "full" };
                world.count(format!("journal {outcome}"));
                world.note(|| format!("process {} journal: {outcome}", self.line.process));
                if let (Ok(()), Some(sealed)) = (&kept, &entry.refresh) {
                    let ledger = &mut world.state().ledger;
                    let name = ledger.refresh_name(entry.token, sealed);
                    ledger.journaled(name);
                }
                kept
            })
            .await
    }

    async fn remove(&self, token: TokenId, generation: u64) -> Result<(), JournalError> {
        self.line
            .at_disk(Step::Journal, self.inner.remove(token, generation))
            .await
    }

    fn waiting(&self) -> usize {
        self.inner.waiting()
    }

    async fn take_over(&self) -> Result<Vec<LeftBehind>, JournalError> {
        let found = self
            .line
            .at_disk(Step::Journal, self.inner.take_over())
            .await?;
        if !found.is_empty() {
            self.line.world.count("journal taken over");
        }
        Ok(found)
    }

    async fn let_go(&self, process: ProcessId, settled: bool) -> Result<(), JournalError> {
        if settled {
            self.line.world.count("journal replayed");
        }
        self.line
            .at_disk(Step::Journal, self.inner.let_go(process, settled))
            .await
    }

    async fn fate(&self, process: ProcessId) -> Fate {
        self.line
            .at_disk(Step::Journal, self.inner.fate(process))
            .await
    }
}
