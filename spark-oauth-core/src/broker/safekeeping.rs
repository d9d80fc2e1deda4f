//! New tokens that the store does not take yet are kept in the journal.

use std::sync::Arc;

use crate::ports::{Journal, JournalEntry, Observer};

/// The journal of this process, where it has one.
#[derive(Clone, Debug)]
pub(super) struct Safekeeping {
    pub(super) journal: Option<Arc<dyn Journal>>,
    pub(super) observer: Arc<dyn Observer>,
}

impl Safekeeping {
    /// Whether the journal keeps the entry now. Where it fails, memory alone does;
    /// it may be asked again.
    pub(super) async fn keep(&self, entry: &JournalEntry) -> bool {
        let Some(journal) = &self.journal else {
            return false;
        };
        let kept = journal.keep(entry).await;
        if let Err(error) = &kept {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            tracing::error!(
                token = %entry.token, %error, cause,
                "new tokens are kept in memory alone, since the journal does not take them"
            );
        }
        self.observer.journal_length(journal.waiting());
        kept.is_ok()
    }

    /// The entry is in the store, or belongs nowhere any more.
    pub(super) async fn settle(&self, entry: &JournalEntry) {
        let Some(journal) = &self.journal else {
            return;
        };
        if let Err(error) = journal.remove(entry.token, entry.generation).await {
            // When it is found again, its generation tells.
            tracing::warn!(token = %entry.token, %error, "a journal entry was not removed");
        }
        self.observer.journal_length(journal.waiting());
    }
}
