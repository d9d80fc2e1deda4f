//! The order of a copy: look for servers, open both vaults, copy, look again.

use std::num::NonZeroU16;
use std::sync::Arc;

use super::read_back::ReadBack;
use super::record::Record;
use super::report::{Copied, CopyError, CopyStep, Difference, Kind, Side, Tally};
use crate::audit::{AuditAction, Caller, Outcome};
use crate::auditor::{Auditor, Subject};
use crate::detached::Detached;
use crate::ids::ProcessId;
use crate::keyring::KeyRing;
use crate::ports::{Clock, Found, Page, PageRequest, ProcessRecord, Random, StoreError, Stores};
use crate::presence::live;
use crate::vault::open_vault;

/// How many records are read at once.
const PAGE: NonZeroU16 = NonZeroU16::new(256).unwrap();

/// Copies everything from one store into another.
#[derive(Clone, Debug)]
pub struct StoreCopy {
    pub(super) source: Stores,
    pub(super) target: Stores,
    pub(super) ring: KeyRing,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl StoreCopy {
    /// Takes two stores, and the ring that opens what the source has sealed.
    pub fn new(
        source: Stores,
        target: Stores,
        ring: KeyRing,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self {
            source,
            target,
            ring,
            clock,
            random,
        }
    }

    /// Copies, and writes down in the target how it ended; `observe` hears how far it
    /// is.
    ///
    /// # Errors
    /// [`CopyError`]; what was copied until then stays, and the next copy goes on
    /// from there.
    pub async fn run(&self, mut observe: impl FnMut(CopyStep)) -> Result<Copied, CopyError> {
        if self.is_one_store().await? {
            return Err(CopyError::OneStore);
        }
        for (side, stores) in self.sides() {
            let at_work = self.servers(side, stores).await?;
            if !at_work.is_empty() {
                return Err(CopyError::ServersAtWork(side, at_work));
            }
        }
        for (side, stores) in self.sides() {
            let opened = open_vault(&*stores.vault, &self.ring).await;
            opened.map_err(|error| CopyError::Vault(side, error))?;
        }
        self.copy_vault().await?;
        let mut copied = Copied::default();
        for kind in Kind::ALL {
            let tally = self.copy_kind(kind, &mut observe).await?;
            copied.tallies.push((kind, tally));
        }
        for (side, stores) in self.sides() {
            let at_work = self.servers(side, stores).await?;
            let appeared = at_work.into_iter().map(|process| (side, process));
            copied.appeared.extend(appeared);
        }
        self.note(&copied).await;
        Ok(copied)
    }

    async fn note(&self, copied: &Copied) {
        let auditor = Auditor::new(
            self.target.audit.clone(),
            self.clock.clone(),
            self.random.clone(),
            Detached::default(),
        );
        let outcome = if copied.is_complete() {
            Outcome::Done
        } else {
            Outcome::Failed("incomplete".to_owned())
        };
        let (operator, action) = (Caller::operator(), AuditAction::StoreCopied);
        auditor
            .record(&operator, action, Subject::default(), outcome)
            .await;
    }

    fn sides(&self) -> [(Side, &Stores); 2] {
        [(Side::Source, &self.source), (Side::Target, &self.target)]
    }

    /// The servers that work on a store.
    async fn servers(&self, side: Side, stores: &Stores) -> Result<Vec<ProcessRecord>, CopyError> {
        let found = live(&*stores.processes, self.clock.now()).await;
        found.map_err(|error| CopyError::Store(side, error))
    }

    /// Whether both are the same store under two names: a mark that is made in the
    /// one shows in the other. Nobody takes the mark for a server, since it has
    /// expired.
    async fn is_one_store(&self) -> Result<bool, CopyError> {
        let now = self.clock.now();
        let mark = ProcessRecord {
            id: ProcessId::generate(now, &*self.random),
            place: "a copy that looks whether both stores are one".to_owned(),
            started_at: now,
            seen_at: now,
            expires_at: now,
            sealing_key: self.ring.sealing_fingerprint(),
        };
        let (source, target) = (&self.source.processes, &self.target.processes);
        let made = target.announce_process(&mark).await;
        made.map_err(target_failed)?;
        let found = source.processes().await;
        let withdrawn = target.withdraw_process(mark.id).await;
        withdrawn.map_err(target_failed)?;
        let found = found.map_err(source_failed)?;
        Ok(found.iter().any(|process| process.id == mark.id))
    }

    /// The keys that values may need, and the nonce of the set-up link.
    async fn copy_vault(&self) -> Result<(), CopyError> {
        let mut candidate = [0; 32];
        self.random.fill(&mut candidate);
        let nonce = self.source.vault.set_up_nonce(candidate).await;
        let nonce = nonce.map_err(source_failed)?;
        let keys = self.source.vault.key_fingerprints().await;
        let target = &self.target.vault;
        for key in keys.map_err(source_failed)? {
            target
                .add_key_fingerprint(key)
                .await
                .map_err(target_failed)?;
        }
        target.set_up_nonce(nonce).await.map_err(target_failed)?;
        Ok(())
    }

    async fn copy_kind(
        &self,
        kind: Kind,
        observe: &mut impl FnMut(CopyStep),
    ) -> Result<Tally, CopyError> {
        let mut tally = Tally::default();
        let mut read_back = ReadBack::default();
        let mut request = PageRequest::first(PAGE);
        let mut seen = 0;
        loop {
            let page = read(&self.source, kind, &request).await;
            let page = page.map_err(source_failed)?;
            for found in page.items {
                match found {
                    Ok(record) => {
                        let copying = self.copy_record(&record, &mut read_back, &mut tally);
                        copying.await?;
                    }
                    Err(unreadable) => tally.unreadable.push(unreadable),
                }
                seen += 1;
                observe(CopyStep { kind, seen });
            }
            match page.next {
                Some(next) => request.after = Some(next),
                None => break,
            }
        }
        self.read_back(kind, read_back, &mut tally).await?;
        Ok(tally)
    }

    /// Goes through the target for what was copied and can only be read that way.
    async fn read_back(
        &self,
        kind: Kind,
        mut awaited: ReadBack,
        tally: &mut Tally,
    ) -> Result<(), CopyError> {
        let mut request = PageRequest::first(PAGE);
        while !awaited.is_empty() {
            let page = read(&self.target, kind, &request).await;
            let page = page.map_err(target_failed)?;
            for record in page.items.into_iter().flatten() {
                awaited.found(&record, tally);
            }
            match page.next {
                Some(next) => request.after = Some(next),
                None => break,
            }
        }
        awaited.end(tally);
        Ok(())
    }

    async fn copy_record(
        &self,
        record: &Record,
        read_back: &mut ReadBack,
        tally: &mut Tally,
    ) -> Result<(), CopyError> {
        let fresh = record.write(&self.target).await.map_err(target_failed)?;
        if matches!(record, Record::Audit(_) | Record::Outbox(_)) {
            read_back.expect(record, fresh);
            return Ok(());
        }
        let verdict = record.compare(&self.target, &self.ring).await;
        match verdict.map_err(target_failed)? {
            Ok(()) if fresh => tally.copied += 1,
            Ok(()) => tally.stood += 1,
            Err(reason) => tally.differing.push(Difference {
                record: record.name(),
                reason,
            }),
        }
        Ok(())
    }
}

/// A page of a store, whatever it is.
async fn read(
    stores: &Stores,
    kind: Kind,
    page: &PageRequest,
) -> Result<Page<Found<Record>>, StoreError> {
    let inventory = &stores.inventory;
    Ok(match kind {
        Kind::Tokens => records(inventory.walk_tokens(page).await?, Record::Token),
        Kind::Admins => records(inventory.walk_admins(page).await?, Record::Admin),
        Kind::ApiKeys => records(inventory.walk_api_keys(page).await?, Record::ApiKey),
        Kind::Links => records(inventory.walk_links(page).await?, Record::Link),
        Kind::Audit => records(inventory.walk_audit(page).await?, Record::Audit),
        Kind::Pauses => records(inventory.walk_pauses(page).await?, Record::Pause),
        Kind::Outbox => records(inventory.walk_outbox(page).await?, Record::Outbox),
    })
}

fn records<T>(page: Page<Found<T>>, of: impl Fn(T) -> Record) -> Page<Found<Record>> {
    Page {
        items: page.items.into_iter().map(|found| found.map(&of)).collect(),
        next: page.next,
    }
}

const fn source_failed(error: StoreError) -> CopyError {
    CopyError::Store(Side::Source, error)
}

const fn target_failed(error: StoreError) -> CopyError {
    CopyError::Store(Side::Target, error)
}
