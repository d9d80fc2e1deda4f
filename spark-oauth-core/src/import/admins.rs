//! What becomes of one admin.

use crate::admins::{Admin, Role};
use crate::audit::AuditAction;
use crate::ids::AdminId;
use crate::import::admin_candidate::AdminCandidate;
use crate::import::importer::{ATTEMPTS, Importer, Settled};
use crate::import::{Remark, Report};
use crate::ports::StoreError;
use crate::token::FIRST_VERSION;

impl Importer {
    /// Writes an admin, where that is to be done. Others may write the same at the
    /// same time.
    pub(super) async fn settle_admin(
        &self,
        candidate: &AdminCandidate<'_>,
    ) -> Result<Settled<AdminId>, StoreError> {
        for _ in 0..ATTEMPTS {
            let settled = self.plan_admin(candidate).await?;
            if !matches!(settled, Settled::Added(_)) {
                return Ok(settled);
            }
            match self.stores.admins.insert(&self.new_admin(candidate)).await {
                Ok(()) => {
                    let username = candidate.username.as_str();
                    self.note(AuditAction::AdminImported, username, None).await;
                    return Ok(settled);
                }
                Err(StoreError::AlreadyExists(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Settled::Failed(Remark::Contention))
    }

    /// What would become of an admin.
    pub(super) async fn plan_admin(
        &self,
        candidate: &AdminCandidate<'_>,
    ) -> Result<Settled<AdminId>, StoreError> {
        match self.standing_admin(candidate).await {
            Ok(settled) => Ok(settled.unwrap_or(Settled::Added(candidate.id))),
            Err(StoreError::Corrupt { .. }) => Ok(Settled::Failed(Remark::Corrupt)),
            Err(error) => Err(error),
        }
    }

    async fn standing_admin(
        &self,
        candidate: &AdminCandidate<'_>,
    ) -> Result<Option<Settled<AdminId>>, StoreError> {
        let admins = &self.stores.admins;
        if admins.get(candidate.id).await?.is_some() {
            return Ok(Some(Settled::AlreadyThere(candidate.id)));
        }
        let same_name = admins.find_by_username(&candidate.username).await?;
        if let Some(admin) = same_name {
            // Imported by another way, which gave it no identifier of the sample.
            let same = admin.password_hash == candidate.password_hash;
            return Ok(Some(if same {
                Settled::AlreadyThere(admin.id)
            } else if admin.is_super() {
                Settled::LeftOut(Remark::SuperAdminStands)
            } else {
                Settled::LeftOut(Remark::UsernameTaken)
            }));
        }
        let second = candidate.role == Role::SuperAdmin && admins.super_admin().await?.is_some();
        Ok(second.then_some(Settled::LeftOut(Remark::SuperAdminStands)))
    }

    fn new_admin(&self, candidate: &AdminCandidate<'_>) -> Admin {
        let now = self.clock.now();
        // Written as in the configuration, so that the next start renames nobody.
        let configured = self.super_admin.as_ref();
        let configured = configured.map(|settings| &settings.username);
        let username = configured
            .filter(|username| **username == candidate.username)
            .unwrap_or(&candidate.username);
        Admin {
            id: candidate.id,
            username: username.clone(),
            email: candidate.email.clone(),
            password_hash: candidate.password_hash.clone(),
            role: candidate.role,
            epoch: 1,
            created_at: candidate.record.id.created_at().unwrap_or(now),
            updated_at: now,
            last_sign_in_at: None,
            version: FIRST_VERSION,
        }
    }
}

impl AdminCandidate<'_> {
    /// Counts and tells what became of the record.
    pub(super) fn report(&self, settled: &Settled<AdminId>, report: &mut Report) {
        settled.report(&self.source(), report);
        if settled.standing().is_some() {
            self.tell_remarks(report);
        }
    }
}
