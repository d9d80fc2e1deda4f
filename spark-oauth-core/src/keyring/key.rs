//! One key, its text and its fingerprint.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::ports::Random;

/// What tells keys apart without saying anything about them. In JSON it is the
/// text of 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyFingerprint([u8; Self::LENGTH]);

/// A text that is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a key fingerprint: expected 16 hexadecimal digits")]
pub struct InvalidFingerprint;

impl KeyFingerprint {
    /// The length in bytes.
    pub const LENGTH: usize = 8;

    /// Takes over the bytes of a fingerprint.
    pub const fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// The bytes of the fingerprint.
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

impl fmt::Display for KeyFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl TryFrom<String> for KeyFingerprint {
    type Error = InvalidFingerprint;

    fn try_from(text: String) -> Result<Self, InvalidFingerprint> {
        text.parse()
    }
}

impl From<KeyFingerprint> for String {
    fn from(fingerprint: KeyFingerprint) -> Self {
        fingerprint.to_string()
    }
}

impl fmt::Debug for KeyFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyFingerprint({self})")
    }
}

impl FromStr for KeyFingerprint {
    type Err = InvalidFingerprint;

    fn from_str(text: &str) -> Result<Self, InvalidFingerprint> {
        let well_formed = text.len() == 2 * Self::LENGTH && text.is_ascii();
        let number = u64::from_str_radix(text, 16).map_err(|_| InvalidFingerprint)?;
        if well_formed && !text.starts_with('+') {
            Ok(Self(number.to_be_bytes()))
        } else {
            Err(InvalidFingerprint)
        }
    }
}

/// What a key is used for: each use derives a key of its own (HKDF, RFC 5869).
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    /// Sealing values for a store.
    Seal,
    /// The code of the set-up link.
    SetUp,
    /// Signing consent links.
    ConsentLink,
    /// Telling keys apart.
    Fingerprint,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Seal => b"spark-oauth seal v1",
            Self::SetUp => b"spark-oauth set-up v1",
            Self::ConsentLink => b"spark-oauth consent link v1",
            Self::Fingerprint => b"spark-oauth fingerprint v1",
        }
    }
}

/// A key of 256 random bits.
#[derive(Clone)]
pub struct SealingKey {
    bytes: Zeroizing<[u8; Self::LENGTH]>,
    seal: Zeroizing<[u8; Self::LENGTH]>,
    fingerprint: KeyFingerprint,
}

/// A text that is no key. The text itself is never shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// Not base64.
    #[error("a key is written in base64; make one with `openssl rand -base64 32`")]
    NotBase64,
    /// It holds a character that base64 does not have, which may be invisible.
    #[error(
        "it holds the character U+{:04X}, which base64 does not have; remove it, or make a key \
         with `openssl rand -base64 32`",
        u32::from(*.0)
    )]
    Character(char),
    /// Not 256 bits.
    #[error("a key has 32 bytes, this one has {0}; make one with `openssl rand -base64 32`")]
    Length(usize),
}

impl SealingKey {
    /// The length in bytes.
    pub const LENGTH: usize = 32;

    /// Makes a new key.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0; Self::LENGTH]);
        random.fill(&mut *bytes);
        Self::from_bytes(bytes)
    }

    /// Takes over the bytes of a key.
    pub fn from_bytes(bytes: Zeroizing<[u8; Self::LENGTH]>) -> Self {
        let seal = derive(&bytes, Purpose::Seal);
        let mut fingerprint = [0; KeyFingerprint::LENGTH];
        fingerprint
            .copy_from_slice(&derive(&bytes, Purpose::Fingerprint)[..KeyFingerprint::LENGTH]);
        Self {
            bytes,
            seal,
            fingerprint: KeyFingerprint(fingerprint),
        }
    }

    /// Reads a key from base64, in the standard or the URL-safe alphabet.
    ///
    /// # Errors
    /// [`InvalidKey`] says what is wrong, without the text.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let text = text.trim();
        let foreign = |c: &char| !c.is_ascii_alphanumeric() && !"+/-_=".contains(*c);
        if let Some(character) = text.chars().find(foreign) {
            return Err(InvalidKey::Character(character));
        }
        let decoded = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]
            .iter()
            .find_map(|alphabet| alphabet.decode(text).ok())
            .map(Zeroizing::new)
            .ok_or(InvalidKey::NotBase64)?;
        let bytes = decoded
            .as_slice()
            .try_into()
            .map_err(|_| InvalidKey::Length(decoded.len()))?;
        Ok(Self::from_bytes(Zeroizing::new(bytes)))
    }

    /// The key as base64, for a key file.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(*self.bytes))
    }

    /// What tells this key apart.
    pub const fn fingerprint(&self) -> KeyFingerprint {
        self.fingerprint
    }

    /// The derived key that seals.
    pub(super) fn sealing_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.seal
    }

    /// HMAC-SHA256 (RFC 2104) of `message` under the key derived for `purpose`.
    pub(super) fn authenticate(&self, purpose: Purpose, message: &[u8]) -> [u8; 32] {
        let key = derive(&self.bytes, purpose);
        #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&*key).expect("a key of 32 bytes");
        mac.update(message);
        mac.finalize().into_bytes().into()
    }
}

fn derive(bytes: &[u8; SealingKey::LENGTH], purpose: Purpose) -> Zeroizing<[u8; 32]> {
    let mut derived = Zeroizing::new([0; 32]);
    #[expect(clippy::expect_used, reason = "HKDF-SHA256 gives up to 8160 bytes")]
    Hkdf::<Sha256>::new(None, bytes)
        .expand(purpose.label(), &mut *derived)
        .expect("32 bytes are no more than HKDF gives");
    derived
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKey({})", self.fingerprint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SeededRandom;

    #[test]
    fn reads_every_usual_way_to_write_base64() {
        let key = SealingKey::from_bytes(Zeroizing::new([0xfb; 32]));
        for alphabet in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
            let read = SealingKey::parse(&format!(" {}\n", alphabet.encode([0xfb; 32]))).unwrap();
            assert_eq!(read.fingerprint(), key.fingerprint());
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_key_without_showing_it() {
        assert_eq!(
            SealingKey::parse("sesame!").unwrap_err(),
            InvalidKey::Character('!')
        );
        assert_eq!(
            SealingKey::parse("sesame").unwrap_err(),
            InvalidKey::NotBase64
        );
        for (text, named) in [("sesame\0", "U+0000"), ("ses\u{200b}ame", "U+200B")] {
            let refused = SealingKey::parse(text).unwrap_err().to_string();
            assert!(refused.contains(named), "{refused}");
        }
        let short = SealingKey::parse("c2VzYW1l").unwrap_err();
        assert_eq!(short, InvalidKey::Length(6));
        assert!(!short.to_string().contains("c2VzYW1l"));
    }

    #[test]
    fn a_key_shows_only_its_fingerprint() {
        let key = SealingKey::generate(&SeededRandom::new(1));
        let shown = format!("{key:?}");
        assert_eq!(shown, format!("SealingKey({})", key.fingerprint()));
        assert_eq!(key.fingerprint().to_string().parse(), Ok(key.fingerprint()));
        assert!("+1234567890abcde".parse::<KeyFingerprint>().is_err());
    }

    #[test]
    fn different_keys_have_different_fingerprints() {
        let random = SeededRandom::new(1);
        let (one, other) = (SealingKey::generate(&random), SealingKey::generate(&random));
        assert_ne!(one.fingerprint(), other.fingerprint());
        assert_ne!(one.sealing_bytes(), &*one.bytes);
    }
}
