//! An admin's own profile.

use crate::admins::input::Problems;
use crate::admins::{Admin, AdminError, AdminField, AdminService, Problem, ProfileInput};
use crate::audit::{AuditAction, Origin};

impl AdminService {
    /// Changes the own e-mail address, and the own password where one is given.
    /// The current password proves that it is still the same person. Every
    /// session of the admin ends; the caller begins a new one.
    ///
    /// # Errors
    /// [`AdminError`] says why nothing changed.
    pub async fn change_profile(
        &self,
        me: &Admin,
        input: &ProfileInput,
        origin: &Origin,
    ) -> Result<Admin, AdminError> {
        let (service, me, input) = (self.clone(), me.clone(), input.clone());
        let origin = origin.clone();
        self.carry_out(async move {
            let outcome = service.change_profile_unnoted(&me, &input, &origin).await;
            let subject = me.username.as_str();
            service
                .note(&me, &origin, AuditAction::AdminChanged, subject, &outcome)
                .await;
            outcome
        })
        .await
    }

    async fn change_profile_unnoted(
        &self,
        me: &Admin,
        input: &ProfileInput,
        origin: &Origin,
    ) -> Result<Admin, AdminError> {
        let mut admin = self.admins.get(me.id).await?.ok_or(AdminError::NotFound)?;
        let mut problems = Problems::default();
        if !self.is_current_password(&admin, input, origin).await? {
            problems.add(AdminField::CurrentPassword, Problem::CurrentPasswordWrong);
        }
        admin.email = problems.email(&input.email);
        let related = [admin.username.as_str(), input.email.as_str()];
        let password = problems.password(&input.password, &related);
        problems.into_result().map_err(AdminError::Invalid)?;
        self.write_change(admin, password.as_ref()).await
    }

    /// Guessing through a session that somebody left open is slowed down like a
    /// sign-in.
    async fn is_current_password(
        &self,
        admin: &Admin,
        input: &ProfileInput,
        origin: &Origin,
    ) -> Result<bool, AdminError> {
        let now = self.clock.now();
        let attempt = self
            .throttle
            .begin(admin.username.normalized(), origin.address, now)
            .map_err(|retry_after| AdminError::Throttled { retry_after })?;
        match self
            .hasher
            .verify(&input.current_password, Some(&admin.password_hash))
            .await
        {
            Ok(true) => {
                attempt.succeeded(now);
                Ok(true)
            }
            Ok(false) => Ok(false),
            Err(error) => {
                attempt.void();
                Err(error.into())
            }
        }
    }
}
