//! Revoking at the provider, and withdrawing.
//!
//! Revoking ends the person's authorizations of the whole integration at the
//! provider, so every record of that person for that integration follows.

use std::time::Duration;

use crate::audit::{AuditAction, Caller};
use crate::broker::error::TokenError;
use crate::broker::service::Broker;
use crate::ids::TokenId;
use crate::ports::{Revocation, StoreError};
use crate::token::{RevokedBy, Status, Token};

/// How often one record is written again when others write it too.
const WRITE_ATTEMPTS: usize = 16;

impl Broker {
    /// Revokes the person's authorization at the provider, and marks every record
    /// of that person for this integration as revoked. Where the provider does not
    /// allow it, the records are left as they are.
    ///
    /// # Errors
    /// [`TokenError`] says why nothing was revoked.
    pub async fn revoke(
        &self,
        id: TokenId,
        by: RevokedBy,
        caller: &Caller,
    ) -> Result<Revocation, TokenError> {
        let token = self.get(id).await?;
        let outcome = self.revoke_record(&token, by).await;
        self.note(
            caller,
            AuditAction::TokenRevoked,
            &token,
            outcome.as_ref().err(),
        )
        .await;
        outcome
    }

    async fn revoke_record(&self, token: &Token, by: RevokedBy) -> Result<Revocation, TokenError> {
        if let Status::Revoked { by, at } = token.status {
            return Err(TokenError::Revoked { by, at });
        }
        let revocation = self.revoke_at_provider(token).await?;
        if revocation != Revocation::NotPermitted {
            self.mark_revoked(token, by).await?;
        }
        Ok(revocation)
    }

    /// The provider wants a valid access token for this; a token that the person
    /// must consent to anew has none, and is as good as gone.
    async fn revoke_at_provider(&self, token: &Token) -> Result<Revocation, TokenError> {
        match self.check_out_record(token.clone(), Duration::ZERO).await {
            Ok(valid) => Ok(self
                .refresher
                .client
                .revoke(&self.refresher.integration, &valid.access_token)
                .await?),
            Err(TokenError::NeedsConsent { .. }) => Ok(Revocation::AlreadyGone),
            Err(error) => Err(error),
        }
    }

    async fn mark_revoked(&self, token: &Token, by: RevokedBy) -> Result<(), TokenError> {
        let siblings = match &token.person {
            Some(person) => {
                self.tokens()
                    .find_by_person(&token.integration, person)
                    .await?
            }
            None => Vec::new(),
        };
        let others = siblings
            .iter()
            .map(|sibling| sibling.id)
            .filter(|id| *id != token.id);
        for id in std::iter::once(token.id).chain(others) {
            self.mark_one_revoked(id, by).await?;
        }
        Ok(())
    }

    async fn mark_one_revoked(&self, id: TokenId, by: RevokedBy) -> Result<(), TokenError> {
        for _ in 0..WRITE_ATTEMPTS {
            let Some(mut token) = self.tokens().get(id).await? else {
                return Ok(());
            };
            let Ok(status) = token.status.revoke(by, self.refresher.clock.now()) else {
                return Ok(());
            };
            token.status = status;
            token.generation += 1;
            match self.tokens().update(&token).await {
                Ok(_) => return Ok(()),
                Err(error) if error.is_stale() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Conflict.into())
    }

    /// The person takes the consent back: revoked at the provider where it allows,
    /// and the record removed in any case. Answers what the provider said.
    ///
    /// # Errors
    /// [`TokenError::NotFound`], or the store's: then the record is still there.
    pub async fn withdraw(
        &self,
        id: TokenId,
        caller: &Caller,
    ) -> Result<Result<Revocation, TokenError>, TokenError> {
        let token = self.get(id).await?;
        let revocation = self.revoke_record(&token, RevokedBy::Person).await;
        if let Err(error) = &revocation {
            tracing::warn!(token = %id, %error, "a withdrawn consent was not revoked");
        }
        if !self.tokens().remove(id).await? {
            return Err(TokenError::NotFound);
        }
        self.note(caller, AuditAction::ConsentWithdrawn, &token, None)
            .await;
        Ok(revocation)
    }
}
