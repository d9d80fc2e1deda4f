//! What a `SparkOauth` is made of: an integration, a client of the provider, a store
//! and the keys.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use spark_oauth_core::broker::RefreshLimits;
use spark_oauth_core::journal::{FileJournal, OpenJournalError};
use spark_oauth_core::keyring::{InvalidKeyRing, KeyRing, SealingKey};
use spark_oauth_core::ports::{
    Clock as _, SparkClient, StoreError, Stores, SystemClock, SystemRandom,
};
use spark_oauth_core::webex::{WebexClient, WebexError, WebexSettings};
use spark_oauth_core::{
    ClientId, ClientSecret, EmailAddress, Integration, InvalidEmail, InvalidRedirectUri,
    InvalidScope, ProcessId, RedirectUri, Scopes, SparkOauth, VaultError,
};
use spark_oauth_store_sqlite::{OpenError, SqliteStore};
use url::Url;

use crate::background::Background;

/// What this service does needs no more. A person agrees sooner to a short list.
const SCOPES: &str = "spark:people_read spark:rooms_write";

/// How long work that outlives its callers may take at the end.
const SETTLE_LIMIT: Duration = Duration::from_secs(30);

/// How this service is set up. A real one reads this from its own configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The base of the provider's API.
    pub provider: Url,
    /// The client ID of the integration.
    pub client_id: String,
    /// The client secret of the integration.
    pub client_secret: ClientSecret,
    /// The redirect URI, byte by byte as it is registered with the integration.
    pub redirect_uri: String,
    /// Who asks for consent.
    pub contact: String,
    /// The database file; in memory where absent.
    pub database: Option<PathBuf>,
    /// The keys that seal the tokens, in base64; the first one seals. Where absent,
    /// a new key is made, which only makes sense for a database in memory.
    pub keys: Option<String>,
}

/// Why the service cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// The redirect URI is none.
    #[error("wrong redirect URI")]
    RedirectUri(#[from] InvalidRedirectUri),
    /// The contact is no e-mail address.
    #[error("wrong contact address")]
    Contact(#[from] InvalidEmail),
    /// The scopes are none.
    #[error("wrong scopes")]
    Scopes(#[from] InvalidScope),
    /// The keys are none.
    #[error("wrong keys")]
    Keys(#[from] InvalidKeyRing),
    /// A database that outlives the process needs keys that do, too.
    #[error("a database file needs keys that are kept: give them, or no file")]
    KeysMissing,
    /// The client of the provider cannot be made.
    #[error("the client of Webex cannot be made")]
    Client(#[from] WebexError),
    /// New tokens that wait for the store have no place.
    #[error("the journal cannot be kept")]
    Journal(#[from] OpenJournalError),
    /// The store does not open.
    #[error("the store does not open")]
    Store(#[from] OpenError),
    /// The store belongs to other keys, or does not answer.
    #[error("the vault does not open")]
    Vault(#[from] VaultError),
    /// The store fails.
    #[error("the store fails")]
    StoreFailed(#[from] StoreError),
}

/// The library, put together.
#[derive(Debug)]
pub struct Assembled {
    /// All services of the library.
    pub oauth: SparkOauth,
    /// The client of the provider, for calls with a token that was checked out.
    pub webex: Arc<dyn SparkClient>,
    store: SqliteStore,
    background: Background,
}

impl Assembled {
    /// Opens the store, puts the services on top of it, and keeps the tokens fresh from
    /// then on.
    ///
    /// # Errors
    /// [`AssembleError`] says what is wrong.
    pub async fn new(settings: Settings) -> Result<Self, AssembleError> {
        let integration = Integration {
            client_id: ClientId::new(settings.client_id),
            client_secret: settings.client_secret,
            redirect_uri: RedirectUri::parse(&settings.redirect_uri)?,
            scopes: Scopes::parse(SCOPES)?,
            requester: EmailAddress::parse(&settings.contact)?,
        };
        // Keys come from where secrets are kept, never from the database: who has
        // one without the other has nothing.
        let random = Arc::new(SystemRandom);
        let ring = match (&settings.keys, &settings.database) {
            (Some(keys), _) => KeyRing::parse(keys, random)?,
            (None, None) => KeyRing::new(SealingKey::generate(&SystemRandom), random),
            (None, Some(_)) => return Err(AssembleError::KeysMissing),
        };
        // What Webex has handed out while the database fails waits in a journal, on
        // local disk beside the database.
        let journal = match &settings.database {
            Some(path) => Some(journal_beside(path).await?),
            None => None,
        };
        let store = match settings.database {
            Some(path) => SqliteStore::open_path(path).await?,
            None => SqliteStore::in_memory().await?,
        };
        let provider = WebexSettings::at(settings.provider);
        // A lease must outlive the client's own time limit.
        let limits = RefreshLimits::default().outliving(provider.request_timeout);
        let webex: Arc<dyn SparkClient> = Arc::new(WebexClient::new(provider)?);
        let stores = Stores::of(store.clone());
        let mut builder =
            SparkOauth::builder(integration, webex.clone(), stores, ring).refresh_limits(limits);
        if let Some(journal) = journal {
            builder = builder.journal(Arc::new(journal));
        }
        let oauth = builder.build().await?;
        let background = Background::begin(&oauth).await?;
        Ok(Self {
            oauth,
            webex,
            store,
            background,
        })
    }

    /// Ends what is under way, once no request comes in any more: a refresh whose
    /// answer is not yet stored must not end with the process.
    pub async fn close(self) {
        let settled = self.background.end(self.oauth.settle());
        // A store that stays away would hold the process for ever. What Webex has handed
        // out waits in the journal for the next start.
        let _ = tokio::time::timeout(SETTLE_LIMIT, settled).await;
        self.store.close().await;
    }
}

/// The journal of this process, in a folder that its later ones look into, too.
async fn journal_beside(database: &Path) -> Result<FileJournal, OpenJournalError> {
    let process = ProcessId::generate(SystemClock.now(), &SystemRandom);
    FileJournal::open(database.with_extension("journal"), process).await
}

#[cfg(test)]
mod tests {
    use spark_oauth_core::presence;

    use super::*;

    fn settings() -> Settings {
        Settings {
            provider: Url::parse("http://127.0.0.1:9/v1").unwrap(),
            client_id: "C0ffee".to_owned(),
            client_secret: ClientSecret::new("the-client-secret"),
            redirect_uri: "http://127.0.0.1:3000/connect/callback".to_owned(),
            contact: "owner@example.com".to_owned(),
            database: None,
            keys: None,
        }
    }

    #[tokio::test]
    async fn others_on_the_database_see_the_process_until_it_ends() {
        let assembled = Assembled::new(settings()).await.unwrap();
        let live = presence::live(&assembled.store, SystemClock.now()).await;
        let [process] = live.unwrap().try_into().unwrap();
        assert!(process.place.contains(&std::process::id().to_string()));
        assert_eq!(process.id, assembled.oauth.broker.process());
        let (oauth, store) = (assembled.oauth, assembled.store);
        assembled.background.end(oauth.settle()).await;
        let live = presence::live(&store, SystemClock.now()).await;
        assert_eq!(live.unwrap(), []);
    }
}
