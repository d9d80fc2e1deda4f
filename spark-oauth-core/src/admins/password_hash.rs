//! The stored form of a password.

use std::fmt;

/// A bcrypt hash, in the modular crypt format (`$2b$12$…`).
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    text: String,
    cost: u32,
}

/// A text that is no bcrypt hash. The text itself is never shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a bcrypt hash: expected 60 characters that begin with $2a$, $2b$ or $2y$")]
pub struct InvalidPasswordHash;

impl PasswordHash {
    /// Takes over a hash; the prefixes `$2a$`, `$2b$` and `$2y$` mean the same.
    ///
    /// # Errors
    /// [`InvalidPasswordHash`] where the text is none.
    pub fn parse(text: &str) -> Result<Self, InvalidPasswordHash> {
        let mut parts = text.split('$');
        let (Some(""), Some("2a" | "2b" | "2y"), Some(cost), Some(body), None) = (
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
        ) else {
            return Err(InvalidPasswordHash);
        };
        let in_alphabet = |b: u8| b.is_ascii_alphanumeric() || b == b'.' || b == b'/';
        let cost = (cost.len() == 2)
            .then(|| cost.parse::<u32>().ok())
            .flatten()
            .filter(|cost| (4..=31).contains(cost))
            .ok_or(InvalidPasswordHash)?;
        if body.len() == 53 && body.bytes().all(in_alphabet) {
            Ok(Self {
                text: text.to_owned(),
                cost,
            })
        } else {
            Err(InvalidPasswordHash)
        }
    }

    /// The hash, for a store to keep and for verification.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The logarithm of the number of rounds.
    pub const fn cost(&self) -> u32 {
        self.cost
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasswordHash(bcrypt, cost {})", self.cost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "abcdefghijklmnopqrstuv0123456789012345678901234567890";

    #[test]
    fn takes_over_the_hashes_of_other_implementations() {
        for prefix in ["2a", "2b", "2y"] {
            let hash = PasswordHash::parse(&format!("${prefix}$08${BODY}")).unwrap();
            assert_eq!(hash.cost(), 8);
            assert!(!format!("{hash:?}").contains(BODY));
        }
    }

    #[test]
    fn refuses_what_is_no_hash() {
        for text in [
            String::new(),
            "123456".to_owned(),
            format!("$2x$08${BODY}"),
            format!("$2b$03${BODY}"),
            format!("$2b$8${BODY}"),
            format!("$2b$08${BODY}x"),
            format!("$2b$08${BODY}$"),
            format!("$2b$08${}", BODY.replace('a', "!")),
        ] {
            assert!(PasswordHash::parse(&text).is_err(), "{text}");
        }
    }
}
