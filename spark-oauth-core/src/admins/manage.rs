//! The super admin manages the admins.

use crate::admins::input::Problems;
use crate::admins::{
    Admin, AdminError, AdminField, AdminInput, AdminService, Problem, Role, Username,
};
use crate::audit::{AuditAction, Caller, Origin, Outcome};
use crate::auditor::Subject;
use crate::ids::AdminId;
use crate::ports::{Page, PageRequest, StoreError, UniqueRule};
use crate::secret::Password;
use crate::token::FIRST_VERSION;

impl AdminService {
    /// A page of the admins, by username.
    ///
    /// # Errors
    /// [`AdminError::NotSuperAdmin`], or the store's.
    pub async fn list(&self, by: &Admin, page: &PageRequest) -> Result<Page<Admin>, AdminError> {
        check_super(by)?;
        Ok(self.admins.list(page).await?)
    }

    /// One admin.
    ///
    /// # Errors
    /// [`AdminError::NotSuperAdmin`], [`AdminError::NotFound`], or the store's.
    pub async fn get(&self, by: &Admin, id: AdminId) -> Result<Admin, AdminError> {
        check_super(by)?;
        self.admins.get(id).await?.ok_or(AdminError::NotFound)
    }

    /// One admin, to do something with; a refusal is written down.
    async fn get_or_note(
        &self,
        by: &Admin,
        id: AdminId,
        origin: &Origin,
        action: AuditAction,
    ) -> Result<Admin, AdminError> {
        let found = self.get(by, id).await;
        if found.is_err() {
            self.note(by, origin, action, &id.to_string(), &found).await;
        }
        found
    }

    /// Creates an admin.
    ///
    /// # Errors
    /// [`AdminError`] says why there is no new admin.
    pub async fn create(
        &self,
        by: &Admin,
        input: &AdminInput,
        origin: &Origin,
    ) -> Result<Admin, AdminError> {
        let (service, by, input) = (self.clone(), by.clone(), input.clone());
        let origin = origin.clone();
        self.carry_out(async move {
            let outcome = service.create_unnoted(&by, &input).await;
            let subject = match &outcome {
                Ok(admin) => admin.username.to_string(),
                Err(_) => well_formed(&input.username),
            };
            service
                .note(&by, &origin, AuditAction::AdminCreated, &subject, &outcome)
                .await;
            outcome
        })
        .await
    }

    async fn create_unnoted(&self, by: &Admin, input: &AdminInput) -> Result<Admin, AdminError> {
        check_super(by)?;
        let mut problems = Problems::default();
        let username = problems.username(&input.username);
        let email = problems.email(&input.email);
        let password = problems.password(&input.password, &[&input.username, &input.email]);
        if !input.password.is_given() {
            problems.add(AdminField::Password, Problem::PasswordMissing);
        }
        if let Some(username) = &username
            && self.admins.find_by_username(username).await?.is_some()
        {
            problems.add(AdminField::Username, Problem::UsernameTaken);
        }
        problems.into_result().map_err(AdminError::Invalid)?;
        let (Some(username), Some(password)) = (username, password) else {
            return Err(AdminError::Conflict);
        };
        let now = self.clock.now();
        let admin = Admin {
            id: AdminId::generate(now, &*self.random),
            username,
            email,
            password_hash: self.hasher.hash(&password).await?,
            role: Role::Admin,
            epoch: 1,
            created_at: now,
            updated_at: now,
            last_sign_in_at: None,
            version: FIRST_VERSION,
        };
        self.admins.insert(&admin).await.map_err(taken_or)?;
        Ok(admin)
    }

    /// Changes an admin. Every session of that admin ends.
    ///
    /// # Errors
    /// [`AdminError`] says why nothing changed.
    pub async fn change(
        &self,
        by: &Admin,
        id: AdminId,
        input: &AdminInput,
        origin: &Origin,
    ) -> Result<Admin, AdminError> {
        let admin = self
            .get_or_note(by, id, origin, AuditAction::AdminChanged)
            .await?;
        let (service, by, input) = (self.clone(), by.clone(), input.clone());
        let origin = origin.clone();
        self.carry_out(async move {
            // Whom it was about is the name before the change.
            let subject = admin.username.to_string();
            let outcome = service.change_unnoted(admin, &input).await;
            service
                .note(&by, &origin, AuditAction::AdminChanged, &subject, &outcome)
                .await;
            outcome
        })
        .await
    }

    async fn change_unnoted(
        &self,
        mut admin: Admin,
        input: &AdminInput,
    ) -> Result<Admin, AdminError> {
        let mut problems = Problems::default();
        if let Some(username) = self.new_username(&admin, input, &mut problems).await? {
            admin.username = username;
        }
        admin.email = problems.email(&input.email);
        let related = [admin.username.as_str(), input.email.as_str()];
        let password = problems.password(&input.password, &related);
        problems.into_result().map_err(AdminError::Invalid)?;
        self.write_change(admin, password.as_ref()).await
    }

    /// The super admin's name comes from the configuration: a form may leave it
    /// out or send it back unchanged.
    async fn new_username(
        &self,
        admin: &Admin,
        input: &AdminInput,
        problems: &mut Problems,
    ) -> Result<Option<Username>, StoreError> {
        let text = input.username.trim();
        if admin.is_super() {
            if !text.is_empty() && text != admin.username.as_str() {
                problems.add(AdminField::Username, Problem::UsernameFixed);
            }
            return Ok(None);
        }
        let Some(username) = problems.username(text) else {
            return Ok(None);
        };
        let holder = self.admins.find_by_username(&username).await?;
        if holder.is_some_and(|holder| holder.id != admin.id) {
            problems.add(AdminField::Username, Problem::UsernameTaken);
        }
        Ok(Some(username))
    }

    /// Writes a changed admin with a new epoch, which ends every session.
    pub(super) async fn write_change(
        &self,
        mut admin: Admin,
        password: Option<&Password>,
    ) -> Result<Admin, AdminError> {
        if let Some(password) = password {
            admin.password_hash = self.hasher.hash(password).await?;
        }
        admin.epoch += 1;
        admin.updated_at = self.clock.now();
        admin.version = self.admins.update(&admin).await.map_err(taken_or)?;
        Ok(admin)
    }

    /// Removes an admin, whose sessions end with it.
    ///
    /// # Errors
    /// [`AdminError::SuperAdminStays`] for the super admin; otherwise as above.
    pub async fn remove(
        &self,
        by: &Admin,
        id: AdminId,
        origin: &Origin,
    ) -> Result<Admin, AdminError> {
        let admin = self
            .get_or_note(by, id, origin, AuditAction::AdminRemoved)
            .await?;
        let (service, by, origin) = (self.clone(), by.clone(), origin.clone());
        self.carry_out(async move {
            let subject = admin.username.to_string();
            let outcome = service.remove_unnoted(&admin).await;
            service
                .note(&by, &origin, AuditAction::AdminRemoved, &subject, &outcome)
                .await;
            outcome.map(|()| admin)
        })
        .await
    }

    async fn remove_unnoted(&self, admin: &Admin) -> Result<(), AdminError> {
        if admin.is_super() {
            return Err(AdminError::SuperAdminStays);
        }
        if self.admins.remove(admin.id).await? {
            Ok(())
        } else {
            Err(AdminError::NotFound)
        }
    }

    /// The admin whose password the operator wants to reset at the command line. That
    /// there is none is written down.
    ///
    /// # Errors
    /// [`AdminError::NotFound`], or the store's.
    pub async fn find_to_reset(&self, username: &Username) -> Result<Admin, AdminError> {
        let found = self.admins.find_by_username(username).await;
        let found = found.map_err(AdminError::from);
        let found = found.and_then(|admin| admin.ok_or(AdminError::NotFound));
        if found.is_err() {
            self.note_reset(username, &found).await;
        }
        found
    }

    /// Sets a password at the command line: the way back in for an admin who
    /// forgot it.
    ///
    /// # Errors
    /// [`AdminError::NotFound`], [`AdminError::Invalid`], or the store's.
    pub async fn reset_password(
        &self,
        username: &Username,
        password: &Password,
    ) -> Result<Admin, AdminError> {
        let admin = self.find_to_reset(username).await?;
        let outcome = self.reset_unnoted(admin, password).await;
        self.note_reset(username, &outcome).await;
        outcome
    }

    async fn reset_unnoted(&self, admin: Admin, password: &Password) -> Result<Admin, AdminError> {
        let typed = crate::admins::NewPassword {
            password: password.clone(),
            password_again: password.clone(),
        };
        let mut problems = Problems::default();
        if !typed.is_given() {
            problems.add(AdminField::Password, Problem::PasswordMissing);
        }
        let usable = problems.password(&typed, &[admin.username.as_str()]);
        problems.into_result().map_err(AdminError::Invalid)?;
        self.write_change(admin, usable.as_ref()).await
    }

    async fn note_reset(&self, username: &Username, outcome: &Result<Admin, AdminError>) {
        let (name, outcome) = match outcome {
            Ok(admin) => (admin.username.as_str(), Outcome::Done),
            Err(error) => (username.as_str(), error.refused()),
        };
        let (action, subject) = (AuditAction::PasswordReset, Subject::named(name));
        self.auditor
            .record(&Caller::operator(), action, subject, outcome)
            .await;
    }
}

fn check_super(by: &Admin) -> Result<(), AdminError> {
    if by.is_super() {
        Ok(())
    } else {
        Err(AdminError::NotSuperAdmin)
    }
}

/// A username that somebody else took between the check and the write.
pub(super) fn taken_or(error: StoreError) -> AdminError {
    match error {
        StoreError::AlreadyExists(UniqueRule::Username) => {
            AdminError::Invalid(vec![crate::admins::FieldProblem {
                field: AdminField::Username,
                problem: Problem::UsernameTaken,
            }])
        }
        other => other.into(),
    }
}

/// A name that was typed, for the audit log: people type passwords into the wrong
/// field, so what is no username is left out.
pub(super) fn well_formed(typed: &str) -> String {
    Username::parse(typed.trim()).map_or_else(|_| String::new(), |name| name.to_string())
}
