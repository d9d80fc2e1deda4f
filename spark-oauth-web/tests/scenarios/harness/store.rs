//! Where the records of an application under test are kept.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use spark_oauth_store_mongo::testing::TestDatabases;

use super::Database;

/// The store of an application.
#[derive(Clone, Debug)]
pub(super) enum Store {
    /// In memory: nothing outlives the application.
    Memory,
    /// In a SQLite file of the test's folder.
    Disk,
    /// On the MongoDB server that all tests share, until the last who knows of these
    /// databases is gone.
    Shared(Arc<TestDatabases>),
    /// On a MongoDB server of the test's own, with this connection string.
    Own(String),
}

pub(super) fn database(folder: &Path) -> PathBuf {
    folder.join("data").join("spark-oauth.db")
}

impl Store {
    /// What names the store to the application.
    pub(super) fn environment(&self, folder: &Path) -> Vec<(String, String)> {
        let store = |name: String| ("SPARK_OAUTH__STORE".to_owned(), name);
        let database = |of: &str, name: &str| {
            let variable = format!("SPARK_OAUTH__DBCONFIG__{of}DBNAME");
            (variable, name.to_owned())
        };
        match self {
            Self::Memory => vec![store("sqlite::memory:".to_owned())],
            Self::Disk => vec![store(format!(
                "sqlite:{}",
                self::database(folder).display()
            ))],
            Self::Own(uri) => vec![store(uri.clone())],
            Self::Shared(databases) => vec![
                store(databases.uri().to_owned()),
                database("TOKEN", databases.token_db()),
                database("ADMIN", databases.admin_db()),
            ],
        }
    }

    /// How many records there are of a kind.
    pub(super) async fn count(&self, folder: &Path, kind: &str) -> u64 {
        match self {
            Self::Disk => {
                let count = Database::open(&database(folder)).await.count(kind).await;
                count.try_into().unwrap()
            }
            Self::Shared(databases) => databases.count(kind).await,
            Self::Memory | Self::Own(_) => panic!("nobody else sees the records of {self:?}"),
        }
    }
}

/// Stamps scenarios, each a function of a [`Setup`](super::Setup), into a test for
/// each store.
macro_rules! on_every_store {
    ($($scenario:ident),+ $(,)?) => {
        mod on_sqlite {
            use crate::harness::Setup;

            $(#[tokio::test]
            async fn $scenario() {
                super::$scenario(Setup::on_disk()).await;
            })+
        }

        mod on_mongodb {
            use crate::harness::Setup;

            $(#[tokio::test]
            async fn $scenario() {
                if let Some(setup) = Setup::on_mongodb() {
                    super::$scenario(setup).await;
                }
            })+
        }
    };
}

pub(crate) use on_every_store;
