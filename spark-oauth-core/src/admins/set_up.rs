//! Setting up the super admin, once, under a code that only the operator has.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::admins::input::Problems;
use crate::admins::manage::taken_or;
use crate::admins::{
    Admin, AdminError, AdminField, AdminService, NewPassword, PasswordPolicy, Problem, Role,
    UnusablePassword, Username,
};
use crate::audit::{Actor, AuditAction, Caller, Origin, Outcome};
use crate::auditor::Subject;
use crate::email::EmailAddress;
use crate::ids::AdminId;
use crate::ports::StoreError;
use crate::secret::{Password, SetUpCode};
use crate::token::FIRST_VERSION;

/// How often the renaming is tried when the record changes under it.
const RENAME_ATTEMPTS: usize = 5;

/// The super admin as the configuration names them.
#[derive(Clone, Debug)]
pub struct SuperAdminSettings {
    /// The username; it changes only in the configuration.
    pub username: Username,
    /// The password, where the configuration has one.
    pub password: Option<Password>,
    /// Where to reach the super admin.
    pub email: Option<EmailAddress>,
}

/// What became of a changed name in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renaming {
    /// There is no super admin yet, or the name is the same.
    Unneeded,
    /// The super admin has the new name.
    Done {
        /// The name before.
        from: Username,
    },
    /// Another admin has the new name: the super admin keeps the old one.
    Taken {
        /// The name that stays.
        keeps: Username,
    },
}

impl SuperAdminSettings {
    /// Why the configured password cannot be set; `None` where it can, or there is
    /// none.
    pub fn unusable_password(&self) -> Option<UnusablePassword> {
        self.password
            .as_ref()
            .and_then(|password| self.judge(password).err())
    }

    fn usable_password(&self) -> Option<&Password> {
        self.password
            .as_ref()
            .filter(|password| self.judge(password).is_ok())
    }

    fn judge(&self, password: &Password) -> Result<(), UnusablePassword> {
        PasswordPolicy::judge(password, &self.related())
    }

    fn related(&self) -> Vec<&str> {
        let email = self.email.as_ref().map(EmailAddress::as_str);
        std::iter::once(self.username.as_str())
            .chain(email)
            .collect()
    }
}

impl AdminService {
    /// The super admin as the configuration names them.
    pub fn super_admin_settings(&self) -> Option<&SuperAdminSettings> {
        self.super_admin.as_deref()
    }

    /// Whether the set-up must ask for a password, since the configuration has no
    /// usable one.
    pub fn set_up_needs_password(&self) -> bool {
        self.super_admin
            .as_ref()
            .is_none_or(|settings| settings.usable_password().is_none())
    }

    /// Whether the super admin stands.
    ///
    /// # Errors
    /// The store's.
    pub async fn is_set_up(&self) -> Result<bool, StoreError> {
        if self.is_set_up.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let stands = self.admins.super_admin().await?.is_some();
        self.is_set_up.store(stands, Ordering::Relaxed);
        Ok(stands)
    }

    /// The code of the set-up link; `None` once the super admin stands.
    ///
    /// # Errors
    /// The store's.
    pub async fn set_up_code(&self) -> Result<Option<SetUpCode>, StoreError> {
        if self.is_set_up().await? {
            return Ok(None);
        }
        Ok(Some(self.ring.set_up_code(&self.set_up_nonce().await?)))
    }

    async fn set_up_nonce(&self) -> Result<[u8; 32], StoreError> {
        let mut candidate = [0; 32];
        self.random.fill(&mut candidate);
        self.vault.set_up_nonce(candidate).await
    }

    /// Whether the code is that of the set-up link, and the link still open.
    ///
    /// # Errors
    /// [`AdminError::AlreadySetUp`], [`AdminError::WrongSetUpCode`], or the store's.
    pub async fn check_set_up_code(&self, code: &SetUpCode) -> Result<(), AdminError> {
        if self.is_set_up().await? {
            return Err(AdminError::AlreadySetUp);
        }
        let nonce = self.set_up_nonce().await?;
        if self.ring.accepts_set_up_code(&nonce, code) {
            Ok(())
        } else {
            Err(AdminError::WrongSetUpCode)
        }
    }

    /// Creates the super admin of the configuration. Of several at once one
    /// succeeds.
    ///
    /// # Errors
    /// [`AdminError`] says why there is no new super admin.
    pub async fn set_up(
        &self,
        code: &SetUpCode,
        password: Option<&NewPassword>,
        origin: &Origin,
    ) -> Result<Admin, AdminError> {
        let prepared = self.prepare_set_up(code, password).await;
        if let Err(error) = &prepared {
            self.note_refused_set_up(error, origin).await;
        }
        let (settings, password) = prepared?;
        let (service, origin) = (self.clone(), origin.clone());
        self.carry_out(async move {
            let now = service.clock.now();
            let admin = Admin {
                id: AdminId::generate(now, &*service.random),
                username: settings.username.clone(),
                email: settings.email.clone(),
                password_hash: service.hasher.hash(&password).await?,
                role: Role::SuperAdmin,
                epoch: 1,
                created_at: now,
                updated_at: now,
                last_sign_in_at: Some(now),
                version: FIRST_VERSION,
            };
            let outcome = service.insert_super_admin(&admin).await;
            let name = settings.username.as_str();
            service
                .note(
                    &admin,
                    &origin,
                    AuditAction::SuperAdminSetUp,
                    name,
                    &outcome,
                )
                .await;
            outcome.map(|()| admin)
        })
        .await
    }

    /// Whether the code is right, and which password is to be set.
    async fn prepare_set_up(
        &self,
        code: &SetUpCode,
        password: Option<&NewPassword>,
    ) -> Result<(Arc<SuperAdminSettings>, Password), AdminError> {
        self.check_set_up_code(code).await?;
        let settings = self
            .super_admin
            .clone()
            .ok_or(AdminError::NoSuperAdminConfigured)?;
        let password = set_up_password(&settings, password)?;
        Ok((settings, password))
    }

    async fn note_refused_set_up(&self, error: &AdminError, origin: &Origin) {
        let settings = self.super_admin.as_deref();
        let username = settings.map(|settings| settings.username.to_string());
        let username = username.unwrap_or_default();
        let caller = Caller {
            actor: Actor::Claimed {
                username: username.clone(),
            },
            origin: origin.clone(),
        };
        let action = AuditAction::SuperAdminSetUp;
        let (subject, outcome) = (Subject::named(username), error.refused());
        if let AdminError::Invalid(_) = error {
            // Whoever comes this far has the link.
            self.auditor.record(&caller, action, subject, outcome).await;
        } else {
            self.auditor
                .record_refusal(&caller, action, subject, outcome)
                .await;
        }
    }

    /// Of two set-ups at once the slower one collides with the name as well as
    /// with the role, and a store may tell either.
    async fn insert_super_admin(&self, admin: &Admin) -> Result<(), AdminError> {
        match self.admins.insert(admin).await {
            Err(StoreError::AlreadyExists(_)) if self.is_set_up().await? => {
                Err(AdminError::AlreadySetUp)
            }
            outcome => outcome.map_err(taken_or),
        }
    }

    /// Gives the super admin the name that the configuration has now.
    ///
    /// # Errors
    /// The store's.
    pub async fn rename_super_admin(&self) -> Result<Renaming, StoreError> {
        let Some(settings) = &self.super_admin else {
            return Ok(Renaming::Unneeded);
        };
        for _ in 0..RENAME_ATTEMPTS {
            let Some(mut admin) = self.admins.super_admin().await? else {
                return Ok(Renaming::Unneeded);
            };
            if admin.username.as_str() == settings.username.as_str() {
                return Ok(Renaming::Unneeded);
            }
            let from = std::mem::replace(&mut admin.username, settings.username.clone());
            admin.epoch += 1;
            admin.updated_at = self.clock.now();
            match self.admins.update(&admin).await {
                Ok(_) => {
                    self.note_renaming(&from).await;
                    return Ok(Renaming::Done { from });
                }
                Err(StoreError::AlreadyExists(_)) => {
                    return Ok(Renaming::Taken { keeps: from });
                }
                // Another process starts with the same configuration and was first,
                // or the super admin is signing in: the record tells.
                Err(error) if error.is_stale() => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Conflict)
    }

    async fn note_renaming(&self, from: &Username) {
        self.auditor
            .record(
                &Caller::system(),
                AuditAction::AdminChanged,
                Subject::named(from.as_str()),
                Outcome::Done,
            )
            .await;
    }
}

fn set_up_password(
    settings: &SuperAdminSettings,
    typed: Option<&NewPassword>,
) -> Result<Password, AdminError> {
    if let Some(password) = settings.usable_password() {
        return Ok(password.clone());
    }
    let mut problems = Problems::default();
    let password = typed.and_then(|typed| problems.password(typed, &settings.related()));
    if typed.is_none_or(|typed| !typed.is_given()) {
        problems.add(AdminField::Password, Problem::PasswordMissing);
    }
    problems.into_result().map_err(AdminError::Invalid)?;
    password.ok_or(AdminError::WrongSetUpCode)
}
