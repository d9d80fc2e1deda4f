//! What the forms of the admin centre bring, and how it is read: every wrong
//! field is named at once.

use crate::admins::{FieldProblem, PasswordPolicy, Problem, Username};
use crate::email::EmailAddress;
use crate::secret::Password;

/// A field of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AdminField {
    /// `username`
    Username,
    /// `email`
    Email,
    /// `current_password`
    CurrentPassword,
    /// `password`
    Password,
    /// `password_again`
    PasswordAgain,
}

/// A password that was typed twice.
#[derive(Clone, Debug)]
pub struct NewPassword {
    /// `password`
    pub password: Password,
    /// `password_again`
    pub password_again: Password,
}

/// An admin as somebody else describes them.
#[derive(Clone, Debug)]
pub struct AdminInput {
    /// `username`
    pub username: String,
    /// `email`
    pub email: String,
    /// The password; both empty leave a password that is set as it is.
    pub password: NewPassword,
}

/// An admin's own profile.
#[derive(Clone, Debug)]
pub struct ProfileInput {
    /// `current_password`
    pub current_password: Password,
    /// `email`
    pub email: String,
    /// The new password; both empty leave the old one.
    pub password: NewPassword,
}

/// Collects the problems of a form.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<FieldProblem>);

impl Problems {
    pub(super) fn add(&mut self, field: AdminField, problem: impl Into<Problem>) {
        self.0.push(FieldProblem {
            field,
            problem: problem.into(),
        });
    }

    /// The value, or a problem of the field.
    pub(super) fn take<T, E: Into<Problem>>(
        &mut self,
        field: AdminField,
        outcome: Result<T, E>,
    ) -> Option<T> {
        outcome.map_err(|problem| self.add(field, problem)).ok()
    }

    pub(super) fn username(&mut self, text: &str) -> Option<Username> {
        self.take(AdminField::Username, Username::parse(text.trim()))
    }

    pub(super) fn email(&mut self, text: &str) -> Option<EmailAddress> {
        self.take(AdminField::Email, EmailAddress::parse(text))
    }

    /// The password to set; `None` where none was given or something is wrong.
    pub(super) fn password(&mut self, new: &NewPassword, related: &[&str]) -> Option<Password> {
        if !new.is_given() {
            return None;
        }
        if !new.password.matches(&new.password_again) {
            self.add(AdminField::PasswordAgain, Problem::PasswordsDiffer);
        }
        self.take(
            AdminField::Password,
            PasswordPolicy::judge(&new.password, related),
        )
        .map(|()| new.password.clone())
    }

    pub(super) fn into_result(self) -> Result<(), Vec<FieldProblem>> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(self.0)
        }
    }
}

impl NewPassword {
    /// Whether a password was typed at all.
    pub fn is_given(&self) -> bool {
        let typed = |password: &Password| !password.expose_secret().is_empty();
        typed(&self.password) || typed(&self.password_again)
    }
}
