//! Unguessable texts: tokens, codes and UUIDs.

use uuid::{Builder, Uuid};

const ALPHANUMERIC: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

#[expect(
    clippy::disallowed_methods,
    reason = "the emulator stands outside the hexagon: this is its own one place that asks the system for randomness"
)]
#[expect(
    clippy::expect_used,
    reason = "where the system has no randomness nothing can be served at all"
)]
fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system's random source answers");
}

/// A random (version 4) UUID.
pub(crate) fn uuid() -> Uuid {
    let mut bytes = [0; 16];
    fill(&mut bytes);
    Builder::from_random_bytes(bytes).into_uuid()
}

/// `length` characters out of `[A-Za-z0-9]`, all equally likely.
pub(crate) fn alphanumeric(length: usize) -> String {
    pick(ALPHANUMERIC, length)
}

/// `length` characters out of `alphabet`, which has at most 64 of them.
pub(crate) fn pick(alphabet: &[u8], length: usize) -> String {
    let mut text = String::with_capacity(length);
    let mut bytes = [0; 96];
    while text.len() < length {
        fill(&mut bytes);
        // Six bits each; what falls outside the alphabet is thrown away, or some
        // characters would be likelier than others.
        let letters = bytes
            .iter()
            .filter_map(|byte| alphabet.get(usize::from(byte & 0x3f)))
            .take(length - text.len());
        text.extend(letters.map(|&letter| char::from(letter)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_the_asked_length_and_alphabet_and_differ() {
        let text = alphanumeric(64);
        assert_eq!(text.len(), 64);
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_ne!(text, alphanumeric(64));
        assert!(
            pick(b"0123456789", 200)
                .bytes()
                .all(|byte| byte.is_ascii_digit())
        );
    }

    #[test]
    fn uuids_are_of_version_4_and_differ() {
        assert_eq!(uuid().get_version_num(), 4);
        assert_ne!(uuid(), uuid());
    }
}
