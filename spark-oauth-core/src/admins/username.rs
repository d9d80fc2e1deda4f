//! Usernames of admins.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

/// A username: 3 to 20 letters, digits or underscores; kept as written, unique
/// without regard to case.
#[derive(Clone)]
pub struct Username {
    written: String,
    normalized: String,
}

/// A text that is no username.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a username has 3 to 20 letters (a to z), digits or underscores")]
pub struct InvalidUsername;

impl Username {
    /// Reads a username.
    ///
    /// # Errors
    /// [`InvalidUsername`] where the text does not match `^[A-Za-z0-9_]{3,20}$`.
    pub fn parse(text: &str) -> Result<Self, InvalidUsername> {
        let well_formed = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if well_formed && (3..=20).contains(&text.len()) {
            Ok(Self {
                written: text.to_owned(),
                normalized: text.to_ascii_lowercase(),
            })
        } else {
            Err(InvalidUsername)
        }
    }

    /// The username as it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The username in lower case: what stores keep unique and search.
    pub fn normalized(&self) -> &str {
        &self.normalized
    }
}

impl PartialEq for Username {
    fn eq(&self, other: &Self) -> bool {
        self.normalized == other.normalized
    }
}

impl Eq for Username {}

impl Hash for Username {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.normalized.hash(state);
    }
}

impl FromStr for Username {
    type Err = InvalidUsername;

    fn from_str(text: &str) -> Result<Self, InvalidUsername> {
        Self::parse(text)
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl fmt::Debug for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differing_in_case_only_is_the_same_name() {
        assert_eq!(
            Username::parse("Alice_1").unwrap(),
            Username::parse("aLICE_1").unwrap()
        );
        assert_eq!(Username::parse("Alice_1").unwrap().as_str(), "Alice_1");
    }

    #[test]
    fn refuses_what_the_pattern_does_not_allow() {
        for text in [
            "",
            "ab",
            "a b c",
            "alice@example.com",
            "ålice",
            "abc\n",
            &"a".repeat(21),
        ] {
            assert!(Username::parse(text).is_err(), "{text:?}");
        }
    }
}
