//! The text of a key file: keys in base64, one a line. No refusal repeats a key.

use std::sync::Arc;

use spark_oauth_core::keyring::KeyRing;
use spark_oauth_core::ports::SystemRandom;

/// Runs one input.
pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    match KeyRing::parse(text, Arc::new(SystemRandom)) {
        Ok(ring) => {
            let first = ring.sealing_fingerprint();
            assert!(ring.contains(first));
            assert_eq!(ring.fingerprints().next(), Some(first));
            assert!(!format!("{ring:?}").contains(text.trim()));
        }
        Err(error) => {
            let told = format!("{error} {error:?}");
            let words = text.split([',', '\n', '\r', ' ', '\t', '#']);
            for word in words.filter(|word| word.len() > 20) {
                assert!(!told.contains(word), "{told}");
            }
        }
    }
}
