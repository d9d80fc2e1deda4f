//! Revoking at the provider, and withdrawing.
//!
//! Revoking ends the person's authorizations of the whole integration at the
//! provider, so every record of that person for that integration follows.

use std::time::Duration;

use crate::audit::{AuditAction, Caller, Outcome};
use crate::broker::checkout::CheckedOut;
use crate::broker::error::TokenError;
use crate::broker::refresh::{Goal, Refresher};
use crate::broker::service::{Broker, ended};
use crate::event::{Event, EventKind};
use crate::ids::TokenId;
use crate::patience::Patience;
use crate::ports::{Clock as _, Revocation, SparkErrorKind, StoreError};
use crate::timestamp::Timestamp;
use crate::token::{RefreshTrigger, RevokedBy, Status, Token};

impl Broker {
    /// Revokes the person's authorizations at the provider, and marks every record of
    /// that person for this integration as revoked. If the provider does not confirm
    /// the revocation, the records stay unchanged.
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
            broker.note_revocation(&caller, &token, &outcome).await;
            outcome
        })
        .await
    }

    async fn note_revocation(
        &self,
        caller: &Caller,
        token: &Token,
        outcome: &Result<Revocation, TokenError>,
    ) {
        let result = match outcome {
            Ok(Revocation::NotPermitted) => Outcome::Refused("not_permitted".to_owned()),
            Ok(Revocation::NotConfirmed) => Outcome::Refused("not_confirmed".to_owned()),
            outcome => ended(outcome),
        };
        self.note(caller, AuditAction::TokenRevoked, token, result)
            .await;
    }

    async fn revoke_record(&self, token: &Token, by: RevokedBy) -> Result<Revocation, TokenError> {
        if let Status::Revoked { by, at } = token.status {
            return Err(TokenError::Revoked { by, at });
        }
        let Some(valid) = self.any_access(token).await? else {
            return Ok(Revocation::NotConfirmed);
        };
        // Read right before the provider is called: a consent that is newer than
        // this list is not ended by what we do now.
        let records = self.records_of_person(token).await?;
        let revocation = self.revoke_with(token, valid).await?;
        if revocation == Revocation::Confirmed {
            for record in &records {
                self.mark_revoked(record, by).await?;
            }
        }
        Ok(revocation)
    }

    /// Calls the provider, and once more with a new access token if it rejects this one: a
    /// rejected access token says nothing about the grant.
    async fn revoke_with(
        &self,
        token: &Token,
        valid: CheckedOut,
    ) -> Result<Revocation, TokenError> {
        let client = &self.refresher.client;
        let refused = match client.revoke(&token.integration, &valid.access_token).await {
            Err(error) if error.kind == SparkErrorKind::Unauthorized => error,
            outcome => return Ok(outcome?),
        };
        let trigger = RefreshTrigger::Checkout;
        let token = match self.refresher.refresh(valid.id, Goal::New, trigger).await {
            Ok(refreshed) if refreshed.called => refreshed.token,
            Ok(_) => return Err(refused.into()),
            Err(error) if is_of_grant(&error) => return Ok(Revocation::NotConfirmed),
            Err(error) => return Err(error),
        };
        let access_token = self.refresher.ring.open_access(token.id, &token.access)?;
        Ok(client.revoke(&token.integration, &access_token).await?)
    }

    /// The provider wants a valid access token for this. Where the person must
    /// consent anew to this token, one of the person's other tokens will do.
    async fn any_access(&self, token: &Token) -> Result<Option<CheckedOut>, TokenError> {
        match self.check_out_record(token, Duration::ZERO).await {
            Ok(valid) => return Ok(Some(valid)),
            Err(error) if is_of_grant(&error) => {}
            Err(error) => return Err(error),
        }
        for other in self.records_of_person(token).await? {
            if other.id == token.id || other.status != Status::Active {
                continue;
            }
            match self.check_out_record(&other, Duration::ZERO).await {
                Ok(valid) => return Ok(Some(valid)),
                Err(TokenError::Revoked { .. } | TokenError::NotFound) => {}
                Err(error) if is_of_grant(&error) => {}
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
    /// and the record removed in any case. Answers what the provider said, as
    /// [`revoke`](Self::revoke) does; the audit log holds both.
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
            match &revocation {
                Ok(Revocation::Confirmed) | Err(TokenError::Revoked { .. }) => {}
                Ok(unconfirmed) => {
                    tracing::warn!(token_id = %id, ?unconfirmed, "revocation not confirmed");
                }
                Err(error) => tracing::warn!(token_id = %id, %error, "revocation failed"),
            }
            broker.note_revocation(&caller, &token, &revocation).await;
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

/// Whether no valid access token can be obtained until the person consents again, or the
/// integration of the token is configured again.
const fn is_of_grant(error: &TokenError) -> bool {
    matches!(
        error,
        TokenError::NeedsConsent { .. } | TokenError::IntegrationUnknown { .. }
    )
}

#[cfg(test)]
mod tests;
