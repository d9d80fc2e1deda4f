//! Scopes: what a person lets an integration do.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Read the own profile.
pub(crate) const PEOPLE_READ: &str = "spark:people_read";
/// See the rooms that the person is in.
pub(crate) const ROOMS_READ: &str = "spark:rooms_read";
/// Create, change and delete rooms.
pub(crate) const ROOMS_WRITE: &str = "spark:rooms_write";
/// See who is in the person's rooms.
pub(crate) const MEMBERSHIPS_READ: &str = "spark:memberships_read";
/// Invite people to rooms.
pub(crate) const MEMBERSHIPS_WRITE: &str = "spark:memberships_write";
/// Read the messages of the person's rooms.
pub(crate) const MESSAGES_READ: &str = "spark:messages_read";
/// Post messages.
pub(crate) const MESSAGES_WRITE: &str = "spark:messages_write";
/// List authorizations. The name stands in the vendor's API reference.
pub(crate) const TOKENS_READ: &str = "identity:tokens_read";
/// Revoke authorizations. The name stands in the vendor's API reference.
pub(crate) const TOKENS_WRITE: &str = "identity:tokens_write";

/// Everything that the person may do.
const ALL: &str = "spark:all";

/// Scopes without a family before a colon: those of `OpenID` Connect.
const WITHOUT_FAMILY: [&str; 6] = [
    "openid",
    "profile",
    "email",
    "address",
    "phone",
    "offline_access",
];

/// What the authorize page says about the scopes it knows.
const IN_PLAIN_WORDS: [(&str, &str); 14] = [
    (ALL, "do everything that you can do yourself"),
    ("spark:kms", "decrypt and encrypt your messages"),
    (
        PEOPLE_READ,
        "read your profile and the directory of your company",
    ),
    (ROOMS_READ, "read the list of your rooms"),
    (ROOMS_WRITE, "create, change and delete rooms in your name"),
    (MEMBERSHIPS_READ, "see who is in your rooms"),
    (MEMBERSHIPS_WRITE, "invite people to your rooms"),
    (MESSAGES_READ, "read the messages in your rooms"),
    (MESSAGES_WRITE, "post and delete messages in your name"),
    ("spark:teams_read", "read the list of your teams"),
    ("spark:teams_write", "create and change teams in your name"),
    (TOKENS_READ, "see which applications have access"),
    (TOKENS_WRITE, "take access away from applications"),
    ("openid", "know who you are"),
];

/// The text holds no scope, or one that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("invalid scope")]
pub struct InvalidScope;

/// A set of scopes in the order in which they were asked for, never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scopes(Vec<String>);

impl Scopes {
    /// Reads a space separated list (RFC 6749, section 3.3).
    ///
    /// # Errors
    /// [`InvalidScope`] where there is none, or where one is no scope: Webex
    /// names them `family:name`, `OpenID` Connect adds a few without a family.
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        let mut scopes: Vec<String> = Vec::new();
        for scope in text.split_ascii_whitespace() {
            if !is_scope(scope) {
                return Err(InvalidScope);
            }
            if !scopes.iter().any(|known| known == scope) {
                scopes.push(scope.to_owned());
            }
        }
        if scopes.is_empty() {
            Err(InvalidScope)
        } else {
            Ok(Self(scopes))
        }
    }

    /// Whether a token with these scopes may do what needs `scope`.
    ///
    /// `spark:all` holds every other one.
    pub fn cover(&self, scope: &str) -> bool {
        self.0
            .iter()
            .any(|granted| granted == scope || granted == ALL)
    }

    /// Whether each of these scopes is one of `others`, literally.
    pub fn is_subset_of(&self, others: &Self) -> bool {
        self.0.iter().all(|scope| others.0.contains(scope))
    }

    /// Each scope with its meaning in plain words, where known.
    pub(crate) fn in_plain_words(&self) -> Vec<(&str, Option<&'static str>)> {
        let meaning = |scope: &str| {
            IN_PLAIN_WORDS
                .iter()
                .find(|(name, _)| *name == scope)
                .map(|(_, meaning)| *meaning)
        };
        self.0
            .iter()
            .map(|scope| (scope.as_str(), meaning(scope)))
            .collect()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

impl TryFrom<String> for Scopes {
    type Error = InvalidScope;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Scopes> for String {
    fn from(scopes: Scopes) -> Self {
        scopes.to_string()
    }
}

impl std::str::FromStr for Scopes {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// RFC 6749's `scope-token`, with a family.
fn is_scope(text: &str) -> bool {
    let characters = text
        .bytes()
        .all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\');
    let family = text
        .split_once(':')
        .is_some_and(|(family, name)| !family.is_empty() && !name.is_empty());
    characters && text.len() <= 128 && (family || WITHOUT_FAMILY.contains(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_keeps_its_order_and_loses_repetitions() {
        let scopes =
            Scopes::parse(" spark:rooms_write  spark:people_read spark:rooms_write").unwrap();
        assert_eq!(scopes.to_string(), "spark:rooms_write spark:people_read");
    }

    #[test]
    fn no_scope_and_a_wrong_scope_are_refused() {
        for text in [
            "",
            "   ",
            "rooms",
            "spark:",
            ":all",
            "spark:\"all\"",
            "spark:röoms",
        ] {
            assert_eq!(Scopes::parse(text), Err(InvalidScope), "{text:?}");
        }
        assert!(Scopes::parse("openid spark-admin:people_read").is_ok());
    }

    #[test]
    fn spark_all_covers_what_was_not_named() {
        let narrow = Scopes::parse("spark:people_read").unwrap();
        assert!(narrow.cover(PEOPLE_READ));
        assert!(!narrow.cover(ROOMS_WRITE));
        let wide = Scopes::parse("spark:all").unwrap();
        assert!(wide.cover(ROOMS_WRITE));
        assert!(!wide.is_subset_of(&narrow));
        assert!(narrow.is_subset_of(&narrow));
    }
}
