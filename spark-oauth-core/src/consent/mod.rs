//! A person consents: authorization code with PKCE (RFC 6749 section 4.1,
//! RFC 7636), with a random, single-use `state` bound to the browser.

mod pkce;
mod state;

pub use pkce::{CodeChallenge, CodeVerifier};
pub use state::{BrowserSecret, State};
