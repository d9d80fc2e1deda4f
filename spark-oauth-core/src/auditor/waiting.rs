//! Entries that the audit log did not take: they wait until it does.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::sleep;

use crate::audit::AuditEntry;
use crate::ports::{AuditLog, StoreError};

/// The pause between two rounds of offering entries to a log that fails.
const ROUND_PAUSE: Duration = Duration::from_secs(2);

/// How many wait at most, in memory; what comes then is in the application's log alone.
pub(super) const MOST: usize = 10_000;

/// What waits, oldest first. It is offered for as long as the process lives.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    log: Arc<dyn AuditLog>,
    entries: Arc<Mutex<VecDeque<AuditEntry>>>,
}

impl Waiting {
    pub(super) fn new(log: Arc<dyn AuditLog>) -> Self {
        Self {
            log,
            entries: Arc::default(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Adds an entry to the log, or keeps it where the store is away.
    pub(super) async fn append(&self, entry: AuditEntry) {
        let Err(error) = self.log.append(&entry).await else {
            return;
        };
        let is_away = matches!(error, StoreError::Unavailable { .. });
        if !is_away || !self.keep(entry.clone()) {
            lose(&entry, &error);
        }
    }

    /// Keeps an entry, behind those that wait already; `false` where too many do.
    pub(super) fn keep(&self, entry: AuditEntry) -> bool {
        let mut entries = self.lock();
        if entries.len() >= MOST {
            return false;
        }
        let is_first = entries.is_empty();
        entries.push_back(entry);
        drop(entries);
        if is_first {
            tracing::error!("the audit log takes no entries: they wait, and are written later");
            let waiting = self.clone();
            tokio::spawn(async move { waiting.offer().await });
        }
        true
    }

    /// Ends with the last entry; the next one begins another time.
    async fn offer(&self) {
        loop {
            sleep(ROUND_PAUSE).await;
            if self.round().await.is_ok() {
                tracing::info!("the audit log has every entry again");
                return;
            }
        }
    }

    /// Offers every entry, up to the first one for which the store is away.
    async fn round(&self) -> Result<(), StoreError> {
        loop {
            let Some(entry) = self.lock().front().cloned() else {
                return Ok(());
            };
            match self.log.append(&entry).await {
                // The store may have taken it, and not have been able to say so.
                Ok(()) | Err(StoreError::AlreadyExists(_)) => {}
                Err(error @ StoreError::Unavailable { .. }) => return Err(error),
                Err(error) => lose(&entry, &error),
            }
            let mut entries = self.lock();
            if entries.front().is_some_and(|first| first.id == entry.id) {
                entries.pop_front();
            }
            if entries.is_empty() {
                return Ok(());
            }
        }
    }

    /// Offers every entry once more, before the process ends. What the store does not
    /// take now is in the application's log.
    pub(super) async fn settle(&self) {
        if let Err(error) = self.round().await {
            for entry in self.lock().drain(..) {
                lose(&entry, &error);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<AuditEntry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lose(entry: &AuditEntry, error: &StoreError) {
    tracing::error!(?entry, %error, "the audit log did not take an entry");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::samples::audit_entry;
    use crate::testing::{MemoryStores, StoreCall, StoreFault};

    fn waiting() -> (MemoryStores, Waiting) {
        let stores = MemoryStores::new();
        let waiting = Waiting::new(stores.stores().audit);
        (stores, waiting)
    }

    async fn append(waiting: &Waiting, numbers: std::ops::Range<u32>) -> Vec<AuditEntry> {
        let entries: Vec<_> = numbers.map(audit_entry).collect();
        for entry in &entries {
            waiting.append(entry.clone()).await;
        }
        entries
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_store_that_is_away_did_not_take_is_written_when_it_is_back() {
        let (stores, waiting) = waiting();
        let mut expected = Vec::new();
        for outage in 0..2 {
            stores.set_away(true);
            let late = append(&waiting, outage * 10..outage * 10 + 3).await;
            sleep(ROUND_PAUSE * 5).await;
            assert!(!waiting.is_empty());
            stores.set_away(false);
            expected.extend(append(&waiting, outage * 10 + 3..outage * 10 + 4).await);
            expected.extend(late);
            expected.sort_by_key(|entry| entry.id);
            sleep(ROUND_PAUSE * 2).await;
            assert!(waiting.is_empty());
            assert_eq!(stores.audit_entries(), expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_entry_that_was_taken_without_a_word_is_written_once() {
        let (stores, waiting) = waiting();
        stores.fail(StoreCall::AuditAppend, StoreFault::AnswerLost, 1);
        let entries = append(&waiting, 0..1).await;
        sleep(ROUND_PAUSE * 2).await;
        assert!(waiting.is_empty());
        assert_eq!(stores.audit_entries(), entries);
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded() {
        let (stores, waiting) = waiting();
        stores.set_away(true);
        let most = u32::try_from(MOST).unwrap();
        append(&waiting, 0..most + 5).await;
        assert_eq!(waiting.lock().len(), MOST);
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_the_process_waits_for_no_store_that_stays_away() {
        let (stores, waiting) = waiting();
        stores.set_away(true);
        append(&waiting, 0..3).await;
        waiting.settle().await;
        assert!(waiting.is_empty());
        append(&waiting, 3..5).await;
        stores.set_away(false);
        waiting.settle().await;
        assert!(waiting.is_empty());
        assert_eq!(stores.audit_entries().len(), 2);
    }
}
