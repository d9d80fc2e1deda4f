//! The record of an API key.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::api_keys::{KeyRefusal, KeyScopes, Reach};
use crate::hidden::{is_hidden, is_visible};
use crate::ids::ApiKeyId;
use crate::timestamp::Timestamp;

/// SHA-256 of an API key's text: what a store finds the key by.
#[derive(Clone, Copy, Eq, PartialOrd, Ord)]
pub struct KeyHash(pub [u8; 32]);

impl PartialEq for KeyHash {
    /// In a time that does not depend on where the hashes differ.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Hash for KeyHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(..)")
    }
}

/// What a key is called in logs and lists: 1 to 64 characters, kept as written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyName(String);

/// A text that is no name of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 64 characters, and none that cannot be seen")]
pub struct InvalidKeyName;

impl KeyName {
    /// Reads a name; surrounding white space is dropped.
    ///
    /// # Errors
    /// [`InvalidKeyName`] where it is empty, too long, or holds what cannot be seen.
    pub fn parse(text: &str) -> Result<Self, InvalidKeyName> {
        let text = text.trim();
        let visible = is_visible(text) && !text.chars().any(is_hidden);
        if visible && (1..=64).contains(&text.chars().count()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidKeyName)
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for KeyName {
    type Error = InvalidKeyName;

    fn try_from(text: String) -> Result<Self, InvalidKeyName> {
        Self::parse(&text)
    }
}

impl From<KeyName> for String {
    fn from(name: KeyName) -> Self {
        name.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An API key, without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// The record's identifier.
    pub id: ApiKeyId,
    /// What it is called. Several keys may have one name, as while one replaces
    /// another.
    pub name: KeyName,
    /// What it is found by.
    pub hash: KeyHash,
    /// What it may do.
    pub scopes: KeyScopes,
    /// Whose tokens it is good for.
    pub reach: Reach,
    /// How many requests a minute it may make; `None` for any number.
    pub requests_per_minute: Option<NonZeroU32>,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom: the username of an admin, or `operator` at the command line.
    pub created_by: String,
    /// When it ends by itself; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute; `None` for never.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked. A revoked key stays, for the audit log's sake.
    pub revoked_at: Option<Timestamp>,
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It is accepted.
    Active,
    /// It has ended by itself.
    Expired,
    /// It was revoked, perhaps after it had ended.
    Revoked,
}

impl KeyState {
    /// The state in a word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl ApiKey {
    /// Where the key stands at `now`.
    pub fn state(&self, now: Timestamp) -> KeyState {
        if self.revoked_at.is_some() {
            return KeyState::Revoked;
        }
        match self.expires_at {
            Some(end) if end.has_passed(now) => KeyState::Expired,
            _ => KeyState::Active,
        }
    }

    /// Whether the key is good at `now`.
    ///
    /// # Errors
    /// [`KeyRefusal::Revoked`] or [`KeyRefusal::Expired`].
    pub fn check(&self, now: Timestamp) -> Result<(), KeyRefusal> {
        match self.state(now) {
            KeyState::Active => Ok(()),
            KeyState::Expired => Err(KeyRefusal::Expired),
            KeyState::Revoked => Err(KeyRefusal::Revoked),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_be_seen_and_is_not_too_long() {
        assert_eq!(
            KeyName::parse(" nightly report ").unwrap().as_str(),
            "nightly report"
        );
        assert!(KeyName::parse(&"é".repeat(64)).is_ok());
        for text in ["", "  ", "a\nb", &"x".repeat(65)] {
            assert_eq!(KeyName::parse(text), Err(InvalidKeyName), "{text:?}");
        }
    }
}
