//! Which store operations fail, and what happens right before one.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::ports::StoreError;

/// An operation of a store port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is named like its port's method")]
pub enum StoreCall {
    TokenInsert,
    TokenGet,
    TokenFind,
    TokenFindByPerson,
    TokenFindByEmail,
    TokenList,
    TokenUpdate,
    TokenClaim,
    TokenExtendLease,
    TokenReleaseLease,
    TokenRemove,
    TokenListDue,
    TokenListWithEvents,
    TokenCensus,
    TokenCountExpiring,
    ApiKeyInsert,
    ApiKeyGet,
    ApiKeyFindByHash,
    ApiKeyList,
    ApiKeyRevoke,
    ApiKeyNoteUse,
    LinkInsert,
    LinkGet,
    LinkList,
    LinkUpdate,
    LinkRemoveExpired,
    AdminInsert,
    AdminGet,
    AdminFindByUsername,
    AdminSuperAdmin,
    AdminList,
    AdminUpdate,
    AdminRemove,
    ConsentInsert,
    ConsentTake,
    ConsentFinish,
    ConsentDiscard,
    ConsentCountOpen,
    ConsentRemoveExpired,
    SessionCreate,
    SessionLoad,
    SessionReplace,
    SessionRemove,
    SessionRemoveExpired,
    AuditAppend,
    AuditList,
    AuditRemoveBefore,
    VaultKeyFingerprints,
    VaultAddKeyFingerprint,
    VaultRemoveKeyFingerprint,
    VaultSetUpNonce,
    VaultPing,
    PauseGet,
    PauseProlong,
    PauseClear,
    OutboxAdd,
    OutboxResume,
    OutboxBacklog,
    OutboxDue,
    OutboxReschedule,
    OutboxRemove,
    OutboxCount,
    ProcessAnnounce,
    ProcessList,
    ProcessWithdraw,
    ProcessRemoveExpired,
    InventoryTokens,
    InventoryConsents,
    InventoryAdmins,
    InventoryApiKeys,
    InventoryLinks,
    InventoryAudit,
    InventoryPauses,
    InventoryOutbox,
}

/// How an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreFault {
    /// The store is away; nothing was done.
    Away,
    /// The store did it, and its answer was lost.
    AnswerLost,
    /// Somebody else changed the record.
    Conflict,
}

impl StoreFault {
    pub(super) fn into_error(self) -> StoreError {
        match self {
            Self::Conflict => StoreError::Conflict,
            Self::Away | Self::AnswerLost => StoreError::Unavailable {
                store: "memory",
                source: "a test wants it so".into(),
            },
        }
    }
}

/// Something that a test wants done before an operation.
type Before = Box<dyn FnOnce() + Send>;

/// What a test planned.
#[derive(Default)]
pub(super) struct Faults {
    planned: HashMap<StoreCall, Vec<StoreFault>>,
    before: HashMap<StoreCall, Vec<Before>>,
    gates: HashMap<StoreCall, Vec<Arc<Semaphore>>>,
    counts: HashMap<StoreCall, usize>,
    away: bool,
}

impl Faults {
    pub(super) fn plan(&mut self, call: StoreCall, fault: StoreFault, times: usize) {
        let planned = self.planned.entry(call).or_default();
        planned.extend(std::iter::repeat_n(fault, times));
    }

    pub(super) fn plan_before(&mut self, call: StoreCall, work: Before) {
        self.before.entry(call).or_default().push(work);
    }

    pub(super) fn plan_gate(&mut self, call: StoreCall, gate: Arc<Semaphore>) {
        self.gates.entry(call).or_default().push(gate);
    }

    /// What the next of these operations waits for before it begins.
    pub(super) fn next_gate(&mut self, call: StoreCall) -> Option<Arc<Semaphore>> {
        take_first(self.gates.get_mut(&call))
    }

    pub(super) fn set_away(&mut self, away: bool) {
        self.away = away;
    }

    pub(super) fn heal(&mut self) {
        self.planned.clear();
        self.away = false;
    }

    pub(super) fn count(&self, call: StoreCall) -> usize {
        self.counts.get(&call).copied().unwrap_or_default()
    }

    /// Counts the operation, and takes what is planned for it.
    pub(super) fn next(&mut self, call: StoreCall) -> (Option<Before>, Option<StoreFault>) {
        *self.counts.entry(call).or_default() += 1;
        if self.away {
            return (None, Some(StoreFault::Away));
        }
        let before = take_first(self.before.get_mut(&call));
        let fault = take_first(self.planned.get_mut(&call));
        (before, fault)
    }
}

fn take_first<T>(planned: Option<&mut Vec<T>>) -> Option<T> {
    planned
        .filter(|planned| !planned.is_empty())
        .map(|planned| planned.remove(0))
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults")
            .field("planned", &self.planned)
            .field("away", &self.away)
            .finish_non_exhaustive()
    }
}
