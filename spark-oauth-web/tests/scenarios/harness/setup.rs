//! What the application under test is configured with.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use spark_oauth_store_mongo::testing::{self, TestDatabases};
use spark_oauth_web::config::{Config, Environment};

use super::store::Store;
use super::{PASSWORD, REQUESTER};

/// Under which address the application says it is reached. Where it really listens
/// is for the browser to know, as with a port that is forwarded.
pub(crate) const PUBLIC_URL: &str = "http://127.0.0.1:3000";

/// A configuration file and an environment.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    file: Value,
    environment: Vec<(String, String)>,
    pub(super) store: Store,
    pub(super) provider_timeout: Duration,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            file: json!({
                "server": { "host": "127.0.0.1", "port": 0 },
                "oauth": {
                    "clientID": "C80fb9c7096bd8474627317ee1d7a817eff372ca9c9cee3ce43c3ea3e8d1511ec",
                    "clientSecret": "client-secret-that-nobody-may-see",
                    "redirectURIUnencoded": format!("{PUBLIC_URL}/auth/spark/callback"),
                    "scope": "spark:people_read spark:rooms_read spark:rooms_write \
                              spark:memberships_write spark:messages_write identity:tokens_write",
                    "contactEmail": REQUESTER,
                },
                "superAdminAccount": {
                    "username": "admin",
                    "password": PASSWORD,
                    "email": "admin@example.org",
                },
                "passwordHashCost": 4,
                "logLevel": "debug",
                "log": { "directory": "off" },
            }),
            environment: Vec::new(),
            store: Store::Memory,
            provider_timeout: Duration::from_secs(20),
        }
    }
}

impl Setup {
    fn keeping_records(store: Store) -> Self {
        Self {
            store,
            ..Self::default()
        }
    }

    /// A configuration whose records outlive the application, in a file.
    pub(crate) fn on_disk() -> Self {
        Self::keeping_records(Store::Disk)
    }

    /// The same in databases of its own on the MongoDB server that all tests share;
    /// `None` where there is no server, which is told.
    pub(crate) fn on_mongodb() -> Option<Self> {
        let databases = TestDatabases::on(testing::shared()?);
        Some(Self::keeping_records(Store::Shared(databases.into())))
    }

    /// The same on a MongoDB server of the test's own.
    pub(crate) fn on_mongodb_at(uri: String) -> Self {
        Self::keeping_records(Store::Own(uri))
    }

    /// How long a call to the provider may take.
    pub(crate) fn provider_timeout(mut self, limit: Duration) -> Self {
        self.provider_timeout = limit;
        self
    }

    /// Sets a setting of the file, such as `server.port`; `null` takes it away.
    pub(crate) fn set(mut self, path: &str, value: impl Into<Value>) -> Self {
        let (section, key) = path.split_once('.').unwrap_or(("", path));
        let section = match section {
            "" => &mut self.file,
            section => &mut self.file[section],
        };
        match value.into() {
            Value::Null => drop(section.as_object_mut().unwrap().remove(key)),
            value => section[key] = value,
        }
        self
    }

    /// Sets a variable of the environment.
    pub(crate) fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// The text of the file.
    pub(crate) fn text(&self) -> String {
        self.file.to_string()
    }

    /// The environment, with what differs from test to test.
    pub(crate) fn environment(&self, folder: &Path, api_base: &str) -> Vec<(String, String)> {
        let keys = key_file(folder).display().to_string();
        let journal = journal_directory(folder).display().to_string();
        let mut pairs = vec![
            ("SPARK_OAUTH__KEYFILE".to_owned(), keys),
            ("SPARK_OAUTH__REFRESH__JOURNALDIRECTORY".to_owned(), journal),
            (
                "SPARK_OAUTH__PROVIDER__APIBASE".to_owned(),
                api_base.to_owned(),
            ),
        ];
        pairs.extend(self.store.environment(folder));
        pairs.extend(self.environment.iter().cloned());
        pairs
    }

    /// The configuration.
    pub(crate) fn config(&self, folder: &Path, api_base: &str) -> Config {
        let environment: Environment = self.environment(folder, api_base).into_iter().collect();
        let read = Config::from_json("config.json", &self.text(), &environment);
        read.unwrap().0
    }
}

pub(super) fn key_file(folder: &Path) -> std::path::PathBuf {
    folder.join("conf").join("spark-oauth.keys")
}

/// A folder that is not shared with the database: one may be taken away alone.
pub(crate) fn journal_directory(folder: &Path) -> std::path::PathBuf {
    folder.join("journal")
}

/// Whether an entry lies in a journal, as somebody else sees it.
pub(crate) fn journal_is_used(folder: &Path) -> bool {
    let files = std::fs::read_dir(journal_directory(folder)).unwrap();
    // A process that ends takes its file with it.
    let mut lengths = files.filter_map(|file| Some(file.ok()?.metadata().ok()?.len()));
    lengths.any(|length| length > 0)
}
