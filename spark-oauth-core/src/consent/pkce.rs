//! Proof Key for Code Exchange (RFC 7636), method S256.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::ports::Random;

/// The code verifier (RFC 7636 section 4.1): 43 characters with 256 random bits.
///
/// Not `Clone`: a verifier is used once.
pub struct CodeVerifier(SecretString);

/// The code challenge (RFC 7636 section 4.2) of a verifier, method S256. Public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeChallenge(String);

impl CodeVerifier {
    /// Makes a new verifier.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        Self(SecretString::from(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Takes a verifier back from where it was sealed.
    pub(crate) fn from_text(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The bare text, for the token request alone.
    pub fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }

    /// The challenge for the authorization request.
    pub fn challenge(&self) -> CodeChallenge {
        CodeChallenge(URL_SAFE_NO_PAD.encode(Sha256::digest(self.expose_secret())))
    }
}

impl fmt::Debug for CodeVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeVerifier([redacted])")
    }
}

impl CodeChallenge {
    /// The text for the authorization request.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SystemRandom;

    #[test]
    fn the_challenge_is_that_of_rfc_7636_appendix_b() {
        let verifier =
            CodeVerifier::from_text("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned());
        assert_eq!(
            verifier.challenge().as_str(),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn a_verifier_has_the_length_that_the_rfc_asks_for() {
        assert_eq!(
            CodeVerifier::generate(&SystemRandom).expose_secret().len(),
            43
        );
    }
}
