//! What a service may do under its API key.
//!
//! A call passes three gates: [`ApiAccess::authenticate`] (a key that is good),
//! [`ApiAccess::authorize`] (a scope of the key), and, where it is about one person's
//! token, the key's reach, which every operation on tokens here checks by itself.
//! Whoever is refused is so with an entry in the audit log: one a second, where the
//! key is not good or makes too many calls.

mod access;
mod error;
mod links;
#[cfg(test)]
mod tests;
mod tokens;

pub use access::{Admitted, ApiAccess, ApiCall, Credential};
pub use error::{AccessError, AccessRefusal, NotAdmitted};
