//! A store of one's own, in one file: everything is kept in memory.
//!
//! Copy it where you begin one for your own database, and keep the test beside it:
//! `tests/conformance.rs` stamps one test for each contract of the ports. This file
//! was written from the docs of [`spark_oauth_core::ports`] alone.
//!
//! Two ideas carry it:
//! - one lock around all records makes each operation one atomic change. A database
//!   does the same with one statement, or one transaction, for each method;
//! - each record has a number in the order of insertion. Lists are in this order,
//!   and a cursor is the number of the last record shown, so that records may come
//!   and go between two pages.
//!
//! What no store in memory can do: keep a write that was answered when the process
//! ends. A store for tokens must.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::NonZeroU16;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use spark_oauth_core::admins::{Admin, Username};
use spark_oauth_core::api_keys::{ApiKey, KeyHash};
use spark_oauth_core::audit::AuditEntry;
use spark_oauth_core::consent_links::ConsentLink;
use spark_oauth_core::keyring::KeyFingerprint;
use spark_oauth_core::ports::{
    AdminStore, ApiKeyStore, AuditFilter, AuditLog, Backlog, CallbackClaim, Census, Claim,
    ConsentLinkStore, ConsentStore, Cursor, DueToken, Found, Inventory, Outbox, OutboxEntry, Page,
    PageRequest, Pause, PauseStore, PendingConsent, ProcessRecord, ProcessRegistry, SessionKey,
    SessionRecord, SessionStore, StateHash, StoreError, Taken, TokenFilter, TokenStore, UniqueRule,
    VaultStore,
};
use spark_oauth_core::token::{Lease, Status, StatusKind, Token};
use spark_oauth_core::{
    AdminId, ApiKeyId, ClientId, ConsentLinkId, EmailAddress, EventId, PersonId, ProcessId, Scopes,
    Timestamp, TokenId,
};

/// A store that keeps everything in memory.
#[derive(Debug, Default)]
pub struct CustomStore {
    records: Mutex<Records>,
}

#[derive(Debug, Default)]
struct Records {
    tokens: BTreeMap<u64, Token>,
    audit: BTreeMap<u64, AuditEntry>,
    last_number: u64,
    admins: BTreeMap<AdminId, Admin>,
    api_keys: BTreeMap<ApiKeyId, ApiKey>,
    links: BTreeMap<ConsentLinkId, ConsentLink>,
    consents: BTreeMap<StateHash, PendingConsent>,
    /// What the first callback of a consent answered, and the token in which it ended.
    callbacks: BTreeMap<StateHash, ([u8; 32], Option<TokenId>)>,
    sessions: BTreeMap<SessionKey, SessionRecord>,
    fingerprints: Vec<KeyFingerprint>,
    nonce: Option<[u8; 32]>,
    pauses: BTreeMap<ClientId, Pause>,
    outbox: BTreeMap<(EventId, String), OutboxEntry>,
    processes: BTreeMap<ProcessId, ProcessRecord>,
}

impl CustomStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// No operation panics while it holds the lock, so what a panic elsewhere left
    /// is whole.
    fn lock(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Records {
    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    fn token(&self, id: TokenId) -> Option<&Token> {
        self.tokens.values().find(|token| token.id == id)
    }

    fn token_mut(&mut self, id: TokenId) -> Option<&mut Token> {
        self.tokens.values_mut().find(|token| token.id == id)
    }

    fn tokens_of<'r>(&'r self, integration: &'r ClientId) -> impl Iterator<Item = &'r Token> {
        let tokens = self.tokens.values();
        tokens.filter(move |token| token.integration == *integration)
    }

    /// One record for the same integration, person and consented scopes, where the
    /// person is known.
    fn check_consent(&self, token: &Token) -> Result<(), StoreError> {
        let stands = self.tokens_of(&token.integration).any(|other| {
            other.id != token.id
                && token.person.is_some()
                && other.person == token.person
                && other.consented_scopes == token.consented_scopes
        });
        refuse_if(stands, UniqueRule::Consent)
    }

    fn check_admin(&self, admin: &Admin) -> Result<(), StoreError> {
        let others = || self.admins.values().filter(|other| other.id != admin.id);
        let named = others().any(|other| other.username == admin.username);
        refuse_if(named, UniqueRule::Username)?;
        let second = admin.is_super() && others().any(Admin::is_super);
        refuse_if(second, UniqueRule::SuperAdmin)
    }
}

fn refuse_if(taken: bool, rule: UniqueRule) -> Result<(), StoreError> {
    if taken {
        Err(StoreError::AlreadyExists(rule))
    } else {
        Ok(())
    }
}

/// A page of numbered records, the newest first, that starts behind the cursor.
fn newest_first<T: Clone>(
    records: &BTreeMap<u64, T>,
    page: &PageRequest,
    fits: impl Fn(&T) -> bool,
) -> Page<T> {
    let before = page.after.as_ref().map_or(u64::MAX, number_in);
    let found = records
        .range(..before)
        .rev()
        .filter(|(_, record)| fits(record));
    let limit = usize::from(page.limit.get());
    let items: Vec<_> = found
        .map(|(number, record)| (*number, record.clone()))
        .take(limit + 1)
        .collect();
    let page = Page::from_one_more(items, page.limit, |(number, _)| {
        number.to_be_bytes().to_vec()
    });
    Page {
        items: page.items.into_iter().map(|(_, record)| record).collect(),
        next: page.next,
    }
}

/// A page of records in falling order of their identifiers, that starts behind the
/// cursor.
fn highest_first<'r, T: Clone + 'r>(
    records: impl Iterator<Item = &'r T>,
    page: &PageRequest,
    id: impl Fn(&T) -> [u8; 16],
) -> Page<T> {
    let after = page.after.as_ref();
    let behind = |record: &&T| after.is_none_or(|cursor| &id(record)[..] < cursor.position());
    let found = records
        .filter(behind)
        .take(usize::from(page.limit.get()) + 1);
    Page::from_one_more(found.cloned().collect(), page.limit, |last| {
        id(last).to_vec()
    })
}

/// A cursor that is none of ours leads to an empty page.
fn number_in(cursor: &Cursor) -> u64 {
    cursor.position().try_into().map_or(0, u64::from_be_bytes)
}

/// The lease of a token, where `owner` holds it.
fn held_by(token: Option<&mut Token>, owner: ProcessId) -> Option<&mut Token> {
    token.filter(|token| token.lease.is_some_and(|lease| lease.owner == owner))
}

#[async_trait]
impl TokenStore for CustomStore {
    async fn insert(&self, token: &Token) -> Result<(), StoreError> {
        let mut records = self.lock();
        refuse_if(records.token(token.id).is_some(), UniqueRule::Id)?;
        records.check_consent(token)?;
        let number = records.next_number();
        records.tokens.insert(number, token.clone());
        Ok(())
    }

    async fn get(&self, id: TokenId) -> Result<Option<Token>, StoreError> {
        Ok(self.lock().token(id).cloned())
    }

    async fn find(
        &self,
        integration: &ClientId,
        person: &PersonId,
        consented: &Scopes,
    ) -> Result<Option<Token>, StoreError> {
        let found = self.find_by_person(integration, person).await?;
        Ok(found
            .into_iter()
            .find(|token| token.consented_scopes == *consented))
    }

    async fn find_by_person(
        &self,
        integration: &ClientId,
        person: &PersonId,
    ) -> Result<Vec<Token>, StoreError> {
        let records = self.lock();
        let tokens = records.tokens_of(integration);
        let found = tokens.filter(|token| token.person.as_ref() == Some(person));
        Ok(found.cloned().collect())
    }

    async fn find_by_email(&self, email: &EmailAddress) -> Result<Vec<Token>, StoreError> {
        let records = self.lock();
        let tokens = records.tokens.values();
        let found = tokens.filter(|token| token.held_email() == Some(email));
        Ok(found.cloned().collect())
    }

    async fn list(
        &self,
        filter: &TokenFilter,
        page: &PageRequest,
    ) -> Result<Page<Token>, StoreError> {
        // A database finds a part, an address and a domain by indexes; here every record
        // is looked at.
        let fits = |token: &Token| filter.fits(token);
        Ok(newest_first(&self.lock().tokens, page, fits))
    }

    async fn update(&self, token: &Token) -> Result<u64, StoreError> {
        let mut records = self.lock();
        let stored = records.token(token.id).ok_or(StoreError::NotFound)?;
        if stored.version != token.version {
            return Err(StoreError::Conflict);
        }
        records.check_consent(token)?;
        let stored = records.token_mut(token.id).ok_or(StoreError::NotFound)?;
        stored.clone_from(token);
        stored.version += 1;
        Ok(stored.version)
    }

    async fn claim(&self, id: TokenId, lease: Lease, now: Timestamp) -> Result<Claim, StoreError> {
        let mut records = self.lock();
        let Some(token) = records.token_mut(id) else {
            return Ok(Claim::Missing);
        };
        match token.leased_by(now) {
            Some(held) if held.owner != lease.owner => Ok(Claim::Held(*held)),
            _ => {
                token.lease = Some(lease);
                token.version += 1;
                Ok(Claim::Taken(Box::new(token.clone())))
            }
        }
    }

    async fn extend_lease(&self, id: TokenId, lease: Lease) -> Result<Option<u64>, StoreError> {
        let mut records = self.lock();
        let held = held_by(records.token_mut(id), lease.owner);
        Ok(held.map(|token| {
            token.lease = Some(lease);
            token.version += 1;
            token.version
        }))
    }

    async fn release_lease(&self, id: TokenId, owner: ProcessId) -> Result<bool, StoreError> {
        let mut records = self.lock();
        let held = held_by(records.token_mut(id), owner);
        let released = held.map(|token| {
            token.lease = None;
            token.attempt = token.attempt.filter(|attempt| attempt.owner != owner);
            token.version += 1;
        });
        Ok(released.is_some())
    }

    async fn list_due(
        &self,
        integration: &ClientId,
        now: Timestamp,
        limit: NonZeroU16,
    ) -> Result<Vec<DueToken>, StoreError> {
        let records = self.lock();
        // A database has an index of (integration, due_at) for this; here every
        // record is looked at.
        let mut due: Vec<_> = records
            .tokens_of(integration)
            .filter(|token| token.leased_by(now).is_none())
            .filter_map(|token| Some((token.upkeep.due_at?, token.id)))
            .filter(|(due_at, _)| due_at.has_passed(now))
            .collect();
        due.sort();
        let first = due.into_iter().take(usize::from(limit.get()));
        Ok(first.map(|(due_at, id)| DueToken { id, due_at }).collect())
    }

    async fn list_with_events(&self, limit: NonZeroU16) -> Result<Vec<Token>, StoreError> {
        let records = self.lock();
        let tokens = records.tokens.values();
        let telling = tokens.filter(|token| !token.upkeep.events.is_empty());
        Ok(telling.take(usize::from(limit.get())).cloned().collect())
    }

    async fn census(&self, integration: &ClientId, now: Timestamp) -> Result<Census, StoreError> {
        let records = self.lock();
        let count = |kind: StatusKind| {
            let tokens = records.tokens_of(integration);
            tokens.filter(|token| token.status.kind() == kind).count() as u64
        };
        let due = || {
            let tokens = records.tokens_of(integration);
            tokens
                .filter_map(|token| token.upkeep.due_at)
                .filter(|due_at| due_at.has_passed(now))
        };
        Ok(Census {
            active: count(StatusKind::Active),
            needs_consent: count(StatusKind::NeedsConsent),
            revoked: count(StatusKind::Revoked),
            due: due().count() as u64,
            oldest_due_at: due().min(),
        })
    }

    async fn count_of_others(
        &self,
        integration: &ClientId,
    ) -> Result<Vec<(ClientId, u64)>, StoreError> {
        let records = self.lock();
        let mut counts = BTreeMap::new();
        for token in records.tokens.values() {
            if token.integration != *integration {
                *counts.entry(token.integration.clone()).or_default() += 1;
            }
        }
        Ok(counts.into_iter().collect())
    }

    async fn count_expiring(
        &self,
        integration: &ClientId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<u64, StoreError> {
        let records = self.lock();
        let active = records
            .tokens_of(integration)
            .filter(|token| token.status == Status::Active);
        let expiring = active.filter(|token| (from..until).contains(&token.access_expires_at));
        Ok(expiring.count() as u64)
    }

    async fn remove(&self, id: TokenId) -> Result<bool, StoreError> {
        let mut records = self.lock();
        let before = records.tokens.len();
        records.tokens.retain(|_, token| token.id != id);
        Ok(records.tokens.len() < before)
    }
}

#[async_trait]
impl AdminStore for CustomStore {
    async fn insert(&self, admin: &Admin) -> Result<(), StoreError> {
        let mut records = self.lock();
        refuse_if(records.admins.contains_key(&admin.id), UniqueRule::Id)?;
        records.check_admin(admin)?;
        records.admins.insert(admin.id, admin.clone());
        Ok(())
    }

    async fn get(&self, id: AdminId) -> Result<Option<Admin>, StoreError> {
        Ok(self.lock().admins.get(&id).cloned())
    }

    async fn find_by_username(&self, username: &Username) -> Result<Option<Admin>, StoreError> {
        let records = self.lock();
        let mut admins = records.admins.values();
        Ok(admins.find(|admin| admin.username == *username).cloned())
    }

    async fn super_admin(&self) -> Result<Option<Admin>, StoreError> {
        let records = self.lock();
        let mut admins = records.admins.values();
        Ok(admins.find(|admin| admin.is_super()).cloned())
    }

    async fn list(&self, page: &PageRequest) -> Result<Page<Admin>, StoreError> {
        let records = self.lock();
        let name = |admin: &Admin| admin.username.normalized().as_bytes().to_vec();
        let mut admins: Vec<_> = records
            .admins
            .values()
            .filter(|admin| {
                let after = page.after.as_ref();
                after.is_none_or(|cursor| name(admin).as_slice() > cursor.position())
            })
            .cloned()
            .collect();
        admins.sort_by_key(name);
        Ok(Page::from_one_more(admins, page.limit, name))
    }

    async fn update(&self, admin: &Admin) -> Result<u64, StoreError> {
        let mut records = self.lock();
        let stored = records.admins.get(&admin.id).ok_or(StoreError::NotFound)?;
        if stored.version != admin.version {
            return Err(StoreError::Conflict);
        }
        records.check_admin(admin)?;
        let version = admin.version + 1;
        let admin = Admin {
            version,
            ..admin.clone()
        };
        records.admins.insert(admin.id, admin);
        Ok(version)
    }

    async fn remove(&self, id: AdminId) -> Result<bool, StoreError> {
        Ok(self.lock().admins.remove(&id).is_some())
    }
}

#[async_trait]
impl ApiKeyStore for CustomStore {
    async fn insert(&self, key: &ApiKey) -> Result<(), StoreError> {
        let mut records = self.lock();
        let mut others = records.api_keys.values();
        let taken = others.any(|other| other.id == key.id || other.hash == key.hash);
        refuse_if(taken, UniqueRule::Id)?;
        records.api_keys.insert(key.id, key.clone());
        Ok(())
    }

    async fn get(&self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        Ok(self.lock().api_keys.get(&id).cloned())
    }

    async fn find_by_hash(&self, hash: KeyHash) -> Result<Option<ApiKey>, StoreError> {
        let records = self.lock();
        let mut keys = records.api_keys.values();
        Ok(keys.find(|key| key.hash == hash).cloned())
    }

    async fn list(&self, page: &PageRequest) -> Result<Page<ApiKey>, StoreError> {
        let records = self.lock();
        let keys = records.api_keys.values().rev();
        Ok(highest_first(keys, page, |key| key.id.to_bytes()))
    }

    async fn revoke(&self, id: ApiKeyId, at: Timestamp) -> Result<Option<ApiKey>, StoreError> {
        let mut records = self.lock();
        let key = records.api_keys.get_mut(&id);
        Ok(key.map(|key| {
            key.revoked_at.get_or_insert(at);
            key.clone()
        }))
    }

    async fn note_use(&self, id: ApiKeyId, at: Timestamp) -> Result<(), StoreError> {
        let mut records = self.lock();
        if let Some(key) = records.api_keys.get_mut(&id) {
            key.last_used_at = key.last_used_at.max(Some(at));
        }
        Ok(())
    }
}

#[async_trait]
impl ConsentLinkStore for CustomStore {
    async fn insert(&self, link: &ConsentLink) -> Result<(), StoreError> {
        let mut records = self.lock();
        refuse_if(records.links.contains_key(&link.id), UniqueRule::Id)?;
        records.links.insert(link.id, link.clone());
        Ok(())
    }

    async fn get(&self, id: ConsentLinkId) -> Result<Option<ConsentLink>, StoreError> {
        Ok(self.lock().links.get(&id).cloned())
    }

    async fn list(&self, page: &PageRequest) -> Result<Page<ConsentLink>, StoreError> {
        let records = self.lock();
        let links = records.links.values().rev();
        Ok(highest_first(links, page, |link| link.id.to_bytes()))
    }

    async fn update(&self, link: &ConsentLink) -> Result<u64, StoreError> {
        let mut records = self.lock();
        let stored = records.links.get_mut(&link.id);
        let stored = stored.ok_or(StoreError::NotFound)?;
        if stored.version != link.version {
            return Err(StoreError::Conflict);
        }
        stored.progress = link.progress;
        stored.expires_at = link.expires_at;
        stored.version += 1;
        Ok(stored.version)
    }

    async fn remove_expired(&self, at: Timestamp) -> Result<u64, StoreError> {
        let mut records = self.lock();
        let before = records.links.len();
        let links = &mut records.links;
        links.retain(|_, link| !link.expires_at.has_passed(at));
        Ok((before - links.len()) as u64)
    }
}

#[async_trait]
impl ConsentStore for CustomStore {
    async fn insert(&self, consent: &PendingConsent) -> Result<(), StoreError> {
        let mut records = self.lock();
        let taken = records.consents.contains_key(&consent.state);
        refuse_if(taken, UniqueRule::Id)?;
        records.consents.insert(consent.state, consent.clone());
        Ok(())
    }

    async fn take(&self, claim: &CallbackClaim) -> Result<Taken, StoreError> {
        let mut records = self.lock();
        let Some(consent) = records.consents.get(&claim.state).cloned() else {
            return Ok(Taken::Unknown);
        };
        let browsers = claim.browsers.iter().take(CallbackClaim::MOST_BROWSERS);
        if !browsers
            .into_iter()
            .any(|browser| *browser == consent.browser)
        {
            return Ok(Taken::OtherBrowser);
        }
        let Some((answer, token)) = records.callbacks.get(&claim.state).copied() else {
            records.callbacks.insert(claim.state, (claim.answer, None));
            return Ok(Taken::First(consent));
        };
        Ok(if answer == claim.answer {
            Taken::Again { consent, token }
        } else {
            Taken::Unknown
        })
    }

    async fn finish(&self, state: StateHash, token: TokenId) -> Result<(), StoreError> {
        if let Some((_, ended)) = self.lock().callbacks.get_mut(&state) {
            *ended = Some(token);
        }
        Ok(())
    }

    async fn discard(&self, state: StateHash) -> Result<(), StoreError> {
        let mut records = self.lock();
        records.consents.remove(&state);
        records.callbacks.remove(&state);
        Ok(())
    }

    async fn count_open(&self, address: IpAddr, now: Timestamp) -> Result<u64, StoreError> {
        let records = self.lock();
        let open = records.consents.values().filter(|consent| {
            consent.address == Some(address)
                && !consent.expires_at.has_passed(now)
                && !records.callbacks.contains_key(&consent.state)
        });
        Ok(open.count() as u64)
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut records = self.lock();
        let before = records.consents.len();
        let Records {
            consents,
            callbacks,
            ..
        } = &mut *records;
        consents.retain(|_, consent| !consent.expires_at.has_passed(now));
        callbacks.retain(|state, _| consents.contains_key(state));
        Ok((before - consents.len()) as u64)
    }
}

#[async_trait]
impl SessionStore for CustomStore {
    async fn create(&self, session: &SessionRecord) -> Result<(), StoreError> {
        let mut records = self.lock();
        let taken = records.sessions.contains_key(&session.key);
        refuse_if(taken, UniqueRule::Id)?;
        records.sessions.insert(session.key, session.clone());
        Ok(())
    }

    async fn load(
        &self,
        key: SessionKey,
        now: Timestamp,
    ) -> Result<Option<SessionRecord>, StoreError> {
        let records = self.lock();
        let session = records.sessions.get(&key);
        Ok(session
            .filter(|session| !session.expires_at.has_passed(now))
            .cloned())
    }

    async fn replace(&self, previous: &[u8], session: &SessionRecord) -> Result<bool, StoreError> {
        let mut records = self.lock();
        let stored = records.sessions.get_mut(&session.key);
        let unchanged = stored.filter(|stored| stored.data == previous);
        Ok(unchanged.map(|stored| stored.clone_from(session)).is_some())
    }

    async fn remove(&self, key: SessionKey) -> Result<bool, StoreError> {
        Ok(self.lock().sessions.remove(&key).is_some())
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut records = self.lock();
        let before = records.sessions.len();
        let sessions = &mut records.sessions;
        sessions.retain(|_, session| !session.expires_at.has_passed(now));
        Ok((before - sessions.len()) as u64)
    }
}

#[async_trait]
impl AuditLog for CustomStore {
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let mut records = self.lock();
        let taken = records.audit.values().any(|other| other.id == entry.id);
        refuse_if(taken, UniqueRule::Id)?;
        let number = records.next_number();
        records.audit.insert(number, entry.clone());
        Ok(())
    }

    async fn list(
        &self,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AuditEntry>, StoreError> {
        let fits = |entry: &AuditEntry| filter.fits(entry);
        Ok(newest_first(&self.lock().audit, page, fits))
    }

    async fn remove_before(&self, at: Timestamp, limit: NonZeroU16) -> Result<u64, StoreError> {
        let mut records = self.lock();
        let ended = records.audit.iter().filter(|(_, entry)| entry.at < at);
        let ended = ended.take(usize::from(limit.get()));
        let ended: Vec<_> = ended.map(|(number, _)| *number).collect();
        for number in &ended {
            records.audit.remove(number);
        }
        Ok(ended.len() as u64)
    }
}

#[async_trait]
impl VaultStore for CustomStore {
    async fn key_fingerprints(&self) -> Result<Vec<KeyFingerprint>, StoreError> {
        Ok(self.lock().fingerprints.clone())
    }

    async fn add_key_fingerprint(&self, fingerprint: KeyFingerprint) -> Result<(), StoreError> {
        let mut records = self.lock();
        if !records.fingerprints.contains(&fingerprint) {
            records.fingerprints.push(fingerprint);
        }
        Ok(())
    }

    async fn remove_key_fingerprint(
        &self,
        fingerprint: KeyFingerprint,
    ) -> Result<bool, StoreError> {
        let mut records = self.lock();
        let known = records.fingerprints.contains(&fingerprint);
        records.fingerprints.retain(|held| *held != fingerprint);
        Ok(known)
    }

    async fn set_up_nonce(&self, candidate: [u8; 32]) -> Result<[u8; 32], StoreError> {
        Ok(*self.lock().nonce.get_or_insert(candidate))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl PauseStore for CustomStore {
    async fn pause(&self, integration: &ClientId) -> Result<Option<Pause>, StoreError> {
        Ok(self.lock().pauses.get(integration).cloned())
    }

    async fn prolong_pause(&self, pause: &Pause) -> Result<Pause, StoreError> {
        let mut records = self.lock();
        match records.pauses.get(&pause.integration) {
            Some(standing) if standing.until > pause.until => Ok(standing.clone()),
            _ => {
                let key = pause.integration.clone();
                records.pauses.insert(key, pause.clone());
                Ok(pause.clone())
            }
        }
    }

    async fn clear_pause(
        &self,
        integration: &ClientId,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut records = self.lock();
        let standing = records.pauses.get(integration);
        let ends = standing.is_some_and(|pause| pause.until <= until);
        if ends {
            records.pauses.remove(integration);
        }
        Ok(ends)
    }
}

#[async_trait]
impl Outbox for CustomStore {
    async fn add_to_outbox(&self, entry: &OutboxEntry) -> Result<bool, StoreError> {
        let mut records = self.lock();
        let key = (entry.event.id, entry.destination.clone());
        let fresh = !records.outbox.contains_key(&key);
        if fresh {
            records.outbox.insert(key, entry.clone());
        }
        Ok(fresh)
    }

    async fn due_in_outbox(
        &self,
        now: Timestamp,
        limit: NonZeroU16,
        except: &[String],
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        let records = self.lock();
        let entries = records.outbox.values();
        let mut due: Vec<_> = entries
            .filter(|entry| entry.next_at.has_passed(now))
            .filter(|entry| !except.contains(&entry.destination))
            .cloned()
            .collect();
        due.sort_by_key(|entry| entry.next_at);
        due.truncate(usize::from(limit.get()));
        Ok(due)
    }

    async fn reschedule_in_outbox(
        &self,
        entry: &OutboxEntry,
        seen: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut records = self.lock();
        let key = (entry.event.id, entry.destination.clone());
        let standing = records.outbox.get_mut(&key);
        let Some(standing) = standing.filter(|standing| standing.next_at == seen) else {
            return Ok(false);
        };
        standing.next_at = entry.next_at;
        standing.attempts = entry.attempts;
        standing.last_error.clone_from(&entry.last_error);
        standing.endpoint.clone_from(&entry.endpoint);
        Ok(true)
    }

    async fn remove_from_outbox(
        &self,
        event: EventId,
        destination: &str,
    ) -> Result<bool, StoreError> {
        let key = (event, destination.to_owned());
        Ok(self.lock().outbox.remove(&key).is_some())
    }

    async fn resume_outbox(
        &self,
        destination: &str,
        unless_tried_at: Option<String>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut resumed = 0;
        for entry in self.lock().outbox.values_mut() {
            let elsewhere = unless_tried_at.is_none() || entry.endpoint != unless_tried_at;
            if entry.destination == destination && entry.next_at > now && elsewhere {
                (entry.next_at, entry.attempts) = (now, 0);
                resumed += 1;
            }
        }
        Ok(resumed)
    }

    async fn backlog_in_outbox(&self, destination: &str) -> Result<Backlog, StoreError> {
        let records = self.lock();
        let entries = records.outbox.values();
        let mut waiting: Vec<_> = entries
            .filter(|entry| entry.destination == destination)
            .collect();
        waiting.sort_by_key(|entry| entry.next_at);
        let next_at = waiting.first().map(|entry| entry.next_at);
        let failed = waiting.iter().find(|entry| entry.last_error.is_some());
        Ok(Backlog {
            waiting: waiting.len() as u64,
            next_at,
            failed: failed.map(|entry| (*entry).clone()),
        })
    }

    async fn count_outbox(&self) -> Result<u64, StoreError> {
        Ok(self.lock().outbox.len() as u64)
    }
}

#[async_trait]
impl ProcessRegistry for CustomStore {
    async fn announce_process(&self, process: &ProcessRecord) -> Result<(), StoreError> {
        let mut records = self.lock();
        records.processes.insert(process.id, process.clone());
        Ok(())
    }

    async fn processes(&self) -> Result<Vec<ProcessRecord>, StoreError> {
        Ok(self.lock().processes.values().cloned().collect())
    }

    async fn withdraw_process(&self, id: ProcessId) -> Result<bool, StoreError> {
        Ok(self.lock().processes.remove(&id).is_some())
    }

    async fn remove_expired_processes(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut records = self.lock();
        let before = records.processes.len();
        let processes = &mut records.processes;
        processes.retain(|_, process| !process.expires_at.has_passed(now));
        Ok((before - processes.len()) as u64)
    }
}

/// A page of everything in order of what it is known by, that starts behind the
/// cursor. Here every record can be read.
fn walk<'r, T: Clone + 'r>(
    records: impl Iterator<Item = &'r T>,
    page: &PageRequest,
    known_by: impl Fn(&T) -> Vec<u8>,
) -> Page<Found<T>> {
    let after = page.after.as_ref();
    let behind =
        |record: &&T| after.is_none_or(|cursor| known_by(record).as_slice() > cursor.position());
    let mut found: Vec<_> = records.filter(behind).cloned().collect();
    found.sort_by_key(&known_by);
    let page = Page::from_one_more(found, page.limit, known_by);
    Page {
        items: page.items.into_iter().map(Ok).collect(),
        next: page.next,
    }
}

/// The same by number: the oldest first.
fn oldest_first<T: Clone>(records: &BTreeMap<u64, T>, page: &PageRequest) -> Page<Found<T>> {
    let after = page.after.as_ref().map_or(0, number_in);
    let limit = usize::from(page.limit.get());
    let found = records.range(after + 1..).take(limit + 1);
    let page = Page::from_one_more(found.collect(), page.limit, |(number, _)| {
        number.to_be_bytes().to_vec()
    });
    Page {
        items: page
            .items
            .into_iter()
            .map(|(_, record)| Ok(record.clone()))
            .collect(),
        next: page.next,
    }
}

#[async_trait]
impl Inventory for CustomStore {
    async fn walk_tokens(&self, page: &PageRequest) -> Result<Page<Found<Token>>, StoreError> {
        Ok(oldest_first(&self.lock().tokens, page))
    }

    async fn walk_consents(
        &self,
        page: &PageRequest,
    ) -> Result<Page<Found<PendingConsent>>, StoreError> {
        let records = self.lock();
        let waits = |consent: &&PendingConsent| !records.callbacks.contains_key(&consent.state);
        let waiting = records.consents.values().filter(waits);
        Ok(walk(waiting, page, |consent| consent.state.0.to_vec()))
    }

    async fn walk_admins(&self, page: &PageRequest) -> Result<Page<Found<Admin>>, StoreError> {
        let records = self.lock();
        Ok(walk(records.admins.values(), page, |admin| {
            admin.id.to_bytes().to_vec()
        }))
    }

    async fn walk_api_keys(&self, page: &PageRequest) -> Result<Page<Found<ApiKey>>, StoreError> {
        let records = self.lock();
        Ok(walk(records.api_keys.values(), page, |key| {
            key.id.to_bytes().to_vec()
        }))
    }

    async fn walk_links(&self, page: &PageRequest) -> Result<Page<Found<ConsentLink>>, StoreError> {
        let records = self.lock();
        Ok(walk(records.links.values(), page, |link| {
            link.id.to_bytes().to_vec()
        }))
    }

    async fn walk_audit(&self, page: &PageRequest) -> Result<Page<Found<AuditEntry>>, StoreError> {
        Ok(oldest_first(&self.lock().audit, page))
    }

    async fn walk_pauses(&self, page: &PageRequest) -> Result<Page<Found<Pause>>, StoreError> {
        let records = self.lock();
        Ok(walk(records.pauses.values(), page, |pause| {
            pause.integration.as_str().into()
        }))
    }

    async fn walk_outbox(
        &self,
        page: &PageRequest,
    ) -> Result<Page<Found<OutboxEntry>>, StoreError> {
        let records = self.lock();
        Ok(walk(records.outbox.values(), page, |entry| {
            [
                entry.event.id.to_string().as_bytes(),
                entry.destination.as_bytes(),
            ]
            .concat()
        }))
    }
}
