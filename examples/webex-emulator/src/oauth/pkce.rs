//! Proof Key for Code Exchange (RFC 7636), method S256 only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// An S256 challenge is the base64url of 32 bytes, so always 43 characters.
pub(crate) fn is_challenge(text: &str) -> bool {
    URL_SAFE_NO_PAD
        .decode(text)
        .is_ok_and(|bytes| bytes.len() == 32)
}

/// A verifier has 43 to 128 unreserved characters (RFC 7636, section 4.1).
pub(crate) fn is_verifier(text: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}

/// Whether `verifier` is what `challenge` was made of.
pub(crate) fn verify(challenge: &str, verifier: &str) -> bool {
    let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    bool::from(digest.as_bytes().ct_eq(challenge.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_rfc_example_verifies() {
        assert!(is_verifier(VERIFIER) && is_challenge(CHALLENGE));
        assert!(verify(CHALLENGE, VERIFIER));
        assert!(!verify(CHALLENGE, CHALLENGE));
    }

    #[test]
    fn lengths_and_characters_are_checked() {
        assert!(!is_challenge("short") && !is_challenge(&"a".repeat(44)));
        assert!(!is_verifier(&"a".repeat(42)) && !is_verifier(&"a".repeat(129)));
        assert!(!is_verifier(&format!("{}+", "a".repeat(43))));
        assert!(is_verifier(&"~".repeat(128)));
    }
}
