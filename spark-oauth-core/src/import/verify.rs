//! Reading back what stands in the store, and opening it.

use crate::admins::Admin;
use crate::ids::{AdminId, TokenId};
use crate::import::Remark;
use crate::import::admin_candidate::AdminCandidate;
use crate::import::importer::{Importer, Settled};
use crate::import::report::Source;
use crate::import::token_candidate::TokenCandidate;
use crate::ports::StoreError;
use crate::token::Token;

/// A record of the sample that stands in the store now.
#[derive(Debug)]
pub(super) enum Written<'s> {
    Token {
        candidate: &'s TokenCandidate<'s>,
        id: TokenId,
        /// Whether this import wrote it.
        now: bool,
    },
    Admin {
        candidate: &'s AdminCandidate<'s>,
        id: AdminId,
        /// Whether this import wrote it.
        now: bool,
    },
}

impl<'s> Written<'s> {
    pub(super) fn token(
        candidate: &'s TokenCandidate<'s>,
        settled: &Settled<TokenId>,
    ) -> Option<Self> {
        let now = !matches!(settled, Settled::AlreadyThere(_));
        settled.standing().map(|id| Self::Token {
            candidate,
            id: *id,
            now,
        })
    }

    pub(super) fn admin(
        candidate: &'s AdminCandidate<'s>,
        settled: &Settled<AdminId>,
    ) -> Option<Self> {
        let now = !matches!(settled, Settled::AlreadyThere(_));
        settled.standing().map(|id| Self::Admin {
            candidate,
            id: *id,
            now,
        })
    }

    pub(super) fn source(&self) -> Source<'s> {
        match self {
            Self::Token { candidate, .. } => candidate.source(),
            Self::Admin { candidate, .. } => candidate.source(),
        }
    }
}

impl Importer {
    /// What is wrong with a record that stands in the store; `None` where it is there
    /// and opens. A server may have refreshed it meanwhile.
    pub(super) async fn verify(&self, written: &Written<'_>) -> Result<Option<Remark>, StoreError> {
        let fault = match written {
            Written::Token { candidate, id, now } => match self.stores.tokens.get(*id).await {
                Ok(token) => self.fault_of_token(token.as_ref(), candidate, *now),
                Err(error) => Some(unreadable(error)?),
            },
            Written::Admin { candidate, id, now } => match self.stores.admins.get(*id).await {
                Ok(admin) => fault_of_admin(admin.as_ref(), candidate, *now),
                Err(error) => Some(unreadable(error)?),
            },
        };
        Ok(fault)
    }

    fn fault_of_token(
        &self,
        token: Option<&Token>,
        candidate: &TokenCandidate<'_>,
        now: bool,
    ) -> Option<Remark> {
        let Some(token) = token else {
            return Some(Remark::Gone);
        };
        let untouched = token.person.is_none() && token.last_refresh.is_none();
        match self.holds(token, candidate) {
            Ok(false) if now && untouched => Some(Remark::Differs),
            Ok(_) => None,
            Err(error) => Some(error.into()),
        }
    }
}

fn fault_of_admin(
    admin: Option<&Admin>,
    candidate: &AdminCandidate<'_>,
    now: bool,
) -> Option<Remark> {
    match admin {
        None => Some(Remark::Gone),
        // Who signed in meanwhile may have another hash of the same password.
        Some(admin) if now && admin.last_sign_in_at.is_none() && admin.epoch == 1 => {
            (admin.password_hash != candidate.password_hash).then_some(Remark::Differs)
        }
        Some(_) => None,
    }
}

/// A record that cannot be read is a fault of that record; a store that cannot be
/// reached ends the import.
fn unreadable(error: StoreError) -> Result<Remark, StoreError> {
    match error {
        StoreError::Corrupt { .. } => Ok(Remark::Corrupt),
        error => Err(error),
    }
}
