//! Consent links in plain words.

use spark_oauth_core::consent_links::LinkState;

/// State of a consent link, as a word and a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkStatus(pub LinkState);

impl LinkStatus {
    /// What a reader sees.
    pub const fn word(self) -> &'static str {
        match self.0 {
            LinkState::Open => "Open",
            LinkState::Granted => "Granted",
            LinkState::Declined => "Declined",
            LinkState::Expired => "Expired",
        }
    }

    pub(super) const fn class(self) -> &'static str {
        match self.0 {
            LinkState::Open => "accent",
            LinkState::Granted => "good",
            LinkState::Declined => "warning",
            LinkState::Expired => "ended",
        }
    }
}
