//! Sessions in the store: data under the hash of a session ID.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use spark_oauth_core::Timestamp;
use spark_oauth_core::ports::{Clock, Random, SessionKey, SessionRecord, SessionStore, StoreError};

/// How long a session lasts without being used.
const IDLE: Duration = Duration::from_mins(30);

/// How long it lasts at most, however much it is used.
const LONGEST: Duration = Duration::from_hours(12);

/// The precision of the stored time of the last use, so that not every request writes.
const TOUCH: Duration = Duration::from_mins(1);

/// How often an update is retried after a conflict with another request.
const ATTEMPTS: usize = 20;

/// Keeps sessions in the store.
#[derive(Clone, Debug)]
pub(crate) struct Sessions {
    store: Arc<dyn SessionStore>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// The secret that names a session: 256 random bits.
#[derive(Clone, Debug)]
pub(crate) struct SessionId(SecretString);

/// A session, as it was read.
#[derive(Clone, Debug)]
pub(crate) struct Session<T> {
    id: SessionId,
    record: SessionRecord,
    memory: Memory<T>,
}

/// What is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Memory<T> {
    begun_at: Timestamp,
    /// When it was last used, to the minute.
    seen_at: Timestamp,
    data: T,
}

impl SessionId {
    /// The plain text. Use it only for the browser's cookie.
    pub(super) fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }

    /// The session ID in a cookie, if its format is ours.
    pub(super) fn from_cookie(text: &str) -> Option<Self> {
        let is_ours = text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok();
        is_ours.then(|| Self(SecretString::from(text.to_owned())))
    }

    /// Distinguishes the sessions of one browser without revealing the secret.
    pub(super) fn mark(&self) -> String {
        let hash = self.key().0;
        format!(
            "{:02x}{:02x}{:02x}{:02x}",
            hash[0], hash[1], hash[2], hash[3]
        )
    }

    fn key(&self) -> SessionKey {
        SessionKey(Sha256::digest(self.expose_secret()).into())
    }
}

impl<T> Session<T> {
    pub(super) const fn id(&self) -> &SessionId {
        &self.id
    }

    pub(super) const fn begun_at(&self) -> Timestamp {
        self.memory.begun_at
    }

    pub(super) const fn data(&self) -> &T {
        &self.memory.data
    }
}

impl Sessions {
    pub(crate) fn new(
        store: Arc<dyn SessionStore>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self {
            store,
            clock,
            random,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Begins a session, under a new secret.
    pub(super) async fn create<T: Serialize>(&self, data: T) -> Result<Session<T>, StoreError> {
        let mut bytes = [0; 32];
        self.random.fill(&mut bytes);
        let id = SessionId(SecretString::from(URL_SAFE_NO_PAD.encode(bytes)));
        let now = self.now();
        let memory = Memory {
            begun_at: now,
            seen_at: now,
            data,
        };
        let record = record(id.key(), &memory)?;
        self.store.create(&record).await?;
        Ok(Session { id, record, memory })
    }

    /// The session with this secret. Reading counts as a use of it.
    pub(super) async fn load<T>(&self, id: &SessionId) -> Result<Option<Session<T>>, StoreError>
    where
        T: Clone + Serialize + DeserializeOwned,
    {
        let Some(mut session) = self.read(id).await? else {
            return Ok(None);
        };
        if self.now().since(session.memory.seen_at) >= TOUCH {
            self.update(&mut session, |_| true).await?;
        }
        Ok(Some(session))
    }

    async fn read<T: DeserializeOwned>(
        &self,
        id: &SessionId,
    ) -> Result<Option<Session<T>>, StoreError> {
        let Some(record) = self.store.load(id.key(), self.now()).await? else {
            return Ok(None);
        };
        let Ok(memory) = serde_json::from_slice(&record.data) else {
            tracing::warn!("session ignored: another version of this program wrote it");
            return Ok(None);
        };
        let id = id.clone();
        Ok(Some(Session { id, record, memory }))
    }

    /// Updates a session with compare-and-set. `change` is called again after a conflict, and
    /// returns whether to write. Returns `false` if `change` did, or if the session has ended.
    /// An update never revives a session.
    pub(super) async fn update<T>(
        &self,
        session: &mut Session<T>,
        change: impl Fn(&mut T) -> bool + Send,
    ) -> Result<bool, StoreError>
    where
        T: Clone + Serialize + DeserializeOwned,
    {
        for _ in 0..ATTEMPTS {
            let mut memory = session.memory.clone();
            if !change(&mut memory.data) {
                return Ok(false);
            }
            memory.seen_at = self.now();
            let record = record(session.record.key, &memory)?;
            if self.store.replace(&session.record.data, &record).await? {
                (session.record, session.memory) = (record, memory);
                return Ok(true);
            }
            if !self.reload(session).await? {
                return Ok(false);
            }
        }
        Err(StoreError::Conflict)
    }

    /// Reads a session again; `false` where it has ended.
    pub(super) async fn reload<T: DeserializeOwned>(
        &self,
        session: &mut Session<T>,
    ) -> Result<bool, StoreError> {
        let found = self.read(&session.id).await?;
        Ok(found.map(|found| *session = found).is_some())
    }

    /// Ends a session.
    pub(super) async fn remove<T: Sync>(&self, session: &Session<T>) -> Result<(), StoreError> {
        self.store.remove(session.record.key).await.map(drop)
    }
}

fn record<T: Serialize>(key: SessionKey, memory: &Memory<T>) -> Result<SessionRecord, StoreError> {
    let ends_at = memory.begun_at + LONGEST;
    Ok(SessionRecord {
        key,
        data: serde_json::to_vec(memory).map_err(|error| StoreError::Corrupt {
            store: "session",
            source: Box::new(error),
        })?,
        expires_at: (memory.seen_at + IDLE).min(ends_at),
    })
}
