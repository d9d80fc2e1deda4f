//! Where the tokens lie: a SQLite file, or databases on a MongoDB server.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use spark_oauth_core::TokenId;
use spark_oauth_core::keyring::{KeyRing, SealingKey};
use spark_oauth_core::ports::{Stores, SystemRandom};
use spark_oauth_store_mongo::testing::{TestDatabases, insert_together};
use spark_oauth_store_mongo::{MongoOptions, MongoStore};
use spark_oauth_store_sqlite::SqliteStore;
use tempfile::TempDir;

use crate::Outcome;
use crate::fill::fill;
use crate::stock::Stock;

/// How many documents are inserted at once.
const AT_ONCE: usize = 1_000;

/// Which store is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Sqlite,
    /// The server at this address.
    Mongo(&'static str),
}

/// A store with tokens in it, which goes when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    lies: Lies,
    keys: String,
    /// The tokens, in the order of their making.
    pub(crate) tokens: Vec<TokenId>,
}

#[derive(Debug)]
enum Lies {
    In(TempDir),
    On(TestDatabases),
}

/// How a process finds the store and opens what is in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Way {
    address: Address,
    keys: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Address {
    Sqlite {
        path: PathBuf,
    },
    Mongo {
        uri: String,
        token_db: String,
        admin_db: String,
    },
}

/// A store that is open.
#[derive(Debug)]
pub(crate) enum Open {
    Sqlite(SqliteStore),
    Mongo(MongoStore),
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Mongo(_) => "MongoDB",
        }
    }
}

impl Place {
    pub(crate) async fn with(kind: Kind, stock: Stock) -> Outcome<Self> {
        let lies = match kind {
            // Beside the program, on a disk: a folder for temporary files may be in
            // memory.
            Kind::Sqlite => Lies::In(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?),
            Kind::Mongo(uri) => Lies::On(TestDatabases::on(uri)),
        };
        let mut place = Self {
            lies,
            keys: SealingKey::generate(&SystemRandom).to_base64().to_string(),
            tokens: Vec::with_capacity(stock.tokens),
        };
        let way = place.way();
        let (store, ring) = (way.open().await?, way.ring()?);
        match &store {
            Open::Sqlite(store) => place.fill_file(store, &ring, stock).await?,
            Open::Mongo(store) => place.fill_databases(store, &ring, stock).await?,
        }
        store.close().await;
        Ok(place)
    }

    async fn fill_file(&mut self, store: &SqliteStore, ring: &KeyRing, stock: Stock) -> Outcome {
        let tokens = (0..stock.tokens).map(|number| {
            let token = stock.token(ring, number)?;
            self.tokens.push(token.id);
            Ok(token)
        });
        fill(store, tokens).await
    }

    async fn fill_databases(
        &mut self,
        store: &MongoStore,
        ring: &KeyRing,
        stock: Stock,
    ) -> Outcome {
        let numbers: Vec<_> = (0..stock.tokens).collect();
        for numbers in numbers.chunks(AT_ONCE) {
            let tokens = numbers.iter().map(|number| stock.token(ring, *number));
            let tokens = tokens.collect::<Outcome<Vec<_>>>()?;
            let first = i64::try_from(self.tokens.len())? + 1;
            insert_together(store, &tokens, first).await;
            self.tokens.extend(tokens.iter().map(|token| token.id));
        }
        Ok(())
    }

    pub(crate) fn way(&self) -> Way {
        let address = match &self.lies {
            Lies::In(folder) => Address::Sqlite {
                path: folder.path().join("engine.db"),
            },
            Lies::On(databases) => Address::Mongo {
                uri: databases.uri().to_owned(),
                token_db: databases.token_db().to_owned(),
                admin_db: databases.admin_db().to_owned(),
            },
        };
        Way {
            address,
            keys: self.keys.clone(),
        }
    }
}

impl Way {
    pub(crate) fn ring(&self) -> Outcome<KeyRing> {
        Ok(KeyRing::parse(&self.keys, Arc::new(SystemRandom))?)
    }

    pub(crate) async fn open(&self) -> Outcome<Open> {
        Ok(match &self.address {
            Address::Sqlite { path } => Open::Sqlite(SqliteStore::open_path(path).await?),
            Address::Mongo {
                uri,
                token_db,
                admin_db,
            } => {
                let options = MongoOptions::new(uri).token_db(token_db);
                Open::Mongo(MongoStore::connect(options.admin_db(admin_db)).await?)
            }
        })
    }
}

impl Open {
    pub(crate) fn stores(&self) -> Stores {
        match self {
            Self::Sqlite(store) => store.stores(),
            Self::Mongo(store) => store.stores(),
        }
    }

    pub(crate) async fn close(self) {
        match self {
            Self::Sqlite(store) => store.close().await,
            Self::Mongo(store) => store.close().await,
        }
    }
}
