//! Making, listing, revoking and accepting API keys.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use crate::api_keys::{
    ApiKey, ApiKeyError, InputProblem, KeyHash, KeyName, KeyRefusal, KeyScope, KeyScopes, KeyText,
    Reach,
};
use crate::audit::{AuditAction, Caller, Outcome};
use crate::auditor::{Auditor, Subject};
use crate::detached::Detached;
use crate::ids::ApiKeyId;
use crate::ports::{ApiKeyStore, Clock, Page, PageRequest, Random, StoreError};
use crate::recent::Recent;
use crate::secret::ApiKeySecret;
use crate::timestamp::Timestamp;

/// How long a key that was read is believed without asking the store again: a
/// revoked key is refused by every replica after this time at the latest.
const BELIEVED_FOR: Duration = Duration::from_millis(500);

/// How often the last use of a key is written at most.
const USE_NOTED_EVERY: Duration = Duration::from_mins(1);

/// How many keys are remembered at once; one more makes room by forgetting all.
const REMEMBERED: usize = 10_000;

/// What a new key is made of.
#[derive(Clone, Debug)]
pub struct ApiKeyInput {
    /// What it is called.
    pub name: KeyName,
    /// What it may do.
    pub scopes: Vec<KeyScope>,
    /// Whose tokens it is good for.
    pub reach: Reach,
    /// How many requests a minute it may make; `None` for any number.
    pub requests_per_minute: Option<NonZeroU32>,
    /// When it ends by itself; `None` for never.
    pub expires_at: Option<Timestamp>,
}

/// A key that was just made: the one time its text can be seen.
#[derive(Clone, Debug)]
pub struct Created {
    /// The record.
    pub key: ApiKey,
    /// The text for the service.
    pub secret: ApiKeySecret,
}

/// Makes, lists, revokes and accepts API keys.
#[derive(Clone, Debug)]
pub struct ApiKeyService {
    store: Arc<dyn ApiKeyStore>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    auditor: Auditor,
    detached: Detached,
    recent: Recent<KeyHash, Arc<ApiKey>>,
    /// The keys whose use was noted a moment ago.
    noted: Recent<ApiKeyId, ()>,
}

impl ApiKeyService {
    pub(crate) fn new(
        store: Arc<dyn ApiKeyStore>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        auditor: Auditor,
        detached: Detached,
    ) -> Self {
        Self {
            store,
            clock,
            random,
            auditor,
            detached,
            recent: Recent::new(BELIEVED_FOR, REMEMBERED),
            noted: Recent::new(USE_NOTED_EVERY, REMEMBERED),
        }
    }

    /// Makes a key.
    ///
    /// # Errors
    /// [`ApiKeyError::Input`], or the store's.
    pub async fn create(
        &self,
        input: ApiKeyInput,
        by: &str,
        caller: &Caller,
    ) -> Result<Created, ApiKeyError> {
        let now = self.clock.now();
        let scopes = KeyScopes::new(input.scopes).ok_or(InputProblem::NoScope)?;
        if input.expires_at.is_some_and(|end| end.has_passed(now)) {
            return Err(InputProblem::Expired.into());
        }
        let text = KeyText::generate(&*self.random);
        let key = ApiKey {
            id: ApiKeyId::generate(now, &*self.random),
            name: input.name,
            hash: text.hash(),
            scopes,
            reach: input.reach,
            requests_per_minute: input.requests_per_minute,
            created_at: now,
            created_by: by.to_owned(),
            expires_at: input.expires_at,
            last_used_at: None,
            revoked_at: None,
        };
        self.store.insert(&key).await?;
        self.note(caller, AuditAction::ApiKeyCreated, &key).await;
        Ok(Created {
            key,
            secret: text.secret().clone(),
        })
    }

    /// One key.
    ///
    /// # Errors
    /// [`ApiKeyError::NotFound`], or the store's.
    pub async fn get(&self, id: ApiKeyId) -> Result<ApiKey, ApiKeyError> {
        self.store.get(id).await?.ok_or(ApiKeyError::NotFound)
    }

    /// A page of the keys, newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self, page: &PageRequest) -> Result<Page<ApiKey>, StoreError> {
        self.store.list(page).await
    }

    /// Revokes a key. Every replica refuses it within a second.
    ///
    /// # Errors
    /// [`ApiKeyError::NotFound`], or the store's.
    pub async fn revoke(&self, id: ApiKeyId, caller: &Caller) -> Result<ApiKey, ApiKeyError> {
        let Some(key) = self.store.revoke(id, self.clock.now()).await? else {
            let (subject, outcome) = (
                Subject::unknown_api_key(id),
                Outcome::Refused("not_found".to_owned()),
            );
            self.auditor
                .record(caller, AuditAction::ApiKeyRevoked, subject, outcome)
                .await;
            return Err(ApiKeyError::NotFound);
        };
        self.recent.forget(&key.hash);
        self.note(caller, AuditAction::ApiKeyRevoked, &key).await;
        Ok(key)
    }

    /// The key that a service sent, where it is good now.
    ///
    /// # Errors
    /// [`KeyRefusal`] inside, or the store's around it.
    pub async fn authenticate(
        &self,
        text: &str,
    ) -> Result<Result<Arc<ApiKey>, KeyRefusal>, StoreError> {
        Ok(match self.find(text).await? {
            Ok(key) => self.accept(&key).map(|()| key),
            Err(refusal) => Err(refusal),
        })
    }

    /// The key that a service sent, whether it is good now or not.
    pub(crate) async fn find(
        &self,
        text: &str,
    ) -> Result<Result<Arc<ApiKey>, KeyRefusal>, StoreError> {
        let text = match KeyText::parse(text) {
            Ok(text) => text,
            Err(wrong) => return Ok(Err(wrong.into())),
        };
        let key = self.look_up(text.hash()).await?;
        Ok(key.ok_or(KeyRefusal::Unknown))
    }

    /// Whether the key is good now; if so, its use is noted.
    pub(crate) fn accept(&self, key: &ApiKey) -> Result<(), KeyRefusal> {
        key.check(self.clock.now())?;
        self.note_use(key);
        Ok(())
    }

    async fn look_up(&self, hash: KeyHash) -> Result<Option<Arc<ApiKey>>, StoreError> {
        if let Some(key) = self.recent.get(&hash) {
            return Ok(Some(key));
        }
        let reading = self.recent.reading();
        let Some(key) = self.store.find_by_hash(hash).await?.map(Arc::new) else {
            return Ok(None);
        };
        self.recent.keep(reading, hash, key.clone());
        Ok(Some(key))
    }

    /// Writes now and then that the key is in use, without making the caller wait.
    fn note_use(&self, key: &ApiKey) {
        if self.noted.get(&key.id).is_some() {
            return;
        }
        self.noted.keep(self.noted.reading(), key.id, ());
        let (store, id, at) = (self.store.clone(), key.id, self.clock.now());
        drop(self.detached.start(async move {
            if let Err(error) = store.note_use(id, at).await {
                tracing::warn!(key = %id, %error, "the use of an API key was not noted");
            }
        }));
    }

    async fn note(&self, caller: &Caller, action: AuditAction, key: &ApiKey) {
        let subject = Subject::api_key(key.id, key.name.as_str());
        self.auditor
            .record(caller, action, subject, Outcome::Done)
            .await;
    }
}
