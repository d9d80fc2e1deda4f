//! What a consent leaves in the store: a new record, or the old one renewed.

use std::sync::Arc;

use crate::ids::TokenId;
use crate::integration::ClientId;
use crate::keyring::KeyRing;
use crate::person::Person;
use crate::ports::{Clock, Random, StoreError, TokenAnswer, TokenStore, UniqueRule};
use crate::scopes::Scopes;
use crate::timestamp::Timestamp;
use crate::token::{FIRST_VERSION, Status, Token};

/// How often a grant is written again when others write the same record.
const WRITE_ATTEMPTS: usize = 16;

/// A consent that ended in a token.
#[derive(Clone, Debug)]
pub struct Granted {
    /// The record.
    pub token: Token,
    /// Whether the record stood before and was renewed in place.
    pub renewed: bool,
}

/// Writes grants.
#[derive(Clone, Debug)]
pub(super) struct GrantWriter {
    pub(super) tokens: Arc<dyn TokenStore>,
    pub(super) ring: KeyRing,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
}

/// What was granted, by whom, with which tokens.
#[derive(Debug)]
pub(super) struct Grant {
    pub(super) integration: ClientId,
    pub(super) person: Person,
    pub(super) scopes: Scopes,
    pub(super) answer: TokenAnswer,
    pub(super) at: Timestamp,
}

impl GrantWriter {
    /// Stores the grant. A record of the same person, integration and scopes is
    /// renewed in place; where two consents come at once, both end in one record.
    pub(super) async fn write(&self, grant: &Grant) -> Result<Granted, StoreError> {
        for _ in 0..WRITE_ATTEMPTS {
            let written = match self.standing_record(grant).await? {
                Some(record) => self.renew(record, grant).await,
                None => self.add(grant).await,
            };
            match written {
                Err(error) if error.is_stale() || is_same_consent(&error) => {}
                outcome => return outcome,
            }
        }
        Err(StoreError::Conflict)
    }

    /// The record to renew: the person's own, else an imported one that is known
    /// by its address alone.
    async fn standing_record(&self, grant: &Grant) -> Result<Option<Token>, StoreError> {
        let own = self
            .tokens
            .find(&grant.integration, &grant.person.id, &grant.scopes)
            .await?;
        if own.is_some() {
            return Ok(own);
        }
        let same_address = self
            .tokens
            .find_by_email(&grant.integration, &grant.person.email)
            .await?;
        Ok(same_address
            .into_iter()
            .find(|token| token.person.is_none() && token.scopes == grant.scopes))
    }

    async fn renew(&self, mut token: Token, grant: &Grant) -> Result<Granted, StoreError> {
        self.fill_in(&mut token, grant);
        token.generation += 1;
        token.version = self.tokens.update(&token).await?;
        Ok(Granted {
            token,
            renewed: true,
        })
    }

    async fn add(&self, grant: &Grant) -> Result<Granted, StoreError> {
        let id = TokenId::generate(self.clock.now(), &*self.random);
        let mut token = Token {
            id,
            integration: grant.integration.clone(),
            person: None,
            email: grant.person.email.clone(),
            display_name: None,
            scopes: grant.scopes.clone(),
            status: Status::Active,
            access: self.ring.seal_access(id, &grant.answer.access_token),
            access_expires_at: grant.at,
            refresh: None,
            refresh_expires_at: None,
            obtained_at: grant.at,
            granted_at: grant.at,
            last_refresh: None,
            last_failure: None,
            generation: 1,
            version: FIRST_VERSION,
            lease: None,
            attempt: None,
        };
        self.fill_in(&mut token, grant);
        self.tokens.insert(&token).await?;
        Ok(Granted {
            token,
            renewed: false,
        })
    }

    fn fill_in(&self, token: &mut Token, grant: &Grant) {
        let Grant {
            person, answer, at, ..
        } = grant;
        token.person = Some(person.id.clone());
        token.email = person.email.clone();
        token.display_name.clone_from(&person.display_name);
        token.status = Status::Active;
        token.access = self.ring.seal_access(token.id, &answer.access_token);
        token.access_expires_at = *at + answer.expires_in.unwrap_or_default();
        token.refresh = answer
            .refresh_token
            .as_ref()
            .map(|secret| self.ring.seal_refresh(token.id, secret));
        token.refresh_expires_at = answer.refresh_token_expires_in.map(|life| *at + life);
        token.obtained_at = *at;
        token.granted_at = *at;
        token.last_refresh = None;
        token.last_failure = None;
        token.attempt = None;
    }
}

/// Whether somebody else stored the same consent meanwhile.
const fn is_same_consent(error: &StoreError) -> bool {
    matches!(error, StoreError::AlreadyExists(UniqueRule::Consent))
}
