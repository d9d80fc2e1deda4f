//! A person consents: authorization code with PKCE (RFC 6749 section 4.1,
//! RFC 7636), with a random, single-use `state` bound to the browser.

mod begin;
mod callback;
mod cookies;
mod error;
mod exchange;
mod grant;
mod pkce;
mod service;
mod state;

pub use begin::Account;
pub use callback::{Callback, ProviderRefusal};
pub use cookies::cookies;
pub use error::{BeginError, ConsentError, ConsentFailure};
pub use grant::Granted;
pub use pkce::{CodeChallenge, CodeVerifier};
pub use service::{ConsentLimits, ConsentService};
pub use state::{BrowserSecret, State};
