//! What a consent leaves in the store: a new record, or the old one renewed.

use std::sync::Arc;
use std::time::Duration;

use crate::addresses::{Addresses, Confirmed};
use crate::broker::Schedule;
use crate::consent_links::Terms;
use crate::corrected_clock::CorrectedClock;
use crate::event::EventKind;
use crate::events::Events;
use crate::ids::TokenId;
use crate::integration::ClientId;
use crate::keyring::KeyRing;
use crate::patience::Patience;
use crate::ports::{Random, StoreError, TokenAnswer, TokenStore};
use crate::scopes::Scopes;
use crate::timestamp::Timestamp;
use crate::token::{FIRST_VERSION, Profile, Status, Token, Upkeep};

/// How long a grant is offered to a store that fails, or whose record others write
/// too. Nobody else has these tokens, and the code is spent.
const WRITE_LIMIT: Duration = Duration::from_mins(1);

/// A consent that ended in a token.
#[derive(Clone, Debug)]
pub struct Granted {
    /// The record.
    pub token: Token,
    /// Whether the record stood before and was renewed in place.
    pub renewed: bool,
    /// What it was begun under.
    pub terms: Terms,
    /// Whether an earlier delivery of the same callback created this token: a browser
    /// repeats a request whose response was lost.
    pub repeated: bool,
}

impl Granted {
    fn first(token: Token, renewed: bool, grant: &Grant) -> Self {
        Self {
            token,
            renewed,
            terms: grant.terms.clone(),
            repeated: false,
        }
    }
}

/// Writes grants.
#[derive(Clone, Debug)]
pub(super) struct GrantWriter {
    pub(super) addresses: Addresses,
    pub(super) tokens: Arc<dyn TokenStore>,
    pub(super) ring: KeyRing,
    pub(super) clock: CorrectedClock,
    pub(super) random: Arc<dyn Random>,
    pub(super) events: Events,
    pub(super) schedule: Schedule,
}

/// What was granted, by whom, with which tokens.
#[derive(Debug)]
pub(super) struct Grant {
    pub(super) integration: ClientId,
    pub(super) confirmed: Confirmed,
    pub(super) scopes: Scopes,
    pub(super) answer: TokenAnswer,
    pub(super) terms: Terms,
    pub(super) at: Timestamp,
}

impl GrantWriter {
    /// Stores the grant. A record of the same person, integration and scopes is
    /// renewed in place; where two consents come at once, both end in one record.
    pub(super) async fn write(&self, grant: &Grant) -> Result<Granted, StoreError> {
        // The same for every try: a record with it is one that we added, although
        // the store failed to say so.
        let id = TokenId::generate(grant.at, &*self.random);
        let mut patience = Patience::lasting(WRITE_LIMIT);
        let mut may_be_written = false;
        loop {
            match self.try_once(id, grant, may_be_written).await {
                Err(error) if may_pass(&error) => {
                    may_be_written |= matches!(error, StoreError::Unavailable { .. });
                    patience.wait(error).await?;
                }
                Ok(granted) => {
                    let integration = &grant.integration;
                    let spread = self.addresses.spread(&grant.confirmed, integration).await;
                    if let Err(error) = spread {
                        tracing::warn!(
                            token = %granted.token.id, %error,
                            "cannot give a person's other records the address of a new consent"
                        );
                    }
                    return Ok(granted);
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn try_once(
        &self,
        id: TokenId,
        grant: &Grant,
        may_be_written: bool,
    ) -> Result<Granted, StoreError> {
        let standing = self.standing_record(grant).await?;
        let renewed = standing.as_ref().map(|record| record.id);
        let lost_at = self.addresses.take(&grant.confirmed, renewed).await?;
        if let Some(record) = standing {
            let renewed = record.id != id;
            if may_be_written && record.granted_at == grant.at {
                return Ok(self.written(record, grant, renewed));
            }
            self.renew(record, grant, lost_at, renewed).await
        } else {
            self.add(id, grant, lost_at).await
        }
    }

    /// The record to renew: the person's own, else an imported one that is known
    /// by its address alone.
    async fn standing_record(&self, grant: &Grant) -> Result<Option<Token>, StoreError> {
        let own = self
            .tokens
            .find(
                &grant.integration,
                &grant.confirmed.person.id,
                &grant.scopes,
            )
            .await?;
        if own.is_some() {
            return Ok(own);
        }
        let email = &grant.confirmed.person.email;
        let same_address = self.tokens.find_by_email(email).await?;
        Ok(same_address.into_iter().find(|token| {
            token.integration == grant.integration
                && token.person.is_none()
                && token.consented_scopes == grant.scopes
        }))
    }

    /// The store had written the grant and failed to say so. The record may have been
    /// refreshed since: the tokens of the grant would be older than those in it.
    fn written(&self, token: Token, grant: &Grant, renewed: bool) -> Granted {
        let kind = EventKind::Granted { renewed };
        let event = self.events.record(&mut token.clone(), kind);
        self.events.published(&[event]);
        Granted::first(token, renewed, grant)
    }

    async fn renew(
        &self,
        mut token: Token,
        grant: &Grant,
        lost_at: Option<Timestamp>,
        renewed: bool,
    ) -> Result<Granted, StoreError> {
        self.fill_in(&mut token, grant, lost_at);
        token.generation += 1;
        let event = self
            .events
            .record(&mut token, EventKind::Granted { renewed });
        token.version = self.tokens.update(&token).await?;
        self.events.published(&[event]);
        Ok(Granted::first(token, renewed, grant))
    }

    async fn add(
        &self,
        id: TokenId,
        grant: &Grant,
        lost_at: Option<Timestamp>,
    ) -> Result<Granted, StoreError> {
        let renewed = false;
        let mut token = Token {
            id,
            integration: grant.integration.clone(),
            person: None,
            email: grant.confirmed.person.email.clone(),
            profile: Profile::default(),
            display_name: None,
            scopes: grant.scopes.clone(),
            consented_scopes: grant.scopes.clone(),
            status: Status::Active,
            access: self.ring.seal_access(id, &grant.answer.access_token),
            access_expires_at: grant.at,
            refresh: None,
            refresh_expires_at: None,
            obtained_at: grant.at,
            clock: Some(self.clock.id()),
            granted_at: grant.at,
            last_refresh: None,
            last_failure: None,
            generation: 1,
            version: FIRST_VERSION,
            lease: None,
            attempt: None,
            upkeep: Upkeep::default(),
        };
        self.fill_in(&mut token, grant, lost_at);
        let event = self
            .events
            .record(&mut token, EventKind::Granted { renewed });
        self.tokens.insert(&token).await?;
        self.events.published(&[event]);
        Ok(Granted::first(token, renewed, grant))
    }

    fn fill_in(&self, token: &mut Token, grant: &Grant, lost_at: Option<Timestamp>) {
        let Grant { answer, at, .. } = grant;
        // The stored time may be from a process whose clock is ahead.
        let before = token
            .profile
            .email_confirmed_at
            .unwrap_or(grant.confirmed.at);
        let confirmed = Confirmed {
            at: grant.confirmed.at.max(before),
            ..grant.confirmed.clone()
        };
        confirmed.fill_in(token, lost_at);
        token.profile.read_at = None;
        token.scopes.clone_from(&grant.scopes);
        token.consented_scopes.clone_from(&grant.scopes);
        self.fill_in_refresh_token(token, grant);
        token.status = Status::Active;
        token.access = self.ring.seal_access(token.id, &answer.access_token);
        token.access_expires_at = *at + answer.access_life(token.refresh.is_some());
        token.obtained_at = *at;
        token.granted_at = *at;
        token.last_refresh = None;
        token.last_failure = None;
        token.attempt = None;
        // The background worker visits it from now on.
        self.schedule.plan(token, *at);
    }

    /// A provider may give a refresh token at the first consent only: the one that
    /// stands is kept then, unless it is known to be dead.
    fn fill_in_refresh_token(&self, token: &mut Token, grant: &Grant) {
        let answer = &grant.answer;
        let expires_at = answer.refresh_token_expires_in.map(|life| grant.at + life);
        match &answer.refresh_token {
            Some(secret) => {
                token.refresh = Some(self.ring.seal_refresh(token.id, secret));
                token.refresh_expires_at = expires_at;
            }
            None if token.status == Status::Active => {
                token.refresh_expires_at = expires_at.or(token.refresh_expires_at);
            }
            None => {
                token.refresh = None;
                token.refresh_expires_at = None;
            }
        }
    }
}

/// Whether the store may take the same grant at the next try: it was away, or
/// somebody else wrote the record or added it at the same time.
const fn may_pass(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Unavailable { .. }
            | StoreError::Conflict
            | StoreError::NotFound
            | StoreError::AlreadyExists(_)
    )
}

#[cfg(test)]
mod tests;
