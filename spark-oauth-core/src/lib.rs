//! The domain of spark-oauth: consent, sealed tokens and their life, with the
//! ports that adapters implement.

pub mod admins;
mod application;
pub mod audit;
mod auditor;
pub mod broker;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod consent;
mod detached;
mod email;
pub mod handoff;
mod ids;
mod integration;
pub mod keyring;
mod network;
mod patience;
mod person;
pub mod ports;
mod scopes;
mod secret;
mod timestamp;
pub mod token;
mod vault;
#[cfg(feature = "webex")]
pub mod webex;

pub use application::{SparkOauth, SparkOauthBuilder};
pub use email::{EmailAddress, InvalidEmail};
pub use ids::{AdminId, AuditId, InvalidId, ProcessId, TokenId};
pub use integration::{ClientId, Integration, InvalidRedirectUri, RedirectUri};
pub use person::{Person, PersonId};
pub use scopes::{InvalidScope, Scopes};
pub use secret::{
    AccessToken, ApiKeySecret, AuthorizationCode, ClientSecret, Password, RefreshToken, SetUpCode,
};
pub use timestamp::Timestamp;
pub use vault::VaultError;
