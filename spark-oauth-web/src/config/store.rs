//! `store` and section `dbConfig`: where the records are kept.

use std::fmt;
use std::path::PathBuf;

use super::mongo_uri::MongoUri;
use super::reader::Reader;
use super::schema::Setting;

const STORE: Setting = Setting::secret("store");
const DB_HOST: Setting = Setting::plain("dbConfig.host");
const DB_PORT: Setting = Setting::plain("dbConfig.port");
const ADMIN_DB_NAME: Setting = Setting::plain("dbConfig.adminDBName");
const TOKEN_DB_NAME: Setting = Setting::plain("dbConfig.tokenDBName");

pub(super) const SETTINGS: &[Setting] = &[STORE, DB_HOST, DB_PORT, ADMIN_DB_NAME, TOKEN_DB_NAME];

const DB_SETTINGS: [Setting; 4] = [DB_HOST, DB_PORT, ADMIN_DB_NAME, TOKEN_DB_NAME];

/// Where SQLite keeps its database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SqlitePath {
    /// A file; a relative path counts from the working directory.
    File(PathBuf),
    /// Nothing survives the process.
    Memory,
}

/// Which store keeps the records.
#[derive(Clone, Debug)]
pub enum StoreChoice {
    /// The embedded store.
    Sqlite(SqlitePath),
    /// The store for more than one machine.
    Mongo {
        /// How to connect.
        uri: MongoUri,
        /// The database of the admins and what goes with them.
        admin_db: String,
        /// The database of the tokens and what goes with them.
        token_db: String,
    },
}

impl StoreChoice {
    /// Reads the name of another store than the configured one, written like `store`.
    /// The databases of MongoDB are called as the configuration calls them.
    ///
    /// # Errors
    /// [`InvalidStore`] says what is wrong, without the text.
    pub fn parse(text: &str, databases: &SampleDatabaseNames) -> Result<Self, InvalidStore> {
        Ok(match parse(text)? {
            Named::Sqlite(path) => Self::Sqlite(path),
            Named::Mongo(uri) => Self::mongo(uri, databases),
        })
    }

    /// Where it is, from any working directory, without credentials.
    pub fn place(&self) -> String {
        match self {
            Self::Sqlite(SqlitePath::File(path)) => {
                format!("sqlite:{}", super::absolute(path).display())
            }
            Self::Sqlite(SqlitePath::Memory) => self.to_string(),
            Self::Mongo {
                admin_db, token_db, ..
            } => format!("{self} (databases {token_db} and {admin_db})"),
        }
    }

    fn mongo(uri: MongoUri, databases: &SampleDatabaseNames) -> Self {
        Self::Mongo {
            uri,
            admin_db: databases.admin_db.clone(),
            token_db: databases.token_db.clone(),
        }
    }
}

impl fmt::Display for StoreChoice {
    /// As it is written in the file, without credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(SqlitePath::Memory) => f.write_str("sqlite::memory:"),
            Self::Sqlite(SqlitePath::File(path)) => write!(f, "sqlite:{}", path.display()),
            Self::Mongo { uri, .. } => uri.fmt(f),
        }
    }
}

/// The databases of the Node.js sample, which `import` reads, whichever store is
/// chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleDatabaseNames {
    /// The database of the admins.
    pub admin_db: String,
    /// The database of the tokens.
    pub token_db: String,
}

/// What `store` names.
enum Named {
    Sqlite(SqlitePath),
    Mongo(MongoUri),
}

/// Reads the store, and what the sample's databases are called.
pub(super) fn read(reader: &mut Reader) -> Option<(StoreChoice, SampleDatabaseNames)> {
    let admin_db = database_name(reader, ADMIN_DB_NAME, "adminUsers");
    let token_db = database_name(reader, TOKEN_DB_NAME, "tokenCenter");
    let names = admin_db.zip(token_db);
    let names = names.map(|(admin_db, token_db)| SampleDatabaseNames { admin_db, token_db });
    let choice = choice(reader, names.as_ref());
    choice.zip(names)
}

fn choice(reader: &mut Reader, databases: Option<&SampleDatabaseNames>) -> Option<StoreChoice> {
    let advice = "give sqlite:PATH, sqlite::memory: or a mongodb:// URI";
    let named = reader.parsed(STORE, advice, parse);
    let host = mongo_host(reader);
    let uri = match named {
        Some(Named::Sqlite(path)) => {
            warn_of_sqlite(reader, &path);
            return Some(StoreChoice::Sqlite(path));
        }
        Some(Named::Mongo(uri)) => {
            for setting in [DB_HOST, DB_PORT] {
                if reader.is_given(setting) {
                    reader.warn(setting, "not used, since store names the server");
                }
            }
            uri
        }
        None if reader.is_given(STORE) => return None,
        None if DB_SETTINGS.iter().any(|setting| reader.is_given(*setting)) => host?,
        None => return Some(StoreChoice::Sqlite(SqlitePath::File(default_file()))),
    };
    Some(StoreChoice::mongo(uri, databases?))
}

fn default_file() -> PathBuf {
    PathBuf::from("data/spark-oauth.db")
}

fn warn_of_sqlite(reader: &mut Reader, path: &SqlitePath) {
    if *path == SqlitePath::Memory {
        reader.warn(
            STORE,
            "in memory: tokens and admins are gone when the process ends",
        );
    }
    if DB_SETTINGS.iter().any(|setting| reader.is_given(*setting)) {
        let place = "dbConfig";
        let text = "used by `import` alone, since store names SQLite";
        reader.findings().warn(place, text);
    }
}

/// Why a text names no store. It may hold a password, and is never shown.
#[derive(Debug, thiserror::Error)]
pub enum InvalidStore {
    /// The connection string is wrong.
    #[error(transparent)]
    Mongo(#[from] super::mongo_uri::InvalidMongoUri),
    /// There is no path.
    #[error("sqlite: names no file")]
    NoFile,
    /// What follows would be options.
    #[error("the path of the SQLite file holds a question mark; options are not taken here")]
    Options,
    /// Another scheme.
    #[error("names neither SQLite nor MongoDB")]
    Unknown,
}

fn parse(text: &str) -> Result<Named, InvalidStore> {
    if MongoUri::is_meant_by(text) {
        return Ok(Named::Mongo(MongoUri::parse(text)?));
    }
    let path = text.strip_prefix("sqlite:").ok_or(InvalidStore::Unknown)?;
    let path = path.strip_prefix("//").unwrap_or(path);
    if path == ":memory:" {
        Ok(Named::Sqlite(SqlitePath::Memory))
    } else if path.is_empty() || path.ends_with(std::path::is_separator) {
        Err(InvalidStore::NoFile)
    } else if path.contains('?') {
        Err(InvalidStore::Options)
    } else {
        Ok(Named::Sqlite(SqlitePath::File(PathBuf::from(path))))
    }
}

/// The server that `dbConfig.host` and `dbConfig.port` name.
fn mongo_host(reader: &mut Reader) -> Option<MongoUri> {
    let port = reader.integer(DB_PORT, &(1..=u16::MAX)).unwrap_or(27017);
    let host = reader
        .text(DB_HOST)
        .unwrap_or_else(|| "127.0.0.1".to_owned());
    match super::listen_address::ListenAddress::new(host.trim(), port) {
        Ok(address) => MongoUri::parse(&format!("mongodb://{address}")).ok(),
        Err(error) => {
            let advice = "give one host, or a whole mongodb:// URI as store";
            reader.wrong(DB_HOST, error.to_string(), advice);
            None
        }
    }
}

/// A name that MongoDB allows: at most 63 bytes, without its forbidden characters.
fn database_name(reader: &mut Reader, setting: Setting, default: &str) -> Option<String> {
    if !reader.is_given(setting) {
        return Some(default.to_owned());
    }
    let name = reader.text(setting)?;
    let forbidden = |c: char| c.is_control() || "/\\. \"$*<>:|?".contains(c);
    if name.len() > 63 || name.contains(forbidden) {
        let advice = "give at most 63 letters, digits, hyphens or underscores";
        reader.wrong(setting, "not a name for a database of MongoDB", advice);
        return None;
    }
    Some(name)
}
