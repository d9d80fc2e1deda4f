//! The order of a rotation: wait, seal again, wait, forget.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::report::{Rotated, RotationError, RotationStep};
use super::reseal::Passed;
use crate::audit::{AuditAction, Caller, Outcome};
use crate::auditor::{Auditor, Subject};
use crate::broker::RefreshLimits;
use crate::detached::Detached;
use crate::keyring::{KeyFingerprint, KeyRing};
use crate::ports::{
    Clock, Inventory, ProcessRecord, ProcessRegistry, Random, StoreError, Stores, TokenStore,
    VaultStore,
};
use crate::presence::live;
use crate::timestamp::Timestamp;
use crate::vault::{VaultError, open_vault};

/// How often what is waited for is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Seals everything in a store again under the newest key of a ring.
#[derive(Clone, Debug)]
pub struct KeyRotation {
    pub(super) tokens: Arc<dyn TokenStore>,
    pub(super) inventory: Arc<dyn Inventory>,
    pub(super) ring: KeyRing,
    vault: Arc<dyn VaultStore>,
    processes: Arc<dyn ProcessRegistry>,
    pub(super) clock: Arc<dyn Clock>,
    auditor: Auditor,
}

impl KeyRotation {
    /// Opens the vault of the store: the ring must have every key that the store
    /// needs, and its first becomes known to the store. From then on no process
    /// starts that does not have it.
    ///
    /// # Errors
    /// [`VaultError`] where a key is missing, or the store does not answer.
    pub async fn begin(
        stores: &Stores,
        ring: KeyRing,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, VaultError> {
        open_vault(&*stores.vault, &ring).await?;
        let (log, detached) = (stores.audit.clone(), Detached::default());
        Ok(Self {
            tokens: stores.tokens.clone(),
            inventory: stores.inventory.clone(),
            ring,
            vault: stores.vault.clone(),
            processes: stores.processes.clone(),
            auditor: Auditor::new(log, clock.clone(), random, detached),
            clock,
        })
    }

    /// Rotates, and writes down how it ended. `patience` is how long the processes may take to seal with the
    /// newest key, and then the refreshes that are under way to end; `observe`
    /// hears how far it is.
    ///
    /// # Errors
    /// [`RotationError`]; what was done until then stays, and the next rotation
    /// goes on from there.
    pub async fn run(
        &self,
        patience: Duration,
        observe: impl FnMut(RotationStep<'_>),
    ) -> Result<Rotated, RotationError> {
        let ended = self.run_unnoted(patience, observe).await;
        let outcome = match &ended {
            Ok(rotated) if rotated.is_complete() => Outcome::Done,
            Ok(_) => Outcome::Failed("incomplete".to_owned()),
            Err(RotationError::OlderKeyInUse(_)) => Outcome::Refused("older_key_in_use".to_owned()),
            Err(RotationError::Store(_)) => Outcome::Failed("store".to_owned()),
        };
        let (operator, action) = (Caller::operator(), AuditAction::KeysRotated);
        self.auditor
            .record(&operator, action, Subject::default(), outcome)
            .await;
        ended
    }

    async fn run_unnoted(
        &self,
        patience: Duration,
        mut observe: impl FnMut(RotationStep<'_>),
    ) -> Result<Rotated, RotationError> {
        let mut since = self.await_processes(patience, &mut observe).await?;
        let mut deadline = Instant::now() + patience;
        let (mut number, mut resealed) = (0, 0);
        loop {
            number += 1;
            let pass = self
                .pass(since + RefreshLimits::DEFAULT_SKEW, |seen, more| {
                    observe(RotationStep::Pass {
                        number,
                        seen,
                        resealed: resealed + more,
                    });
                })
                .await?;
            resealed += pass.resealed;
            if !self.with_older_keys().await?.is_empty() {
                // A process came that had opened the vault before the newest key
                // was known to the store.
                since = self.await_processes(patience, &mut observe).await?;
                deadline = Instant::now() + patience;
            } else if pass.resealed == 0 && pass.under_way.is_empty() {
                return Ok(self.forget(pass, resealed).await?);
            } else if pass.resealed == 0 {
                if Instant::now() >= deadline {
                    return Ok(self.forget(pass, resealed).await?);
                }
                observe(RotationStep::AwaitingRefreshes(&pass.under_way));
                sleep(LOOK).await;
            }
        }
    }

    /// Waits until every live process seals with the newest key, and answers since
    /// when that is so at the latest.
    async fn await_processes(
        &self,
        patience: Duration,
        observe: &mut impl FnMut(RotationStep<'_>),
    ) -> Result<Timestamp, RotationError> {
        let deadline = Instant::now() + patience;
        loop {
            let others = self.with_older_keys().await?;
            if others.is_empty() {
                return Ok(self.clock.now());
            }
            if Instant::now() >= deadline {
                return Err(RotationError::OlderKeyInUse(others));
            }
            observe(RotationStep::AwaitingProcesses(&others));
            sleep(LOOK).await;
        }
    }

    /// The live processes that seal with another key than the newest.
    async fn with_older_keys(&self) -> Result<Vec<ProcessRecord>, StoreError> {
        let newest = self.ring.sealing_fingerprint();
        let mut processes = live(&*self.processes, self.clock.now()).await?;
        processes.retain(|process| process.sealing_key != newest);
        Ok(processes)
    }

    /// Lets the store forget every key that nothing needs.
    async fn forget(&self, pass: Passed, resealed: u64) -> Result<Rotated, StoreError> {
        let newest = self.ring.sealing_fingerprint();
        let consents = self.consents_with_older_keys().await?;
        let links = self.links_in_use().await?;
        let mut rotated = Rotated {
            newest,
            tokens: pass.seen,
            resealed,
            unopened: pass.unopened,
            under_way: pass.under_way,
            consents: consents.count,
            consents_end_at: consents.end_at,
            links: links.count,
            links_end_at: links.end_at,
            forgotten: Vec::new(),
            kept: Vec::new(),
        };
        let needed = needed(&rotated);
        for key in self.vault.key_fingerprints().await? {
            if key == newest {
                continue;
            }
            let is_needed = needed.as_ref().is_none_or(|needed| needed.contains(&key));
            if is_needed {
                rotated.kept.push(key);
            } else if self.vault.remove_key_fingerprint(key).await? {
                rotated.forgotten.push(key);
            }
        }
        Ok(rotated)
    }
}

/// The keys that something needs still; `None` where it may be any.
fn needed(rotated: &Rotated) -> Option<BTreeSet<KeyFingerprint>> {
    if !rotated.under_way.is_empty() {
        return None;
    }
    let keys = rotated.unopened.iter().map(|record| record.keys.clone());
    let keys: Option<Vec<_>> = keys.collect();
    Some(keys?.into_iter().flatten().collect())
}
