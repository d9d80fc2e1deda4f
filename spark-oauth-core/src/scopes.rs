//! OAuth scopes (RFC 6749 section 3.3).

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A set of scopes, sorted and without repetition, so that the same grant has
/// the same text whatever order the provider named its scopes in.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scopes(BTreeSet<String>);

/// A text that holds a character no scope may have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a scope: {0:?} (scopes are separated by spaces and hold neither quotes nor backslashes)"
)]
pub struct InvalidScope(String);

impl Scopes {
    /// Reads scopes separated by white space.
    ///
    /// # Errors
    /// [`InvalidScope`] names the first scope with a character outside RFC 6749's
    /// `NQCHAR` (printable ASCII without `"` and `\`).
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        text.split_whitespace()
            .map(|scope| {
                let valid = scope
                    .bytes()
                    .all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\');
                if valid {
                    Ok(scope.to_owned())
                } else {
                    Err(InvalidScope(scope.to_owned()))
                }
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The scopes in their order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether the set holds `scope`.
    pub fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    /// Whether every scope of `other` is in this set.
    pub fn covers(&self, other: &Self) -> bool {
        other.0.is_subset(&self.0)
    }

    /// These scopes and one more.
    #[must_use]
    pub fn with(&self, scope: &str) -> Self {
        let one = std::iter::once(scope.to_owned());
        Self(self.0.iter().cloned().chain(one).collect())
    }

    /// Those that are not in `other`.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0).cloned().collect())
    }

    /// Whether there is no scope at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many scopes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl TryFrom<String> for Scopes {
    type Error = InvalidScope;

    fn try_from(text: String) -> Result<Self, InvalidScope> {
        Self::parse(&text)
    }
}

impl From<Scopes> for String {
    fn from(scopes: Scopes) -> Self {
        scopes.to_string()
    }
}

impl fmt::Display for Scopes {
    /// The scopes separated by one space, as a request and a store hold them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_order_and_repetition_of_the_text_do_not_matter() {
        let one = Scopes::parse("spark:rooms_write  spark:people_read spark:rooms_write").unwrap();
        assert_eq!(
            one,
            Scopes::parse("spark:people_read\nspark:rooms_write").unwrap()
        );
        assert_eq!(one.to_string(), "spark:people_read spark:rooms_write");
    }

    #[test]
    fn refuses_characters_outside_the_grammar() {
        assert_eq!(
            Scopes::parse("a b\"c"),
            Err(InvalidScope("b\"c".to_owned()))
        );
        assert!(Scopes::parse("naïve").is_err());
    }

    proptest! {
        #[test]
        fn reads_back_what_it_writes(names in prop::collection::vec("[a-z:_-]{1,20}", 0..20)) {
            let scopes = Scopes::parse(&names.join(" ")).unwrap();
            prop_assert_eq!(&Scopes::parse(&scopes.to_string()).unwrap(), &scopes);
            prop_assert!(scopes.covers(&scopes));
        }
    }
}
