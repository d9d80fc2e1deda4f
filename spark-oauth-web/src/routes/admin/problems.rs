//! Errors of the admin rules, beside their fields or as a page.

use axum::http::StatusCode;
use spark_oauth_core::admins::{AdminError, AdminField, FieldProblem, HashingError, Problem};

use super::guard::not_super_admin;
use crate::http::PageError;
use crate::pages::{FieldError, FormErrors};

/// The fields that are wrong, where the error is about fields.
pub(super) fn form_errors(error: &AdminError) -> Option<FormErrors> {
    match error {
        AdminError::Invalid(problems) => {
            let mut problems = problems.clone();
            problems.sort_by_key(|problem| place(problem.field));
            Some(problems.iter().map(field_error).collect::<Vec<_>>().into())
        }
        _ => None,
    }
}

/// Where a field stands in our forms, which have the same order everywhere.
const fn place(field: AdminField) -> u8 {
    match field {
        AdminField::Username => 0,
        AdminField::Email => 1,
        AdminField::Password => 2,
        AdminField::PasswordAgain => 3,
        AdminField::CurrentPassword => 4,
    }
}

fn field_error(problem: &FieldProblem) -> FieldError {
    let field = match problem.field {
        AdminField::Username => "username",
        AdminField::Email => "email",
        AdminField::CurrentPassword => "current_password",
        AdminField::Password => "password",
        AdminField::PasswordAgain => "password_again",
    };
    FieldError::new(field, sentence(problem.problem))
}

/// The rules speak in fragments; a form speaks in sentences.
fn sentence(problem: Problem) -> String {
    let text = problem.to_string();
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        let mut sentence: String = first.to_uppercase().chain(characters).collect();
        sentence.push('.');
        sentence
    })
}

impl From<AdminError> for PageError {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Invalid(_) => Self::of(StatusCode::UNPROCESSABLE_ENTITY),
            AdminError::NotFound => Self::new(
                StatusCode::NOT_FOUND,
                "There is no such admin",
                "The admin was removed, or the address is mistyped.",
            ),
            AdminError::NotSuperAdmin => not_super_admin(),
            AdminError::SuperAdminStays => Self::new(
                StatusCode::CONFLICT,
                "The super admin stays",
                "There is exactly one, and it can be neither removed nor demoted.",
            ),
            AdminError::AlreadySetUp => Self::new(
                StatusCode::NOT_FOUND,
                "The super admin is set up already",
                "The set-up link works once. Sign in with the username and the password that \
                 were set then.",
            ),
            AdminError::NoSuperAdminConfigured => Self::of(StatusCode::NOT_FOUND),
            AdminError::WrongSetUpCode => Self::new(
                StatusCode::FORBIDDEN,
                "This set-up link is not the right one",
                "Open the link exactly as the service printed it when it started. Starting the \
                 service again prints it again.",
            ),
            AdminError::Throttled { retry_after } => {
                Self::of(StatusCode::TOO_MANY_REQUESTS).with_retry_after(retry_after)
            }
            AdminError::Hashing(error) => hashing(error),
            AdminError::Conflict => Self::new(
                StatusCode::CONFLICT,
                "Somebody was faster",
                "This admin was changed at the same time. Look at the page again, then decide \
                 anew.",
            ),
            AdminError::Interrupted => Self::of(StatusCode::INTERNAL_SERVER_ERROR),
            AdminError::Store(error) => error.into(),
        }
    }
}

/// Too many passwords are being checked, or a defect of ours.
pub(super) fn hashing(error: HashingError) -> PageError {
    match error {
        HashingError::Busy => PageError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Too many people are signing in",
            "Passwords are checked one after the other, and the queue is full. Try again in a \
             few seconds.",
        )
        .with_retry_after(std::time::Duration::from_secs(5)),
        HashingError::Failed => PageError::internal(error),
    }
}
