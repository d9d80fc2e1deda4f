//! Where a token stands in its life, and which steps lead on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::timestamp::Timestamp;

/// Where a token stands: `Active` → `NeedsConsent` → `Active`, or `Revoked`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Status {
    /// The token can be handed out and refreshed.
    Active,
    /// The provider refuses to refresh: the person must consent again.
    NeedsConsent {
        /// What was lost.
        reason: ConsentLoss,
        /// Since when.
        since: Timestamp,
    },
    /// An admin or the person revoked the token at the provider.
    Revoked {
        /// Who did.
        by: RevokedBy,
        /// When.
        at: Timestamp,
    },
}

/// Why a person must consent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentLoss {
    /// The provider refused the refresh token: it expired, the person withdrew, left or
    /// changed the password, or an earlier answer was lost with the token that replaced
    /// it. The provider does not say which.
    RefreshRefused,
    /// The refresh token's own life ended before it was used.
    RefreshTokenExpired,
    /// The provider never gave a refresh token, and the access token has ended.
    NoRefreshToken,
}

/// Who revoked a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevokedBy {
    /// An admin, in the admin centre or by the API.
    Admin,
    /// The person.
    Person,
}

/// A [`Status`] without its particulars: what a list filters by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusKind {
    /// See [`Status::Active`].
    Active,
    /// See [`Status::NeedsConsent`].
    NeedsConsent,
    /// See [`Status::Revoked`].
    Revoked,
}

/// A text that names no status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a status is one of active, needs_consent, revoked")]
pub struct UnknownStatus;

/// A step that leads nowhere from where the token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token that is {from} cannot become {to}")]
pub struct InvalidTransition {
    /// Where the token stands.
    pub from: StatusKind,
    /// Where it was to go.
    pub to: StatusKind,
}

impl Status {
    /// The status without its particulars.
    pub const fn kind(self) -> StatusKind {
        match self {
            Self::Active => StatusKind::Active,
            Self::NeedsConsent { .. } => StatusKind::NeedsConsent,
            Self::Revoked { .. } => StatusKind::Revoked,
        }
    }

    /// The provider refuses for good.
    ///
    /// # Errors
    /// [`InvalidTransition`] where the token is not active.
    pub const fn lose_consent(
        self,
        reason: ConsentLoss,
        since: Timestamp,
    ) -> Result<Self, InvalidTransition> {
        match self {
            Self::Active => Ok(Self::NeedsConsent { reason, since }),
            other => Err(InvalidTransition {
                from: other.kind(),
                to: StatusKind::NeedsConsent,
            }),
        }
    }

    /// Somebody revoked the token at the provider.
    ///
    /// # Errors
    /// [`InvalidTransition`] where it is revoked already.
    pub const fn revoke(self, by: RevokedBy, at: Timestamp) -> Result<Self, InvalidTransition> {
        match self {
            Self::Active | Self::NeedsConsent { .. } => Ok(Self::Revoked { by, at }),
            Self::Revoked { .. } => Err(InvalidTransition {
                from: StatusKind::Revoked,
                to: StatusKind::Revoked,
            }),
        }
    }
}

impl StatusKind {
    /// Every status, in the order of a token's life.
    pub const ALL: [Self; 3] = [Self::Active, Self::NeedsConsent, Self::Revoked];

    /// The word in URLs, JSON and stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::NeedsConsent => "needs_consent",
            Self::Revoked => "revoked",
        }
    }
}

impl fmt::Display for StatusKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for StatusKind {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(UnknownStatus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_millis(5);

    #[test]
    fn only_an_active_token_can_lose_its_consent() {
        let lost = Status::Active
            .lose_consent(ConsentLoss::RefreshRefused, AT)
            .unwrap();
        assert_eq!(lost.kind(), StatusKind::NeedsConsent);
        assert!(lost.lose_consent(ConsentLoss::RefreshRefused, AT).is_err());
        let revoked = Status::Active.revoke(RevokedBy::Admin, AT).unwrap();
        assert!(
            revoked
                .lose_consent(ConsentLoss::RefreshRefused, AT)
                .is_err()
        );
    }

    #[test]
    fn revoking_ends_the_life_once() {
        let lost = Status::Active
            .lose_consent(ConsentLoss::RefreshRefused, AT)
            .unwrap();
        let revoked = lost.revoke(RevokedBy::Person, AT).unwrap();
        assert_eq!(
            revoked
                .revoke(RevokedBy::Admin, AT)
                .unwrap_err()
                .to_string(),
            "a token that is revoked cannot become revoked"
        );
    }

    #[test]
    fn the_words_read_back() {
        for kind in StatusKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert_eq!("Active".parse::<StatusKind>(), Err(UnknownStatus));
    }
}
