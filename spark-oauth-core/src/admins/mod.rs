//! Those who manage the tokens, and the super admin who manages them.

mod admin;
mod password_hash;
mod username;

pub use admin::{Admin, Role};
pub use password_hash::{InvalidPasswordHash, PasswordHash};
pub use username::{InvalidUsername, Username};
