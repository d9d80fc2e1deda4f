//! The store that the configuration names, behind the ports.

use std::fmt;

use futures_util::future::BoxFuture;
use spark_oauth_core::ports::Stores;

#[cfg(feature = "mongo")]
use crate::config::MongoUri;
#[cfg(feature = "sqlite")]
use crate::config::SqlitePath;
use crate::config::{Config, StoreChoice};
use crate::launch::StartError;

/// A store that was opened, and how to close it.
pub struct OpenStores {
    /// The ports.
    pub stores: Stores,
    /// Where the store is, without credentials.
    pub place: String,
    close: Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>,
}

impl OpenStores {
    /// Ends what the store still has under way, and lets go of it.
    pub async fn close(self) {
        (self.close)().await;
    }
}

impl fmt::Debug for OpenStores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenStores")
            .field("stores", &self.stores)
            .finish_non_exhaustive()
    }
}

/// Opens the store.
///
/// # Errors
/// [`StartError`] says what was tried and what to do, without credentials.
pub async fn open_stores(choice: &StoreChoice) -> Result<OpenStores, StartError> {
    match choice {
        #[cfg(feature = "sqlite")]
        StoreChoice::Sqlite(path) => open_sqlite(choice, path).await,
        #[cfg(not(feature = "sqlite"))]
        StoreChoice::Sqlite(_) => Err(not_built(choice, "sqlite")),
        #[cfg(feature = "mongo")]
        StoreChoice::Mongo {
            uri,
            admin_db,
            token_db,
        } => open_mongo(choice, uri, admin_db, token_db).await,
        #[cfg(not(feature = "mongo"))]
        StoreChoice::Mongo { .. } => Err(not_built(choice, "mongo")),
    }
}

/// Opens a store that has been made before.
///
/// # Errors
/// [`StartError::NoStore`] where it has not, and those of [`open_stores`].
pub async fn open_existing(config: &Config) -> Result<OpenStores, StartError> {
    require_store(config).await?;
    open_stores(&config.store).await
}

/// That the store has been made before, and is not made by mistake.
///
/// # Errors
/// [`StartError::NoStore`] where it has not, and those of [`store_exists`].
pub async fn require_store(config: &Config) -> Result<(), StartError> {
    if store_exists(&config.store).await? {
        return Ok(());
    }
    let file = config.file.as_ref();
    Err(StartError::NoStore {
        store: config.store.place(),
        configuration: file.map_or_else(
            || "environment variables, no file".to_owned(),
            |file| format!("{} and environment variables", file.display()),
        ),
    })
}

/// Whether the store has been made. Nothing is written.
///
/// # Errors
/// [`StartError`] says what was tried and what to do, without credentials.
pub async fn store_exists(choice: &StoreChoice) -> Result<bool, StartError> {
    match choice {
        #[cfg(feature = "sqlite")]
        StoreChoice::Sqlite(SqlitePath::Memory) => Ok(false),
        #[cfg(feature = "sqlite")]
        StoreChoice::Sqlite(SqlitePath::File(path)) => {
            path.try_exists().map_err(|error| StartError::Store {
                store: choice.place(),
                source: error.into(),
            })
        }
        #[cfg(not(feature = "sqlite"))]
        StoreChoice::Sqlite(_) => Err(not_built(choice, "sqlite")),
        #[cfg(feature = "mongo")]
        StoreChoice::Mongo {
            uri,
            admin_db,
            token_db,
        } => {
            let options = mongo_options(uri, admin_db, token_db);
            let found = spark_oauth_store_mongo::MongoStore::exists(&options).await;
            found.map_err(|error| StartError::Store {
                store: choice.place(),
                source: error.into(),
            })
        }
        #[cfg(not(feature = "mongo"))]
        StoreChoice::Mongo { .. } => Err(not_built(choice, "mongo")),
    }
}

#[cfg(not(all(feature = "mongo", feature = "sqlite")))]
fn not_built(choice: &StoreChoice, feature: &'static str) -> StartError {
    StartError::StoreNotBuilt {
        store: choice.to_string(),
        feature,
    }
}

#[cfg(feature = "sqlite")]
async fn open_sqlite(choice: &StoreChoice, path: &SqlitePath) -> Result<OpenStores, StartError> {
    use spark_oauth_store_sqlite::SqliteStore;

    let opened = match path {
        SqlitePath::Memory => SqliteStore::in_memory().await,
        SqlitePath::File(path) => SqliteStore::open_path(path).await,
    };
    let store = opened.map_err(|error| StartError::Store {
        store: choice.place(),
        source: error.into(),
    })?;
    let closing = store.clone();
    Ok(OpenStores {
        stores: Stores::of(store),
        place: choice.place(),
        close: Box::new(move || Box::pin(async move { closing.close().await })),
    })
}

#[cfg(feature = "mongo")]
async fn open_mongo(
    choice: &StoreChoice,
    uri: &MongoUri,
    admin_db: &str,
    token_db: &str,
) -> Result<OpenStores, StartError> {
    use spark_oauth_store_mongo::MongoStore;

    let store = MongoStore::connect(mongo_options(uri, admin_db, token_db))
        .await
        .map_err(|error| StartError::Store {
            store: choice.place(),
            source: error.into(),
        })?;
    Ok(OpenStores {
        stores: store.stores(),
        place: choice.place(),
        close: Box::new(move || Box::pin(async move { store.close().await })),
    })
}

#[cfg(feature = "mongo")]
fn mongo_options(
    uri: &MongoUri,
    admin_db: &str,
    token_db: &str,
) -> spark_oauth_store_mongo::MongoOptions {
    spark_oauth_store_mongo::MongoOptions::new(uri.expose_secret())
        .admin_db(admin_db)
        .token_db(token_db)
        .app_name("spark-oauth-web")
}
