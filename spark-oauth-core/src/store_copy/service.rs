//! The order of a copy: look for servers, open both vaults, copy, look again.

use std::num::NonZeroU16;
use std::sync::Arc;

use super::record::Record;
use super::report::{Copied, CopyError, CopyStep, Difference, Kind, Side, Tally};
use crate::keyring::KeyRing;
use crate::ports::{Clock, Found, Page, PageRequest, ProcessRecord, Random, StoreError, Stores};
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

    /// Copies; `observe` hears how far it is.
    ///
    /// # Errors
    /// [`CopyError`]; what was copied until then stays, and the next copy goes on
    /// from there.
    pub async fn run(&self, mut observe: impl FnMut(CopyStep)) -> Result<Copied, CopyError> {
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
        Ok(copied)
    }

    fn sides(&self) -> [(Side, &Stores); 2] {
        [(Side::Source, &self.source), (Side::Target, &self.target)]
    }

    /// The servers that work on a store.
    async fn servers(&self, side: Side, stores: &Stores) -> Result<Vec<ProcessRecord>, CopyError> {
        let now = self.clock.now();
        let found = stores.processes.processes().await;
        let mut processes = found.map_err(|error| CopyError::Store(side, error))?;
        processes.retain(|process| !process.expires_at.has_passed(now));
        Ok(processes)
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
        let mut request = PageRequest::first(PAGE);
        let mut seen = 0;
        loop {
            let page = self.read(kind, &request).await.map_err(source_failed)?;
            for found in page.items {
                match found {
                    Ok(record) => self.copy_record(&record, &mut tally).await?,
                    Err(unreadable) => tally.unreadable.push(unreadable),
                }
                seen += 1;
                observe(CopyStep { kind, seen });
            }
            match page.next {
                Some(next) => request.after = Some(next),
                None => return Ok(tally),
            }
        }
    }

    async fn read(
        &self,
        kind: Kind,
        page: &PageRequest,
    ) -> Result<Page<Found<Record>>, StoreError> {
        let inventory = &self.source.inventory;
        Ok(match kind {
            Kind::Tokens => records(inventory.walk_tokens(page).await?, Record::Token),
            Kind::Admins => records(inventory.walk_admins(page).await?, Record::Admin),
            Kind::Audit => records(inventory.walk_audit(page).await?, Record::Audit),
            Kind::Pauses => records(inventory.walk_pauses(page).await?, Record::Pause),
            Kind::Outbox => records(inventory.walk_outbox(page).await?, Record::Outbox),
        })
    }

    async fn copy_record(&self, record: &Record, tally: &mut Tally) -> Result<(), CopyError> {
        let fresh = record.write(&self.target).await.map_err(target_failed)?;
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
