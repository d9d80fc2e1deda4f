//! Those who manage the tokens, and the super admin who manages them.

mod admin;
mod error;
mod hasher;
mod input;
mod manage;
mod password_hash;
mod password_policy;
mod profile;
mod service;
mod set_up;
mod sign_in;
#[cfg(test)]
mod tests;
mod throttle;
mod username;

pub use admin::{Admin, Role};
pub use error::{AdminError, FieldProblem, Problem, SignInError};
pub use hasher::{HashingError, HashingLimits};
pub use input::{AdminField, AdminInput, NewPassword, ProfileInput};
pub use password_hash::{InvalidPasswordHash, PasswordHash};
pub use password_policy::{PasswordPolicy, UnusablePassword};
pub use service::AdminService;
pub use set_up::{Renaming, SuperAdminSettings};
pub use username::{InvalidUsername, Username};
