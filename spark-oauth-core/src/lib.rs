//! The domain of spark-oauth: consent, sealed tokens and their life, with the
//! ports that adapters implement.

pub mod admins;
pub mod audit;
pub mod consent;
mod email;
mod ids;
mod integration;
pub mod keyring;
mod person;
pub mod ports;
mod scopes;
mod secret;
mod timestamp;
pub mod token;

pub use email::{EmailAddress, InvalidEmail};
pub use ids::{AdminId, AuditId, InvalidId, ProcessId, TokenId};
pub use integration::{ClientId, Integration, InvalidRedirectUri, RedirectUri};
pub use person::{Person, PersonId};
pub use scopes::{InvalidScope, Scopes};
pub use secret::{
    AccessToken, ApiKeySecret, AuthorizationCode, ClientSecret, Password, RefreshToken, SetUpCode,
};
pub use timestamp::Timestamp;
