//! Sealing: what lies in a store opens only with a key that is not in it.
//!
//! Each value is sealed with XChaCha20-Poly1305 under a key of the [`KeyRing`].
//! The sealed value names its key, so that keys can be rotated; its additional
//! data binds it to its record and field, so that a value moved elsewhere does
//! not open.

mod key;
mod ring;
mod sealed;

pub use key::{InvalidKey, KeyFingerprint, SealingKey};
pub(crate) use ring::LinkTag;
pub use ring::{InvalidKeyRing, KeyRing};
pub use sealed::{Field, OpenError, Sealed};
