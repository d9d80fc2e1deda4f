//! API keys in plain words.

use spark_oauth_core::api_keys::{KeyScope, KeyState};

use super::ScopeView;

/// State of an API key, as a word and a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyStatus(pub KeyState);

impl KeyStatus {
    /// What a reader sees.
    pub const fn word(self) -> &'static str {
        match self.0 {
            KeyState::Active => "Active",
            KeyState::Expired => "Expired",
            KeyState::Revoked => "Revoked",
        }
    }

    pub(super) const fn class(self) -> &'static str {
        match self.0 {
            KeyState::Active => "good",
            KeyState::Expired => "warning",
            KeyState::Revoked => "ended",
        }
    }

    pub(super) fn is_revoked(self) -> bool {
        self.0 == KeyState::Revoked
    }
}

impl From<KeyScope> for ScopeView {
    fn from(scope: KeyScope) -> Self {
        let words = match scope {
            KeyScope::TokensRead => "see which tokens there are, without their secrets",
            KeyScope::TokensUse => "fetch access tokens",
            KeyScope::TokensWrite => "refresh, revoke and remove tokens",
            KeyScope::ConsentsRequest => "make consent links, and see what became of them",
        };
        Self {
            name: scope.as_str().to_owned(),
            words: Some(words),
        }
    }
}
