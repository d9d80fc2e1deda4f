//! What the admin centre answers instead of doing what was asked.

use std::time::Duration;

use crate::admins::{AdminField, HashingError, InvalidUsername, UnusablePassword};
use crate::audit::Outcome;
use crate::email::InvalidEmail;
use crate::ports::StoreError;

/// What is wrong with one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    /// The field.
    pub field: AdminField,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with the value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Not a username.
    #[error(transparent)]
    Username(#[from] InvalidUsername),
    /// Another admin has it, perhaps in another case.
    #[error("another admin has this username")]
    UsernameTaken,
    /// The configuration names the super admin.
    #[error("the super admin's username comes from the configuration (superAdminAccount.username)")]
    UsernameFixed,
    /// Not an e-mail address.
    #[error(transparent)]
    Email(#[from] InvalidEmail),
    /// The password cannot be set.
    #[error(transparent)]
    Password(#[from] UnusablePassword),
    /// No password was given.
    #[error("a password is needed")]
    PasswordMissing,
    /// The two passwords are not the same.
    #[error("the two passwords are not the same")]
    PasswordsDiffer,
    /// Not the password that is set now.
    #[error("this is not your current password")]
    CurrentPasswordWrong,
}

/// Why an admin was not created, changed or removed.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// Some fields are wrong; all of them are named.
    #[error("some fields are wrong")]
    Invalid(Vec<FieldProblem>),
    /// There is no such admin.
    #[error("there is no such admin")]
    NotFound,
    /// Only the super admin may do this.
    #[error("only the super admin may do this")]
    NotSuperAdmin,
    /// The super admin can be neither removed nor demoted.
    #[error("the super admin cannot be removed")]
    SuperAdminStays,
    /// The super admin stands already.
    #[error("the super admin is set up already")]
    AlreadySetUp,
    /// The code is not that of the set-up link.
    #[error("the set-up code is wrong")]
    WrongSetUpCode,
    /// The configuration names no super admin.
    #[error("the configuration names no super admin")]
    NoSuperAdminConfigured,
    /// Too many wrong passwords.
    #[error("too many wrong passwords")]
    Throttled {
        /// When to try again.
        retry_after: Duration,
    },
    /// Passwords could not be hashed or verified.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// Somebody else changed the same admin at the same time.
    #[error("somebody else changed this admin at the same time")]
    Conflict,
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] StoreError),
    /// The task that did the work ended early.
    #[error("the work was interrupted")]
    Interrupted,
}

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            StoreError::Conflict => Self::Conflict,
            other => Self::Store(other),
        }
    }
}

impl AdminError {
    /// The outcome, for the audit log.
    pub(super) fn refused(&self) -> Outcome {
        Outcome::Refused(self.reason().to_owned())
    }

    /// The reason in a word, for the audit log.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::NotFound => "not_found",
            Self::NotSuperAdmin => "not_super_admin",
            Self::SuperAdminStays => "super_admin_stays",
            Self::AlreadySetUp => "already_set_up",
            Self::WrongSetUpCode => "wrong_set_up_code",
            Self::NoSuperAdminConfigured => "no_super_admin_configured",
            Self::Throttled { .. } => "throttled",
            Self::Hashing(_) => "busy",
            Self::Conflict => "conflict",
            Self::Store(_) => "store",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The name is unknown or the password wrong: the same answer for both.
    #[error("the username or the password is wrong")]
    Refused,
    /// Too many failures of this account or from this address.
    #[error("too many failed sign-ins")]
    Throttled {
        /// When to try again.
        retry_after: Duration,
    },
    /// The password could not be verified.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}
