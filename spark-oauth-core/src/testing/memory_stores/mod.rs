//! All stores in memory.

mod admins;
mod api_keys;
mod audit;
mod consents;
mod inventory;
mod links;
mod outbox;
mod pauses;
mod processes;
mod sessions;
mod tokens;
mod vault;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use crate::admins::Admin;
use crate::api_keys::ApiKey;
use crate::audit::AuditEntry;
use crate::consent_links::ConsentLink;
use crate::ids::{AdminId, ApiKeyId, AuditId, ConsentLinkId, EventId, ProcessId, TokenId};
use crate::integration::ClientId;
use crate::keyring::KeyFingerprint;
use crate::ports::{
    OutboxEntry, Page, PageRequest, Pause, PendingConsent, ProcessRecord, SessionKey,
    SessionRecord, StateHash, StoreError, Stores,
};
use crate::testing::faults::Faults;
use crate::testing::{StoreCall, StoreFault};
use crate::token::Token;

/// Every store port in memory: for tests, not a store.
///
/// It keeps the contracts of the ports, and fails where a test wants it to. The
/// clones share everything: several applications on one of them behave like
/// several processes on one store.
#[derive(Clone, Debug, Default)]
pub struct MemoryStores {
    records: Arc<Mutex<Records>>,
    faults: Arc<Mutex<Faults>>,
}

#[derive(Debug, Default)]
struct Records {
    tokens: BTreeMap<TokenId, Token>,
    unreadable: BTreeSet<TokenId>,
    admins: BTreeMap<AdminId, Admin>,
    api_keys: BTreeMap<ApiKeyId, ApiKey>,
    links: BTreeMap<ConsentLinkId, ConsentLink>,
    consents: BTreeMap<StateHash, PendingConsent>,
    callbacks: BTreeMap<StateHash, consents::FirstCallback>,
    sessions: BTreeMap<SessionKey, SessionRecord>,
    audit: BTreeMap<AuditId, AuditEntry>,
    fingerprints: Vec<KeyFingerprint>,
    nonce: Option<[u8; 32]>,
    pauses: BTreeMap<ClientId, Pause>,
    outbox: BTreeMap<(EventId, String), OutboxEntry>,
    processes: BTreeMap<ProcessId, ProcessRecord>,
}

impl MemoryStores {
    /// Empty stores.
    pub fn new() -> Self {
        Self::default()
    }

    /// All ports.
    pub fn stores(&self) -> Stores {
        Stores::of(self.clone())
    }

    /// The same records, reached in another way: what fails here does not fail there.
    #[must_use]
    pub fn another_connection(&self) -> Self {
        Self {
            records: self.records.clone(),
            faults: Arc::default(),
        }
    }

    /// Makes the next `times` of these operations fail, before those planned later.
    pub fn fail(&self, call: StoreCall, fault: StoreFault, times: usize) {
        self.faults().plan(call, fault, times);
    }

    /// Does something right before the next of these operations takes place, as
    /// another process could: see [`change_token`](Self::change_token).
    pub fn before(&self, call: StoreCall, work: impl FnOnce() + Send + 'static) {
        self.faults().plan_before(call, Box::new(work));
    }

    /// Makes the next of these operations wait until the gate has a permit, which is
    /// used up.
    pub fn hold(&self, call: StoreCall, gate: &Arc<Semaphore>) {
        self.faults().plan_gate(call, gate.clone());
    }

    /// Takes the store away, or brings it back.
    pub fn set_away(&self, away: bool) {
        self.faults().set_away(away);
    }

    /// Forgets every fault that is still planned.
    pub fn heal(&self) {
        self.faults().heal();
    }

    /// How often an operation was asked for.
    pub fn count(&self, call: StoreCall) -> usize {
        self.faults().count(call)
    }

    /// Every token as it stands, the oldest first.
    pub fn tokens(&self) -> Vec<Token> {
        self.records().tokens.values().cloned().collect()
    }

    /// Every admin as it stands, the oldest first.
    pub fn admins(&self) -> Vec<Admin> {
        self.records().admins.values().cloned().collect()
    }

    /// Every consent link as it stands, the oldest first.
    pub fn links(&self) -> Vec<ConsentLink> {
        self.records().links.values().cloned().collect()
    }

    /// Every consent that was begun and not taken.
    pub fn consents(&self) -> Vec<PendingConsent> {
        self.records().consents.values().cloned().collect()
    }

    /// Every entry of the audit log, the oldest first.
    pub fn audit_entries(&self) -> Vec<AuditEntry> {
        let mut entries: Vec<_> = self.records().audit.values().cloned().collect();
        entries.sort_by_key(|entry| entry.at);
        entries
    }

    /// Every entry of the outbox, the oldest event first.
    pub fn outbox(&self) -> Vec<OutboxEntry> {
        self.records().outbox.values().cloned().collect()
    }

    /// Shows a process, as one does that starts.
    pub fn put_process(&self, process: ProcessRecord) {
        self.records().processes.insert(process.id, process);
    }

    /// Adds a token, whatever the rules of the port.
    pub fn put_token(&self, token: Token) {
        self.records().tokens.insert(token.id, token);
    }

    /// Changes a token as another process would, with a new version. Nothing where
    /// there is no such token.
    pub fn change_token(&self, id: TokenId, change: impl FnOnce(&mut Token)) {
        if let Some(token) = self.records().tokens.get_mut(&id) {
            change(token);
            token.version += 1;
        }
    }

    /// Deletes a token as another process would.
    pub fn drop_token(&self, id: TokenId) {
        self.records().tokens.remove(&id);
    }

    /// Damages a token, so that it cannot be read any more.
    pub fn damage_token(&self, id: TokenId) {
        self.records().unreadable.insert(id);
    }

    /// Changes an admin as another process would, with a new version. Nothing where
    /// there is no such admin.
    pub fn change_admin(&self, id: AdminId, change: impl FnOnce(&mut Admin)) {
        if let Some(admin) = self.records().admins.get_mut(&id) {
            change(admin);
            admin.version += 1;
        }
    }

    /// Changes a link as another process would, with a new version. Nothing where
    /// there is no such link.
    pub fn change_link(&self, id: ConsentLinkId, change: impl FnOnce(&mut ConsentLink)) {
        if let Some(link) = self.records().links.get_mut(&id) {
            change(link);
            link.version += 1;
        }
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries out an operation as planned. Other tasks come before it, as with a
    /// store that is not in this process.
    async fn perform<T>(
        &self,
        call: StoreCall,
        work: impl FnOnce(&mut Records) -> Result<T, StoreError> + Send,
    ) -> Result<T, StoreError> {
        tokio::task::yield_now().await;
        let gate = self.faults().next_gate(call);
        if let Some(gate) = gate
            && let Ok(permit) = gate.acquire().await
        {
            permit.forget();
        }
        let (before, fault) = self.faults().next(call);
        if let Some(before) = before {
            before();
        }
        match fault {
            None => work(&mut self.records()),
            Some(StoreFault::AnswerLost) => {
                work(&mut self.records())?;
                Err(StoreFault::AnswerLost.into_error())
            }
            Some(fault) => Err(fault.into_error()),
        }
    }
}

/// The page of records in their order, where `position` tells a record's place.
fn page_of<T, P: AsRef<[u8]> + Ord>(
    sorted: impl Iterator<Item = T>,
    page: &PageRequest,
    position: impl Fn(&T) -> P,
    is_after: impl Fn(&P, &[u8]) -> bool,
) -> Page<T> {
    let items = sorted
        .filter(|record| {
            page.after
                .as_ref()
                .is_none_or(|cursor| is_after(&position(record), cursor.position()))
        })
        .take(usize::from(page.limit.get()) + 1)
        .collect();
    Page::from_one_more(items, page.limit, |last| position(last).as_ref().to_vec())
}

#[cfg(all(test, feature = "conformance"))]
mod tests {
    use super::*;

    crate::store_conformance!(memory, MemoryStores::new().stores());
}
