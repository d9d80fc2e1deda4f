//! Revoking at the provider, and withdrawing.
//!
//! Revoking ends the person's authorizations of the whole integration at the
//! provider, so every record of that person for that integration follows.

use std::time::Duration;

use crate::audit::{AuditAction, Caller, Outcome};
use crate::broker::checkout::CheckedOut;
use crate::broker::error::TokenError;
use crate::broker::refresh::Refresher;
use crate::broker::service::{Broker, ended};
use crate::event::{Event, EventKind};
use crate::ids::TokenId;
use crate::patience::Patience;
use crate::ports::{Clock as _, Revocation, StoreError};
use crate::timestamp::Timestamp;
use crate::token::{RevokedBy, Status, Token};

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
        let token = self
            .get_or_note(id, caller, AuditAction::TokenRevoked)
            .await?;
        let (broker, caller) = (self.clone(), caller.clone());
        self.carry_out(async move {
            let outcome = broker.revoke_record(&token, by).await;
            let result = match &outcome {
                Ok(Revocation::NotPermitted) => Outcome::Refused("not_permitted".to_owned()),
                outcome => ended(outcome),
            };
            broker
                .note(&caller, AuditAction::TokenRevoked, &token, result)
                .await;
            outcome
        })
        .await
    }

    async fn revoke_record(&self, token: &Token, by: RevokedBy) -> Result<Revocation, TokenError> {
        if let Status::Revoked { by, at } = token.status {
            return Err(TokenError::Revoked { by, at });
        }
        let valid = self.any_access(token).await?;
        // Read right before the provider is called: a consent that is newer than
        // this list is not ended by what we do now.
        let records = self.records_of_person(token).await?;
        let refresher = &self.refresher;
        let revocation = match valid {
            Some(valid) => {
                refresher
                    .client
                    .revoke(&refresher.integration, &valid.access_token)
                    .await?
            }
            None => Revocation::AlreadyGone,
        };
        if revocation != Revocation::NotPermitted {
            for record in &records {
                self.mark_revoked(record, by).await?;
            }
        }
        Ok(revocation)
    }

    /// The provider wants a valid access token for this. Where the person must
    /// consent anew to this token, one of the person's other tokens will do; where
    /// there is none either, nothing is left to revoke.
    async fn any_access(&self, token: &Token) -> Result<Option<CheckedOut>, TokenError> {
        match self.check_out_record(token, Duration::ZERO).await {
            Ok(valid) => return Ok(Some(valid)),
            Err(TokenError::NeedsConsent { .. }) => {}
            Err(error) => return Err(error),
        }
        for other in self.records_of_person(token).await? {
            if other.id == token.id || other.status != Status::Active {
                continue;
            }
            match self.check_out_record(&other, Duration::ZERO).await {
                Ok(valid) => return Ok(Some(valid)),
                Err(
                    TokenError::NeedsConsent { .. }
                    | TokenError::Revoked { .. }
                    | TokenError::NotFound,
                ) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Every record of the person for this integration, this one as the last: it
    /// is marked when all others are, so that a revocation that was cut short can
    /// be asked for again.
    async fn records_of_person(&self, token: &Token) -> Result<Vec<Token>, TokenError> {
        let mut records = match &token.person {
            Some(person) => {
                self.tokens()
                    .find_by_person(&token.integration, person)
                    .await?
            }
            None => self.tokens().get(token.id).await?.into_iter().collect(),
        };
        records.sort_by_key(|record| record.id == token.id);
        Ok(records)
    }

    /// The provider has revoked: a store that fails is asked again for a while. A
    /// record that was consented to anew meanwhile is left alone.
    async fn mark_revoked(&self, record: &Token, by: RevokedBy) -> Result<(), TokenError> {
        let at = self.refresher.clock.now();
        let mut patience = Patience::lasting(self.refresher.limits.write);
        loop {
            let failed = match self.tokens().get(record.id).await {
                Ok(Some(token)) if token.granted_at == record.granted_at => {
                    let Some((revoked, event)) = self.revoked(token, by, at) else {
                        return Ok(());
                    };
                    match self.tokens().update(&revoked).await {
                        Ok(_) => {
                            self.refresher.events.published(&[event]);
                            return Ok(());
                        }
                        Err(StoreError::NotFound) => return Ok(()),
                        Err(error) => error,
                    }
                }
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            patience.wait(failed).await?;
        }
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
        let token = self
            .get_or_note(id, caller, AuditAction::TokenRevoked)
            .await?;
        let (broker, caller) = (self.clone(), caller.clone());
        self.carry_out(Box::pin(async move {
            // A task of its own: whatever happens in it, the record goes.
            let (revoker, record) = (broker.clone(), token.clone());
            let revocation = broker
                .carry_out(async move { revoker.revoke_record(&record, RevokedBy::Person).await })
                .await;
            if let Err(error) = &revocation {
                tracing::warn!(token = %id, %error, "a withdrawn consent was not revoked");
            }
            let removed = broker.remove_with_patience(&token).await;
            broker
                .note(
                    &caller,
                    AuditAction::ConsentWithdrawn,
                    &token,
                    ended(&removed),
                )
                .await;
            removed.map(|()| revocation)
        }))
        .await
    }

    /// The record as revoked, and the event of it; `None` where it is so already.
    fn revoked(&self, mut token: Token, by: RevokedBy, at: Timestamp) -> Option<(Token, Event)> {
        token.status = token.status.revoke(by, at).ok()?;
        token.generation += 1;
        let Refresher {
            schedule, events, ..
        } = &self.refresher;
        schedule.plan(&mut token, at);
        let event = events.record(&mut token, EventKind::Revoked { by });
        Some((token, event))
    }

    async fn remove_with_patience(&self, token: &Token) -> Result<(), TokenError> {
        let events = &self.refresher.events;
        let mut patience = Patience::lasting(self.refresher.limits.write);
        let mut asked_before = false;
        loop {
            let failed = match events.removed(token).await {
                Ok(event) => match self.tokens().remove(token.id).await {
                    Ok(removed) => {
                        // A store that failed may have removed it all the same.
                        if !removed && !asked_before {
                            return Err(TokenError::NotFound);
                        }
                        events.published(&[event]);
                        return Ok(());
                    }
                    Err(error) => {
                        asked_before = true;
                        error
                    }
                },
                Err(error) => error,
            };
            patience.wait(failed).await?;
        }
    }
}

#[cfg(test)]
mod tests;
