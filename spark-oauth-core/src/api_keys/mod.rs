//! API keys: how services authenticate.
//!
//! A key is 256 random bits with a recognisable prefix and a checksum, shown once
//! and stored as a hash. It may do what its scopes say, for the people whom its
//! reach covers.

mod error;
mod key;
mod reach;
mod scope;
mod service;
#[cfg(test)]
mod tests;
mod text;

pub use error::{ApiKeyError, InputProblem, KeyRefusal};
pub use key::{ApiKey, InvalidKeyName, KeyHash, KeyName, KeyState};
pub use reach::{DomainName, InvalidDomain, Reach};
pub use scope::{KeyScope, KeyScopes, UnknownKeyScope};
pub use service::{ApiKeyInput, ApiKeyService, Created};
pub use text::{KeyText, WrongKeyText};
