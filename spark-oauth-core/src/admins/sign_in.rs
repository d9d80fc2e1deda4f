//! Signing in and out.

use crate::admins::hasher::PasswordHasher;
use crate::admins::manage::well_formed;
use crate::admins::{Admin, AdminService, SignInError, Username};
use crate::audit::{Actor, AuditAction, Caller, Origin, Outcome};
use crate::auditor::Subject;
use crate::ports::StoreError;
use crate::secret::Password;

impl AdminService {
    /// Checks a username and a password.
    ///
    /// An unknown name and a wrong password give the same answer in the same time.
    /// A hash of a lower cost than today's is renewed.
    ///
    /// # Errors
    /// [`SignInError`] says why nobody was signed in.
    pub async fn sign_in(
        &self,
        username: &str,
        password: &Password,
        origin: &Origin,
    ) -> Result<Admin, SignInError> {
        let outcome = self.check(username, password, origin).await;
        let (actor, result) = match &outcome {
            Ok(admin) => (admin.actor(), Outcome::Done),
            Err(error) => {
                let username = well_formed(username);
                (
                    Actor::Claimed { username },
                    Outcome::Refused(reason(error).to_owned()),
                )
            }
        };
        let caller = Caller {
            actor,
            origin: origin.clone(),
        };
        let (action, nobody) = (AuditAction::SignIn, Subject::default());
        // The throttle bounds how often a password is looked at, but not how often
        // somebody is turned away before that.
        if let Err(SignInError::Throttled { .. } | SignInError::Hashing(_)) = outcome {
            self.auditor
                .record_refusal(&caller, action, nobody, result)
                .await;
        } else {
            self.auditor.record(&caller, action, nobody, result).await;
        }
        outcome
    }

    async fn check(
        &self,
        username: &str,
        password: &Password,
        origin: &Origin,
    ) -> Result<Admin, SignInError> {
        let now = self.clock.now();
        let username = username.trim();
        let attempt = self
            .throttle
            .begin(username, origin.address, now)
            .map_err(|retry_after| SignInError::Throttled { retry_after })?;
        match self.verify(username, password).await {
            Ok(Some(admin)) => {
                attempt.succeeded(now);
                Ok(self.remember_sign_in(admin, password).await?)
            }
            Ok(None) => Err(SignInError::Refused),
            Err(error) => {
                attempt.void();
                Err(error)
            }
        }
    }

    async fn verify(
        &self,
        username: &str,
        password: &Password,
    ) -> Result<Option<Admin>, SignInError> {
        let admin = match Username::parse(username) {
            Ok(username) => self.admins.find_by_username(&username).await?,
            Err(_) => None,
        };
        let hash = admin.as_ref().map(|admin| &admin.password_hash);
        let right = self.hasher.verify(password, hash).await?;
        Ok(admin.filter(|_| right))
    }

    /// Notes the sign-in, and renews an outdated hash. Where somebody changed the
    /// admin meanwhile, neither is worth a second try; where that changed the
    /// password, the epoch tells.
    async fn remember_sign_in(
        &self,
        mut admin: Admin,
        password: &Password,
    ) -> Result<Admin, StoreError> {
        if let Some(hash) = renewed_hash(&self.hasher, &admin, password).await {
            admin.password_hash = hash;
        }
        admin.last_sign_in_at = Some(self.clock.now());
        match self.admins.update(&admin).await {
            Ok(version) => admin.version = version,
            Err(error) if error.is_stale() => {}
            Err(error) => return Err(error),
        }
        Ok(admin)
    }

    /// Writes down that an admin signed out.
    pub async fn sign_out(&self, admin: &Admin, origin: &Origin) {
        let caller = Caller {
            actor: admin.actor(),
            origin: origin.clone(),
        };
        self.auditor
            .record(
                &caller,
                AuditAction::SignOut,
                Subject::default(),
                Outcome::Done,
            )
            .await;
    }
}

async fn renewed_hash(
    hasher: &PasswordHasher,
    admin: &Admin,
    password: &Password,
) -> Option<crate::admins::PasswordHash> {
    if !hasher.is_outdated(&admin.password_hash) {
        return None;
    }
    hasher
        .hash(password)
        .await
        .inspect_err(|error| tracing::warn!(%error, "an outdated password hash was not renewed"))
        .ok()
}

const fn reason(error: &SignInError) -> &'static str {
    match error {
        SignInError::Refused => "wrong_username_or_password",
        SignInError::Throttled { .. } => "throttled",
        SignInError::Hashing(_) => "busy",
        SignInError::Store(_) => "store",
    }
}
