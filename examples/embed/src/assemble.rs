//! What a `SparkOauth` is made of: an integration, a client of the provider, a store
//! and the keys.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use spark_oauth_core::keyring::{InvalidKeyRing, KeyRing, SealingKey};
use spark_oauth_core::ports::{SparkClient, Stores, SystemRandom};
use spark_oauth_core::webex::{WebexClient, WebexError, WebexSettings};
use spark_oauth_core::{
    ClientId, ClientSecret, EmailAddress, Integration, InvalidEmail, InvalidRedirectUri,
    InvalidScope, RedirectUri, Scopes, SparkOauth, VaultError,
};
use spark_oauth_store_sqlite::{OpenError, SqliteStore};
use url::Url;

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
    /// The store does not open.
    #[error("the store does not open")]
    Store(#[from] OpenError),
    /// The store belongs to other keys, or does not answer.
    #[error("the vault does not open")]
    Vault(#[from] VaultError),
}

/// The library, put together.
#[derive(Debug)]
pub struct Assembled {
    /// All services of the library.
    pub oauth: SparkOauth,
    /// The client of the provider, for calls with a token that was checked out.
    pub webex: Arc<dyn SparkClient>,
    store: SqliteStore,
}

impl Assembled {
    /// Opens the store and puts the services on top of it.
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
        let store = match settings.database {
            Some(path) => SqliteStore::open_path(path).await?,
            None => SqliteStore::in_memory().await?,
        };
        let webex: Arc<dyn SparkClient> =
            Arc::new(WebexClient::new(WebexSettings::at(settings.provider))?);
        let stores = Stores::of(store.clone());
        let oauth = SparkOauth::builder(integration, webex.clone(), stores, ring)
            .build()
            .await?;
        Ok(Self {
            oauth,
            webex,
            store,
        })
    }

    /// Ends what is under way, once no request comes in any more: a refresh whose
    /// answer is not yet stored must not end with the process.
    pub async fn close(self) {
        // A store that stays away would hold the process for ever.
        let _ = tokio::time::timeout(SETTLE_LIMIT, self.oauth.settle()).await;
        self.store.close().await;
    }
}
