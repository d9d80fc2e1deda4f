//! What the rules of the admin centre share.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::admins::hasher::PasswordHasher;
use crate::admins::throttle::SignInThrottle;
use crate::admins::{Admin, AdminError, HashingLimits, SuperAdminSettings};
use crate::application::Parts;
use crate::audit::{Actor, AuditAction, Caller, Origin, Outcome};
use crate::auditor::{Auditor, Subject};
use crate::detached::Detached;
use crate::ids::AdminId;
use crate::keyring::KeyRing;
use crate::ports::{AdminStore, Clock, Random, StoreError, VaultStore};

/// Signs admins in, and manages them.
#[derive(Clone, Debug)]
pub struct AdminService {
    pub(super) admins: Arc<dyn AdminStore>,
    pub(super) vault: Arc<dyn VaultStore>,
    pub(super) ring: KeyRing,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    pub(super) hasher: PasswordHasher,
    pub(super) throttle: SignInThrottle,
    pub(super) auditor: Auditor,
    pub(super) super_admin: Option<Arc<SuperAdminSettings>>,
    /// A super admin that stands once stands for good: it cannot be removed.
    pub(super) is_set_up: Arc<AtomicBool>,
    detached: Detached,
}

impl AdminService {
    pub(crate) fn new(
        parts: &Parts,
        super_admin: Option<SuperAdminSettings>,
        hashing: HashingLimits,
        auditor: Auditor,
    ) -> Self {
        Self {
            admins: parts.stores.admins.clone(),
            vault: parts.stores.vault.clone(),
            ring: parts.ring.clone(),
            clock: parts.clock.clone(),
            random: parts.random.clone(),
            hasher: PasswordHasher::new(hashing),
            throttle: SignInThrottle::new(),
            auditor,
            super_admin: super_admin.map(Arc::new),
            is_set_up: Arc::new(AtomicBool::new(false)),
            detached: parts.detached.clone(),
        }
    }

    /// Carries out what a caller that hangs up must not cut in two: a change, and
    /// its entry in the audit log.
    pub(super) async fn carry_out<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, AdminError>> + Send + 'static,
    ) -> Result<T, AdminError> {
        self.detached
            .run(work)
            .await
            .unwrap_or(Err(AdminError::Interrupted))
    }

    /// The admin of a session, where the session is still of this admin's epoch.
    ///
    /// # Errors
    /// The store's.
    pub async fn authenticate(&self, id: AdminId, epoch: u64) -> Result<Option<Admin>, StoreError> {
        Ok(self
            .admins
            .get(id)
            .await?
            .filter(|admin| admin.epoch == epoch))
    }

    /// Writes down how something ended.
    pub(super) async fn note<T>(
        &self,
        by: &Admin,
        origin: &Origin,
        action: AuditAction,
        subject: &str,
        outcome: &Result<T, AdminError>,
    ) {
        let caller = Caller {
            actor: by.actor(),
            origin: origin.clone(),
        };
        let outcome = match outcome {
            Ok(_) => Outcome::Done,
            Err(error) => error.refused(),
        };
        self.auditor
            .record(&caller, action, Subject::named(subject), outcome)
            .await;
    }
}

impl Admin {
    /// This admin as one who acts.
    pub fn actor(&self) -> Actor {
        Actor::Admin {
            id: self.id,
            username: self.username.to_string(),
        }
    }
}
