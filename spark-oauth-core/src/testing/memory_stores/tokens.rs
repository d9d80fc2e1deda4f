//! [`TokenStore`] in memory.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use async_trait::async_trait;

use super::{MemoryStores, page_of};
use crate::email::EmailAddress;
use crate::ids::{ProcessId, TokenId};
use crate::integration::ClientId;
use crate::person::PersonId;
use crate::ports::{
    Census, Claim, DueToken, Page, PageRequest, StoreError, TokenFilter, TokenStore, UniqueRule,
};
use crate::scopes::Scopes;
use crate::testing::StoreCall;
use crate::timestamp::Timestamp;
use crate::token::{Lease, Status, StatusKind, Token};

#[async_trait]
impl TokenStore for MemoryStores {
    async fn insert(&self, token: &Token) -> Result<(), StoreError> {
        self.perform(StoreCall::TokenInsert, |records| {
            if records.tokens.contains_key(&token.id) {
                return Err(StoreError::AlreadyExists(UniqueRule::Id));
            }
            check_unique(records.tokens.values(), token)?;
            records.tokens.insert(token.id, token.clone());
            Ok(())
        })
        .await
    }

    async fn get(&self, id: TokenId) -> Result<Option<Token>, StoreError> {
        self.perform(StoreCall::TokenGet, |records| {
            let found = records.tokens.get(&id).cloned();
            let read = found.map(|token| records.read(token)).transpose();
            read.map_err(|unreadable| unreadable.source)
        })
        .await
    }

    async fn find(
        &self,
        integration: &ClientId,
        person: &PersonId,
        consented: &Scopes,
    ) -> Result<Option<Token>, StoreError> {
        self.perform(StoreCall::TokenFind, |records| {
            let found = records.tokens.values().find(|token| {
                token.integration == *integration
                    && token.person.as_ref() == Some(person)
                    && token.consented_scopes == *consented
            });
            Ok(found.cloned())
        })
        .await
    }

    async fn find_by_person(
        &self,
        integration: &ClientId,
        person: &PersonId,
    ) -> Result<Vec<Token>, StoreError> {
        self.perform(StoreCall::TokenFindByPerson, |records| {
            let found = records.tokens.values().filter(|token| {
                token.integration == *integration && token.person.as_ref() == Some(person)
            });
            Ok(found.cloned().collect())
        })
        .await
    }

    async fn find_by_email(&self, email: &EmailAddress) -> Result<Vec<Token>, StoreError> {
        self.perform(StoreCall::TokenFindByEmail, |records| {
            let tokens = records.tokens.values();
            let found = tokens.filter(|token| token.held_email() == Some(email));
            Ok(found.cloned().collect())
        })
        .await
    }

    async fn list(
        &self,
        filter: &TokenFilter,
        page: &PageRequest,
    ) -> Result<Page<Token>, StoreError> {
        self.perform(StoreCall::TokenList, |records| {
            let tokens = records.tokens.values().rev();
            let fitting = tokens.filter(|token| filter.fits(token));
            Ok(page_of(
                fitting.cloned(),
                page,
                |token| token.id.to_bytes(),
                |position, cursor| position.as_slice() < cursor,
            ))
        })
        .await
    }

    async fn update(&self, token: &Token) -> Result<u64, StoreError> {
        self.perform(StoreCall::TokenUpdate, |records| {
            let stored = records.tokens.get(&token.id).ok_or(StoreError::NotFound)?;
            if stored.version != token.version {
                return Err(StoreError::Conflict);
            }
            let others = records.tokens.values().filter(|other| other.id != token.id);
            check_unique(others, token)?;
            let version = token.version + 1;
            let token = Token {
                version,
                ..token.clone()
            };
            records.tokens.insert(token.id, token);
            Ok(version)
        })
        .await
    }

    async fn claim(&self, id: TokenId, lease: Lease, now: Timestamp) -> Result<Claim, StoreError> {
        self.perform(StoreCall::TokenClaim, |records| {
            let Some(token) = records.tokens.get_mut(&id) else {
                return Ok(Claim::Missing);
            };
            if let Some(held) = token.leased_by(now)
                && held.owner != lease.owner
            {
                return Ok(Claim::Held(*held));
            }
            token.lease = Some(lease);
            token.version += 1;
            Ok(Claim::Taken(Box::new(token.clone())))
        })
        .await
    }

    async fn extend_lease(&self, id: TokenId, lease: Lease) -> Result<Option<u64>, StoreError> {
        self.perform(StoreCall::TokenExtendLease, |records| {
            Ok(
                held_by(records.tokens.get_mut(&id), lease.owner).map(|token| {
                    token.lease = Some(lease);
                    token.version += 1;
                    token.version
                }),
            )
        })
        .await
    }

    async fn release_lease(&self, id: TokenId, owner: ProcessId) -> Result<bool, StoreError> {
        self.perform(StoreCall::TokenReleaseLease, |records| {
            let Some(token) = held_by(records.tokens.get_mut(&id), owner) else {
                return Ok(false);
            };
            token.lease = None;
            token.attempt = token.attempt.filter(|attempt| attempt.owner != owner);
            token.version += 1;
            Ok(true)
        })
        .await
    }

    async fn list_due(
        &self,
        integration: &ClientId,
        now: Timestamp,
        limit: NonZeroU16,
    ) -> Result<Vec<DueToken>, StoreError> {
        self.perform(StoreCall::TokenListDue, |records| {
            let mut due: Vec<_> = due_tokens(records.tokens.values(), integration, now)
                .filter(|(token, _)| token.leased_by(now).is_none())
                .map(|(token, due_at)| DueToken {
                    id: token.id,
                    due_at,
                })
                .collect();
            due.sort_by_key(|token| (token.due_at, token.id));
            due.truncate(usize::from(limit.get()));
            Ok(due)
        })
        .await
    }

    async fn list_with_events(&self, limit: NonZeroU16) -> Result<Vec<Token>, StoreError> {
        self.perform(StoreCall::TokenListWithEvents, |records| {
            let telling = records
                .tokens
                .values()
                .filter(|token| !token.upkeep.events.is_empty());
            Ok(telling.take(usize::from(limit.get())).cloned().collect())
        })
        .await
    }

    async fn census(&self, integration: &ClientId, now: Timestamp) -> Result<Census, StoreError> {
        self.perform(StoreCall::TokenCensus, |records| {
            let mut census = Census::default();
            let tokens = records.tokens.values();
            for token in tokens.filter(|token| token.integration == *integration) {
                match token.status.kind() {
                    StatusKind::Active => census.active += 1,
                    StatusKind::NeedsConsent => census.needs_consent += 1,
                    StatusKind::Revoked => census.revoked += 1,
                }
            }
            for (_, due_at) in due_tokens(records.tokens.values(), integration, now) {
                census.due += 1;
                let oldest = census.oldest_due_at.map_or(due_at, |at| at.min(due_at));
                census.oldest_due_at = Some(oldest);
            }
            Ok(census)
        })
        .await
    }

    async fn count_of_others(
        &self,
        integration: &ClientId,
    ) -> Result<Vec<(ClientId, u64)>, StoreError> {
        self.perform(StoreCall::TokenCensus, |records| {
            let mut counts = BTreeMap::new();
            for token in records.tokens.values() {
                if token.integration != *integration {
                    *counts.entry(token.integration.clone()).or_default() += 1;
                }
            }
            Ok(counts.into_iter().collect())
        })
        .await
    }

    async fn count_expiring(
        &self,
        integration: &ClientId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<u64, StoreError> {
        self.perform(StoreCall::TokenCountExpiring, |records| {
            let expiring = records.tokens.values().filter(|token| {
                token.integration == *integration
                    && token.status == Status::Active
                    && (from..until).contains(&token.access_expires_at)
            });
            Ok(expiring.count() as u64)
        })
        .await
    }

    async fn remove(&self, id: TokenId) -> Result<bool, StoreError> {
        self.perform(StoreCall::TokenRemove, |records| {
            Ok(records.tokens.remove(&id).is_some())
        })
        .await
    }
}

fn due_tokens<'t>(
    tokens: impl Iterator<Item = &'t Token>,
    integration: &ClientId,
    now: Timestamp,
) -> impl Iterator<Item = (&'t Token, Timestamp)> {
    tokens
        .filter(move |token| token.integration == *integration)
        .filter_map(|token| token.upkeep.due_at.map(|due_at| (token, due_at)))
        .filter(move |(_, due_at)| due_at.has_passed(now))
}

/// One token for the same integration, person and scopes.
fn check_unique<'t>(
    mut others: impl Iterator<Item = &'t Token>,
    token: &Token,
) -> Result<(), StoreError> {
    let collides = others.any(|other| {
        token.person.is_some()
            && other.person == token.person
            && other.integration == token.integration
            && other.consented_scopes == token.consented_scopes
    });
    if collides {
        Err(StoreError::AlreadyExists(UniqueRule::Consent))
    } else {
        Ok(())
    }
}

fn held_by(token: Option<&mut Token>, owner: ProcessId) -> Option<&mut Token> {
    token.filter(|token| token.lease.is_some_and(|lease| lease.owner == owner))
}
