//! Searching, exporting and clearing the audit log.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use crate::audit::{AuditAction, AuditEntry, AuditExport, Caller, Outcome};
use crate::auditor::{Auditor, Subject};
use crate::ports::{AuditFilter, AuditLog, Clock, Page, PageRequest, StoreError};

/// How many entries are removed in one write, so that others get their turn.
const BATCH: NonZeroU16 = NonZeroU16::new(500).unwrap();

/// Searches the audit log, exports it, and removes what is old.
#[derive(Clone, Debug)]
pub struct AuditService {
    log: Arc<dyn AuditLog>,
    clock: Arc<dyn Clock>,
    auditor: Auditor,
    kept_for: Option<Duration>,
}

impl AuditService {
    pub(crate) const fn new(
        log: Arc<dyn AuditLog>,
        clock: Arc<dyn Clock>,
        auditor: Auditor,
        kept_for: Option<Duration>,
    ) -> Self {
        Self {
            log,
            clock,
            auditor,
            kept_for,
        }
    }

    /// How long an entry is kept; `None` for ever.
    pub const fn kept_for(&self) -> Option<Duration> {
        self.kept_for
    }

    /// A page of the entries that fit the filter, newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn search(
        &self,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AuditEntry>, StoreError> {
        self.log.list(filter, page).await
    }

    /// All entries that fit the filter. That they leave is written down before the
    /// first of them is read, so that the export may show its own entry.
    pub async fn export(&self, filter: AuditFilter, caller: &Caller) -> AuditExport {
        let about = Subject::searched(&filter);
        self.auditor
            .record(caller, AuditAction::AuditExported, about, Outcome::Done)
            .await;
        AuditExport::new(self.log.clone(), filter)
    }

    /// Removes the entries that are older than they are kept, in bounded batches, and
    /// answers how many. Every process on the store may do it at any time.
    ///
    /// # Errors
    /// The store's; what was removed before stays removed.
    pub async fn remove_expired(&self) -> Result<u64, StoreError> {
        let Some(kept_for) = self.kept_for else {
            return Ok(0);
        };
        let before = self.clock.now() - kept_for;
        let mut removed = 0;
        loop {
            let batch = self.log.remove_before(before, BATCH).await?;
            removed += batch;
            if batch < u64::from(BATCH.get()) {
                return Ok(removed);
            }
        }
    }
}

#[cfg(test)]
mod tests;
