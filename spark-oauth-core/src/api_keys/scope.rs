//! What an API key may do.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What an API key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum KeyScope {
    /// See which tokens there are, without their secrets.
    #[serde(rename = "tokens:read")]
    TokensRead,
    /// Fetch access tokens.
    #[serde(rename = "tokens:use")]
    TokensUse,
    /// Refresh, revoke and remove tokens.
    #[serde(rename = "tokens:write")]
    TokensWrite,
    /// Make consent links and see what became of them.
    #[serde(rename = "consents:request")]
    ConsentsRequest,
}

/// A text that names no scope of an API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a scope of an API key is one of tokens:read, tokens:use, tokens:write, consents:request")]
pub struct UnknownKeyScope;

impl KeyScope {
    /// Every scope.
    pub const ALL: [Self; 4] = [
        Self::TokensRead,
        Self::TokensUse,
        Self::TokensWrite,
        Self::ConsentsRequest,
    ];

    /// The scope as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TokensRead => "tokens:read",
            Self::TokensUse => "tokens:use",
            Self::TokensWrite => "tokens:write",
            Self::ConsentsRequest => "consents:request",
        }
    }
}

impl fmt::Display for KeyScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for KeyScope {
    type Err = UnknownKeyScope;

    fn from_str(text: &str) -> Result<Self, UnknownKeyScope> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or(UnknownKeyScope)
    }
}

/// The scopes of a key; a key has at least one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyScopes(BTreeSet<KeyScope>);

impl KeyScopes {
    /// Takes the scopes of a key; `None` where there is none.
    pub fn new(scopes: impl IntoIterator<Item = KeyScope>) -> Option<Self> {
        let scopes: BTreeSet<_> = scopes.into_iter().collect();
        (!scopes.is_empty()).then_some(Self(scopes))
    }

    /// Whether the key may do this.
    pub fn allow(&self, scope: KeyScope) -> bool {
        self.0.contains(&scope)
    }

    /// The scopes in their order.
    pub fn iter(&self) -> impl Iterator<Item = KeyScope> {
        self.0.iter().copied()
    }
}

impl fmt::Display for KeyScopes {
    /// Separated by spaces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            fmt::Display::fmt(&scope, f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_read_back_and_are_those_of_json() {
        for scope in KeyScope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.as_str());
        }
        assert_eq!("tokens".parse::<KeyScope>(), Err(UnknownKeyScope));
    }

    #[test]
    fn a_key_allows_what_it_names_and_nothing_else() {
        assert_eq!(KeyScopes::new([]), None);
        let scopes = KeyScopes::new([KeyScope::TokensUse, KeyScope::TokensRead]).unwrap();
        assert!(scopes.allow(KeyScope::TokensUse) && !scopes.allow(KeyScope::TokensWrite));
        assert_eq!(scopes.to_string(), "tokens:read tokens:use");
    }
}
