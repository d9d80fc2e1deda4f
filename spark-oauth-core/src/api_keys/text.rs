//! The text of an API key: prefix, 256 random bits, checksum.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::api_keys::KeyHash;
use crate::ports::Random;
use crate::secret::ApiKeySecret;

/// What every key begins with, so that scanners of code and logs recognise one.
const PREFIX: &str = "spoa_";
const SECRET_BYTES: usize = 32;
const CHECKSUM_BYTES: usize = 4;
const DIGITS: usize = 2 * (SECRET_BYTES + CHECKSUM_BYTES);

/// An API key as a service sends it.
#[derive(Clone, Debug)]
pub struct KeyText(ApiKeySecret);

/// Why a text is no API key. The text itself is never shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongKeyText {
    /// It has not the form of a key.
    #[error("not an API key: one begins with spoa_ and has 72 hexadecimal digits behind it")]
    Malformed,
    /// Its checksum is wrong: a character was lost or mistyped on the way.
    #[error("the API key was mistyped or cut: its checksum is wrong")]
    Checksum,
}

impl KeyText {
    /// Makes a new key.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        random.fill(&mut *bytes);
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + DIGITS));
        text.push_str(PREFIX);
        push_hex(&mut text, &*bytes);
        let checksum = checksum(&text);
        push_hex(&mut text, &checksum);
        Self(ApiKeySecret::new(text.as_str()))
    }

    /// Reads a key.
    ///
    /// # Errors
    /// [`WrongKeyText`] tells a mistyped key from what is none.
    pub fn parse(text: &str) -> Result<Self, WrongKeyText> {
        let digits = text.strip_prefix(PREFIX).ok_or(WrongKeyText::Malformed)?;
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if digits.len() != DIGITS || !digits.bytes().all(is_hex) {
            return Err(WrongKeyText::Malformed);
        }
        let (body, end) = text.split_at(text.len() - 2 * CHECKSUM_BYTES);
        let mut expected = String::new();
        push_hex(&mut expected, &checksum(body));
        if expected == end {
            Ok(Self(ApiKeySecret::new(text)))
        } else {
            Err(WrongKeyText::Checksum)
        }
    }

    /// What a store keeps of it. A plain hash is enough: nobody guesses 256 bits.
    pub fn hash(&self) -> KeyHash {
        KeyHash(Sha256::digest(self.0.expose_secret()).into())
    }

    /// The text, to show it once.
    pub fn secret(&self) -> &ApiKeySecret {
        &self.0
    }
}

/// The first bytes of SHA-256 of all that stands before the checksum.
fn checksum(text: &str) -> [u8; CHECKSUM_BYTES] {
    let digest = Sha256::digest(text);
    let mut first = [0; CHECKSUM_BYTES];
    first.copy_from_slice(&digest[..CHECKSUM_BYTES]);
    first
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        text.push(char::from(HEX[usize::from(byte >> 4)]));
        text.push(char::from(HEX[usize::from(byte & 15)]));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ports::SeededRandom;

    fn key() -> String {
        let key = KeyText::generate(&SeededRandom::new(1));
        key.secret().expose_secret().to_owned()
    }

    #[test]
    fn a_key_reads_back_and_has_a_hash_of_its_own() {
        let text = key();
        assert!(text.starts_with("spoa_") && text.len() == 77, "{text}");
        let read = KeyText::parse(&text).unwrap();
        assert_eq!(read.hash(), KeyText::generate(&SeededRandom::new(1)).hash());
        assert_ne!(read.hash(), KeyText::generate(&SeededRandom::new(2)).hash());
        assert!(!format!("{read:?}").contains(&text[5..20]));
    }

    #[test]
    fn a_mistyped_key_is_told_from_what_is_none() {
        let text = key();
        for index in 5..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[index] = if bytes[index] == b'0' { b'1' } else { b'0' };
            let mistyped = String::from_utf8(bytes).unwrap();
            assert_eq!(
                KeyText::parse(&mistyped).unwrap_err(),
                WrongKeyText::Checksum
            );
        }
        for none in ["", "spoa_", &text[1..], &text[..76], &text.to_uppercase()] {
            assert_eq!(KeyText::parse(none).unwrap_err(), WrongKeyText::Malformed);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_a_key_panic(text in "(spoa_)?.{0,100}") {
            let _ = KeyText::parse(&text);
        }
    }
}
