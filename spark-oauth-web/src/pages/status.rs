/// State of a token, as a word and a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenStatus {
    /// Kept fresh.
    Active,
    /// The person must consent again.
    NeedsConsent,
    /// Ended at the provider by an admin or the person.
    Revoked,
}

impl TokenStatus {
    /// All states, in the order of the filter.
    pub const ALL: [Self; 3] = [Self::Active, Self::NeedsConsent, Self::Revoked];

    /// Spelling in URLs, as in `?status=needs_consent`.
    pub fn value(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::NeedsConsent => "needs_consent",
            Self::Revoked => "revoked",
        }
    }

    /// What a reader sees.
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::NeedsConsent => "Needs consent",
            Self::Revoked => "Revoked",
        }
    }

    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Active => "good",
            Self::NeedsConsent => "warning",
            Self::Revoked => "ended",
        }
    }
}
