//! The entries from the newest to the oldest, in bounded memory.

use std::num::NonZeroU16;
use std::sync::Arc;

use crate::audit::AuditEntry;
use crate::ports::{AuditFilter, AuditLog, Cursor, PageRequest, StoreError};

/// How many entries are held at once.
const PAGE: NonZeroU16 = NonZeroU16::new(500).unwrap();

/// The entries that fit a filter, one page after the other, newest first: that is the
/// order in which entries that come meanwhile move no other.
#[derive(Debug)]
pub struct AuditExport {
    log: Arc<dyn AuditLog>,
    filter: AuditFilter,
    next: Next,
}

#[derive(Debug)]
enum Next {
    First,
    After(Cursor),
    End,
}

impl AuditExport {
    pub(super) const fn new(log: Arc<dyn AuditLog>, filter: AuditFilter) -> Self {
        Self {
            log,
            filter,
            next: Next::First,
        }
    }

    /// The next page; `None` behind the last.
    ///
    /// # Errors
    /// The store's. The same page is read again by the next call.
    pub async fn next_page(&mut self) -> Result<Option<Vec<AuditEntry>>, StoreError> {
        let after = match &self.next {
            Next::First => None,
            Next::After(cursor) => Some(cursor.clone()),
            Next::End => return Ok(None),
        };
        let request = PageRequest { after, limit: PAGE };
        let page = self.log.list(&self.filter, &request).await?;
        self.next = page.next.map_or(Next::End, Next::After);
        Ok(Some(page.items))
    }
}
