//! All grants, with an index for each way in which they are looked up.
//!
//! Nothing here walks all grants, except the withdrawal of everybody's, and no
//! lock is held while something is awaited.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::Serialize;
use thiserror::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use super::codes::{CodeError, Codes, Consent, Redemption};
use super::grant::Grant;
use super::scopes::Scopes;
use super::tokens::TokenAnswer;
use crate::clock::webex_time;
use crate::ids::{self, Kind};
use crate::settings::Settings;

pub(crate) mod earlier;

/// Who calls, as the access token says.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) person: Uuid,
    pub(crate) scopes: Arc<Scopes>,
    pub(crate) expires: OffsetDateTime,
}

/// The refresh token is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum RefreshError {
    /// Unknown, expired, revoked, or of another client.
    #[error("the refresh token is not valid")]
    Dead,
    /// It had been rotated: whoever sent it may have stolen it.
    #[error("the refresh token was used before")]
    Reused,
}

/// One item of `GET /authorizations`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthorizationAnswer {
    id: String,
    application_id: String,
    application_name: String,
    person_id: String,
    client_id: String,
    created: String,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Clone, Copy, Debug)]
struct AccessEntry {
    grant: Uuid,
    expires: OffsetDateTime,
}

#[derive(Debug, Default)]
struct Tables {
    codes: Codes,
    grants: HashMap<Uuid, Grant>,
    access: HashMap<Arc<str>, AccessEntry>,
    /// Current and rotated refresh tokens.
    refresh: HashMap<Arc<str>, Uuid>,
    /// Grants that are not revoked.
    by_person: HashMap<Uuid, Vec<Uuid>>,
    /// How many grants are not revoked.
    live: usize,
}

/// Codes, grants and tokens.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    tables: Mutex<Tables>,
}

impl Grants {
    pub(crate) fn issue_code(&self, consent: Consent, now: OffsetDateTime) -> Arc<str> {
        self.tables.lock().codes.issue(consent, now)
    }

    /// Redeems a code. Where it was redeemed before, the grant that came of it
    /// is revoked (RFC 6749, section 4.1.2).
    pub(crate) fn exchange(
        &self,
        redemption: Redemption<'_>,
        settings: &Settings,
        now: OffsetDateTime,
    ) -> Result<TokenAnswer, CodeError> {
        let mut tables = self.tables.lock();
        let id = crate::random::uuid();
        match tables.codes.redeem(redemption, id, now) {
            Ok(consent) => Ok(tables.insert(id, &consent, settings, now)),
            Err(error) => {
                if let CodeError::Reused(earlier) = error {
                    tables.revoke(earlier);
                }
                Err(error)
            }
        }
    }

    /// A grant without the way through the authorize page.
    pub(crate) fn grant(
        &self,
        consent: &Consent,
        settings: &Settings,
        now: OffsetDateTime,
    ) -> TokenAnswer {
        self.tables
            .lock()
            .insert(crate::random::uuid(), consent, settings, now)
    }

    pub(crate) fn refresh(
        &self,
        client_id: &str,
        refresh_token: &str,
        settings: &Settings,
        now: OffsetDateTime,
    ) -> Result<TokenAnswer, RefreshError> {
        let mut guard = self.tables.lock();
        let tables = &mut *guard;
        let id = *tables
            .refresh
            .get(refresh_token)
            .ok_or(RefreshError::Dead)?;
        let grant = tables.grants.get_mut(&id).ok_or(RefreshError::Dead)?;
        if *grant.client_id != *client_id {
            return Err(RefreshError::Dead);
        }
        if *grant.refresh_token != *refresh_token {
            tables.revoke(id);
            return Err(RefreshError::Reused);
        }
        if grant.revoked || grant.refresh_expires <= now {
            return Err(RefreshError::Dead);
        }
        if grant.repeatable(settings, now).is_none() {
            for ended in grant.add_access_token(settings, now) {
                tables.access.remove(&ended);
            }
            if let Some(newest) = grant.access_tokens.back() {
                let entry = AccessEntry {
                    grant: id,
                    expires: newest.expires,
                };
                tables.access.insert(Arc::clone(&newest.text), entry);
            }
        }
        if settings.renew_refresh_ttl {
            grant.refresh_expires = now + settings.refresh_ttl();
        }
        if settings.rotate_refresh_tokens {
            if let Some(forgotten) = grant.rotate() {
                tables.refresh.remove(&forgotten);
            }
            tables.refresh.insert(Arc::clone(&grant.refresh_token), id);
        }
        let with_refresh_token = settings.rotate_refresh_tokens || !settings.omit_refresh_token;
        Ok(grant.answer(with_refresh_token, now))
    }

    /// Who an access token stands for, while it lives.
    pub(crate) fn caller(&self, access_token: &str, now: OffsetDateTime) -> Option<Caller> {
        let tables = self.tables.lock();
        let entry = tables
            .access
            .get(access_token)
            .filter(|entry| entry.expires > now)?;
        let grant = tables.grants.get(&entry.grant)?;
        Some(Caller {
            person: grant.person,
            scopes: Arc::clone(&grant.scopes),
            expires: entry.expires,
        })
    }

    /// Whether the person granted all of `scopes` to this client before.
    pub(crate) fn has_consented(
        &self,
        person: Uuid,
        client_id: &str,
        scopes: &Scopes,
        now: OffsetDateTime,
    ) -> bool {
        let tables = self.tables.lock();
        tables.of_person(person).any(|(_, grant)| {
            *grant.client_id == *client_id
                && grant.refresh_expires > now
                && scopes.is_subset_of(&grant.scopes)
        })
    }

    /// What `GET /authorizations` lists for a person.
    pub(crate) fn list(&self, person: Uuid) -> Vec<AuthorizationAnswer> {
        let tables = self.tables.lock();
        let answer = |(id, grant): (Uuid, &Grant)| AuthorizationAnswer {
            id: ids::encode(Kind::Authorization, id),
            application_id: ids::application(&grant.client_id),
            application_name: "Integration at the Webex emulator".to_owned(),
            person_id: ids::encode(Kind::Person, grant.person),
            client_id: grant.client_id.to_string(),
            created: webex_time(grant.created),
            kind: "refresh",
        };
        tables.of_person(person).map(answer).collect()
    }

    /// Revokes one grant of a person; whether there was such a one.
    pub(crate) fn revoke_one(&self, person: Uuid, grant: Uuid) -> bool {
        let mut tables = self.tables.lock();
        let own = tables
            .grants
            .get(&grant)
            .is_some_and(|grant| grant.person == person);
        own && tables.revoke(grant)
    }

    /// Revokes what a person granted, to `client_id` or to everybody; how many grants.
    pub(crate) fn revoke_of_person(&self, person: Uuid, client_id: Option<&str>) -> usize {
        let mut tables = self.tables.lock();
        let ids: Vec<Uuid> = tables
            .of_person(person)
            .filter(|(_, grant)| client_id.is_none_or(|asked| *grant.client_id == *asked))
            .map(|(id, _)| id)
            .collect();
        ids.into_iter().filter(|id| tables.revoke(*id)).count()
    }

    /// Revokes every grant; how many.
    pub(crate) fn revoke_all(&self) -> usize {
        let mut tables = self.tables.lock();
        let ids: Vec<Uuid> = tables.grants.keys().copied().collect();
        ids.into_iter().filter(|id| tables.revoke(*id)).count()
    }

    /// Grants that are not revoked.
    pub(crate) fn live(&self) -> usize {
        self.tables.lock().live
    }
}

impl Tables {
    fn insert(
        &mut self,
        id: Uuid,
        consent: &Consent,
        settings: &Settings,
        now: OffsetDateTime,
    ) -> TokenAnswer {
        let grant = Grant::new(consent, settings, now);
        let answer = grant.answer(true, now);
        self.keep(id, grant);
        answer
    }

    /// Keeps a new grant and finds it by its person and its tokens from now on.
    fn keep(&mut self, id: Uuid, grant: Grant) {
        for token in &grant.access_tokens {
            let entry = AccessEntry {
                grant: id,
                expires: token.expires,
            };
            self.access.insert(Arc::clone(&token.text), entry);
        }
        self.refresh.insert(Arc::clone(&grant.refresh_token), id);
        self.by_person.entry(grant.person).or_default().push(id);
        self.live += 1;
        self.grants.insert(id, grant);
    }

    fn of_person(&self, person: Uuid) -> impl Iterator<Item = (Uuid, &Grant)> {
        let ids = self.by_person.get(&person).into_iter().flatten();
        ids.filter_map(|id| self.grants.get(id).map(|grant| (*id, grant)))
    }

    /// Ends a grant with all its tokens; `false` where it had ended before.
    ///
    /// Its refresh tokens stay known, so that later re-use is still noticed.
    fn revoke(&mut self, id: Uuid) -> bool {
        let Some(grant) = self.grants.get_mut(&id).filter(|grant| !grant.revoked) else {
            return false;
        };
        grant.revoked = true;
        self.live -= 1;
        for token in grant.access_tokens.drain(..) {
            self.access.remove(&token.text);
        }
        if let Some(ids) = self.by_person.get_mut(&grant.person) {
            ids.retain(|known| *known != id);
        }
        true
    }
}

#[cfg(test)]
#[path = "grants_tests.rs"]
mod tests;
