//! E-mail addresses, as far as this product needs to know one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An e-mail address: kept as written, compared without regard to case.
///
/// RFC 5321 allows the local part to differ by case; Webex does not make that
/// difference, and neither do we.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress {
    written: String,
    normalized: String,
}

/// Why a text is no e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEmail {
    /// Nothing was given.
    #[error("an e-mail address is needed")]
    Empty,
    /// The text does not have the form `name@domain`.
    #[error("an e-mail address has the form name@example.com")]
    Malformed,
    /// It is longer than [`EmailAddress::MAX_LENGTH`].
    #[error("an e-mail address has at most 254 characters")]
    TooLong,
}

impl EmailAddress {
    /// The longest address, in characters, as JSON Schema and the error count them
    /// (RFC 5321 section 4.5.3.1.3, less the brackets, counts octets).
    pub const MAX_LENGTH: usize = 254;

    /// Reads an address; surrounding white space is dropped.
    ///
    /// # Errors
    /// [`InvalidEmail`] says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidEmail::Empty);
        }
        if text.chars().count() > Self::MAX_LENGTH {
            return Err(InvalidEmail::TooLong);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmail::Malformed)?;
        let foreign = |c: char| c.is_whitespace() || c.is_control() || "<>,;:\"()[]\\".contains(c);
        let labels_are_whole = domain.split('.').all(|label| !label.is_empty());
        if local.is_empty() || text.chars().any(foreign) || local.contains('@') || !labels_are_whole
        {
            return Err(InvalidEmail::Malformed);
        }
        Ok(Self {
            normalized: Self::normalize(text),
            written: text.to_owned(),
        })
    }

    /// An address or a part of one in lower case, character by character: the
    /// lower case of a part is a part of the lower case of the whole. (It is not
    /// with [`str::to_lowercase`], which writes a final sigma differently.)
    pub fn normalize(part: &str) -> String {
        part.chars().flat_map(char::to_lowercase).collect()
    }

    /// The address as it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The address in lower case: what stores search and compare.
    pub fn normalized(&self) -> &str {
        &self.normalized
    }

    /// The address with nothing of the name but its first character, for somebody who
    /// may not be its owner: `a•••@example.org`.
    pub fn masked(&self) -> String {
        let first = self.written.chars().next();
        let domain = self
            .written
            .rsplit_once('@')
            .map_or("", |(_, domain)| domain);
        format!("{}•••@{domain}", first.unwrap_or('•'))
    }

    /// The part behind the `@`, in lower case.
    pub fn domain(&self) -> &str {
        self.normalized
            .rsplit_once('@')
            .map_or("", |(_, domain)| domain)
    }
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.normalized == other.normalized
    }
}

impl Eq for EmailAddress {}

impl std::hash::Hash for EmailAddress {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.normalized.hash(state);
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        Self::parse(text)
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = InvalidEmail;

    fn try_from(text: String) -> Result<Self, InvalidEmail> {
        Self::parse(&text)
    }
}

impl From<EmailAddress> for String {
    fn from(email: EmailAddress) -> Self {
        email.written
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_without_regard_to_case_and_keeps_what_was_written() {
        let written = EmailAddress::parse(" Alice@Example.com ").unwrap();
        assert_eq!(written, EmailAddress::parse("alice@example.COM").unwrap());
        assert_eq!(written.as_str(), "Alice@Example.com");
        assert_eq!(written.domain(), "example.com");
    }

    #[test]
    fn the_lower_case_of_a_part_is_a_part_of_the_lower_case() {
        let address = EmailAddress::parse("ΟΔΟΣ@example.com").unwrap();
        assert!(address.normalized().contains(&EmailAddress::normalize("Σ")));
        assert!(
            address
                .normalized()
                .contains(&EmailAddress::normalize("ΔΟΣ@E"))
        );
    }

    #[test]
    fn refuses_what_is_no_address() {
        for (text, why) in [
            ("  ", InvalidEmail::Empty),
            ("alice", InvalidEmail::Malformed),
            ("@example.com", InvalidEmail::Malformed),
            ("alice@", InvalidEmail::Malformed),
            ("alice@example..com", InvalidEmail::Malformed),
            ("a b@example.com", InvalidEmail::Malformed),
            ("a\n@example.com", InvalidEmail::Malformed),
            ("<a@example.com>", InvalidEmail::Malformed),
        ] {
            assert_eq!(EmailAddress::parse(text).unwrap_err(), why, "{text:?}");
        }
    }

    #[test]
    fn the_longest_address_is_counted_in_characters() {
        for letter in ["a", "é", "😀"] {
            let of = |length: usize| format!("{}@example.com", letter.repeat(length - 12));
            assert!(EmailAddress::parse(&of(254)).is_ok(), "{letter}");
            let refused = EmailAddress::parse(&of(255)).unwrap_err();
            assert_eq!(refused, InvalidEmail::TooLong, "{letter}");
        }
    }
}
