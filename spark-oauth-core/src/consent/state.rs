//! What binds a callback to the browser that began the consent.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::ports::{Random, StateHash};

fn random_text(random: &dyn Random) -> SecretString {
    let mut bytes = [0; 32];
    random.fill(&mut bytes);
    SecretString::from(URL_SAFE_NO_PAD.encode(bytes))
}

/// The `state` parameter (RFC 6749 section 10.12): 256 random bits, used once.
pub struct State(SecretString);

impl State {
    /// Makes a new state.
    pub fn generate(random: &dyn Random) -> Self {
        Self(random_text(random))
    }

    /// Takes the state that a callback brought, whatever it is.
    pub fn from_callback(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The bare text, for the authorization request alone.
    pub fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }

    /// Under which the consent is kept.
    pub fn hash(&self) -> StateHash {
        StateHash(Sha256::digest(self.expose_secret()).into())
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("State([redacted])")
    }
}

/// What the browser keeps in a cookie, shared by all its tabs.
#[derive(Clone)]
pub struct BrowserSecret(SecretString);

impl BrowserSecret {
    /// Makes a new secret.
    pub fn generate(random: &dyn Random) -> Self {
        Self(random_text(random))
    }

    /// Takes the secret that a browser brought, where it can be one of ours.
    pub fn from_cookie(text: &str) -> Option<Self> {
        let ours = text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok();
        ours.then(|| Self(SecretString::from(text.to_owned())))
    }

    /// The bare text, for the browser's cookie alone.
    pub fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is kept with the consent.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.expose_secret()).into()
    }
}

impl fmt::Debug for BrowserSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BrowserSecret([redacted])")
    }
}
