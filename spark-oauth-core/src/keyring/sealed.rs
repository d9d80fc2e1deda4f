//! A sealed value: what a store holds in place of a secret.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::keyring::{KeyFingerprint, SealingKey};
use crate::ports::Random;

/// The first byte of a sealed value: the layout and the cipher.
const FORMAT: u8 = 1;
const NONCE_LENGTH: usize = 24;
const NONCE_START: usize = 1 + KeyFingerprint::LENGTH;
const BODY_START: usize = NONCE_START + NONCE_LENGTH;

/// Bytes that only a key of the ring opens, and only at their own place:
/// format, key fingerprint, nonce, ciphertext with tag.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

/// Which field of a record a value belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// [`Token::access`](crate::token::Token::access).
    AccessToken,
    /// [`Token::refresh`](crate::token::Token::refresh).
    RefreshToken,
    /// [`PendingConsent::verifier`](crate::ports::PendingConsent::verifier).
    CodeVerifier,
}

/// Why a sealed value does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The key that sealed it is not in the ring.
    #[error("the key {0} is needed and not in the key ring")]
    MissingKey(KeyFingerprint),
    /// The value was changed, or belongs to another record or field.
    #[error("a sealed value was changed or moved")]
    NotAuthentic,
    /// The bytes have not the form of a sealed value.
    #[error("a sealed value is damaged")]
    Malformed,
}

impl Sealed {
    /// Takes over the bytes that a store kept.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes for a store to keep.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes for a store to keep.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Which key opens this value.
    ///
    /// # Errors
    /// [`OpenError::Malformed`] where the bytes have not the form of a sealed value.
    pub fn key(&self) -> Result<KeyFingerprint, OpenError> {
        match (self.0.first(), self.0.get(1..NONCE_START)) {
            (Some(&FORMAT), Some(name)) if self.0.len() >= BODY_START => name
                .try_into()
                .map(KeyFingerprint::from_bytes)
                .map_err(|_| OpenError::Malformed),
            _ => Err(OpenError::Malformed),
        }
    }

    pub(super) fn seal(
        key: &SealingKey,
        field: Field,
        record: &[u8],
        text: &str,
        random: &dyn Random,
    ) -> Self {
        let mut nonce = [0; NONCE_LENGTH];
        random.fill(&mut nonce);
        let aad = field.additional_data(record);
        let payload = Payload {
            msg: text.as_bytes(),
            aad: &aad,
        };
        #[expect(clippy::expect_used, reason = "the cipher's limit is 256 GiB")]
        let body = cipher(key)
            .encrypt(&XNonce::from(nonce), payload)
            .expect("a short text");
        let mut bytes = Vec::with_capacity(BODY_START + body.len());
        bytes.push(FORMAT);
        bytes.extend_from_slice(key.fingerprint().as_bytes());
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&body);
        Self(bytes)
    }

    pub(super) fn open(
        &self,
        key: &SealingKey,
        field: Field,
        record: &[u8],
    ) -> Result<Zeroizing<String>, OpenError> {
        let nonce: [u8; NONCE_LENGTH] = self
            .0
            .get(NONCE_START..BODY_START)
            .and_then(|nonce| nonce.try_into().ok())
            .ok_or(OpenError::Malformed)?;
        let aad = field.additional_data(record);
        let payload = Payload {
            msg: &self.0[BODY_START..],
            aad: &aad,
        };
        let text = cipher(key)
            .decrypt(&XNonce::from(nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| OpenError::NotAuthentic)?;
        std::str::from_utf8(&text)
            .map(|text| Zeroizing::new(text.to_owned()))
            .map_err(|_| OpenError::Malformed)
    }
}

fn cipher(key: &SealingKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(*key.sealing_bytes()))
}

impl Field {
    /// Binds a value to its record and field: no two places have the same bytes,
    /// since the label ends before the record begins.
    fn additional_data(self, record: &[u8]) -> Vec<u8> {
        let label: &[u8] = match self {
            Self::AccessToken => b"token.access\0",
            Self::RefreshToken => b"token.refresh\0",
            Self::CodeVerifier => b"consent.verifier\0",
        };
        [label, record].concat()
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key() {
            Ok(key) => write!(f, "Sealed({} bytes, key {key})", self.0.len()),
            Err(_) => write!(f, "Sealed({} bytes, malformed)", self.0.len()),
        }
    }
}
