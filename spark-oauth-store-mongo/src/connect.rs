//! Reaching a store: the connection string, and what every operation relies on.

use std::time::Duration;

use mongodb::bson::doc;
use mongodb::options::{
    Acknowledgment, ClientOptions, ConnectionString, ReadConcern, ReadConcernLevel, ReadPreference,
    SelectionCriteria, WriteConcern,
};
use mongodb::{Client, Database};
use tokio::time::timeout;

use crate::admins::ADMINS;
use crate::connect_error::{Attempted, ConnectError};
use crate::errors::Cause;
use crate::migrate::{Databases, bring_up};
use crate::token_document::TOKENS;
use crate::{MongoOptions, MongoStore};

/// How long finding a server may take, where the connection string does not say.
const SELECTION_LIMIT: Duration = Duration::from_secs(3);

/// How long one connection may take to be made, where the connection string does
/// not say.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// How often a server that nobody asks is looked at. An operation that finds none
/// looks twice a second.
const HEARTBEAT: Duration = Duration::from_secs(5);

impl MongoStore {
    /// Reaches a store, and brings its schema to the present one. Several processes
    /// may do so at once.
    ///
    /// # Errors
    /// [`ConnectError`] says what was tried and what to do.
    pub async fn connect(options: MongoOptions) -> Result<Self, ConnectError> {
        let (client, databases) = Databases::reach(&options).await?;
        bring_up(&databases).await?;
        Ok(Self::from_parts(client, &databases))
    }

    /// Whether a store has been made in these databases. Nothing is written.
    ///
    /// # Errors
    /// [`ConnectError`] says what was tried and what to do.
    pub async fn exists(options: &MongoOptions) -> Result<bool, ConnectError> {
        let (_, databases) = Databases::reach(options).await?;
        let [tokens, admins] = databases.all();
        for (database, collection) in [(tokens, TOKENS), (admins, ADMINS)] {
            let named = doc! { "name": collection };
            let listing = database.list_collection_names().filter(named);
            if !databases.within(listing).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The options of the driver.
///
/// - Everything goes to the primary, and a write is answered once a majority has it
///   in its journal: no failover takes back what was answered. A majority that does
///   not confirm in time fails the write.
/// - A read sees what a majority has, so that nothing is answered which a failover
///   could take back, and every write that was answered. It is not linearizable: a
///   primary that was cut off may, until it notices after ten seconds at most,
///   answer what stood before. What follows from such an answer is a write, which
///   goes by version and fails there.
async fn client_options(options: &MongoOptions) -> Result<ClientOptions, ConnectError> {
    let mut client = read_uri(options).await?;
    warn_of_weakening(&client);
    client.app_name.get_or_insert(options.app_name.clone());
    client.max_pool_size.get_or_insert(options.pool_size.get());
    let limit = options.operation_limit;
    let selection = client.server_selection_timeout.unwrap_or(SELECTION_LIMIT);
    client.server_selection_timeout = Some(selection.min(limit));
    let connect = client.connect_timeout.unwrap_or(CONNECT_LIMIT);
    client.connect_timeout = Some(connect.min(limit));
    client.heartbeat_freq.get_or_insert(HEARTBEAT);
    client.read_concern = Some(ReadConcern::majority());
    client.selection_criteria = Some(ReadPreference::Primary.into());
    client.write_concern = Some(
        WriteConcern::builder()
            .w(Acknowledgment::Majority)
            .journal(true)
            .w_timeout(limit)
            .build(),
    );
    Ok(client)
}

async fn read_uri(options: &MongoOptions) -> Result<ClientOptions, ConnectError> {
    let reading = ClientOptions::parse(&options.uri).into_future();
    let read = timeout(options.operation_limit, reading).await;
    // Only the name service takes time.
    let read =
        read.map_err(|_| ConnectError::NameService(Cause::time_limit(options.operation_limit)))?;
    match read {
        Ok(read) => Ok(read),
        Err(error) => Err(uri_error(&options.uri, &error)),
    }
}

/// What is wrong with a connection string. The driver's words may quote a part of
/// it, so they are only told where the same is wrong without the credentials.
fn uri_error(uri: &str, error: &mongodb::error::Error) -> ConnectError {
    use mongodb::error::ErrorKind::{DnsResolve, InvalidTlsConfig};

    match &*error.kind {
        DnsResolve { .. } => return ConnectError::NameService(Cause::of(error)),
        InvalidTlsConfig { .. } => return ConnectError::Tls(Cause::of(error)),
        _ => {}
    }
    let Some((before, rest)) = uri.rsplit_once('@') else {
        return ConnectError::Uri(words(error));
    };
    let scheme = before
        .split_once("://")
        .map_or("mongodb", |(scheme, _)| scheme);
    match ConnectionString::parse(format!("{scheme}://{rest}")) {
        Ok(_) => ConnectError::Userinfo,
        Err(error) => ConnectError::Uri(words(&error)),
    }
}

fn words(error: &mongodb::error::Error) -> String {
    match &*error.kind {
        mongodb::error::ErrorKind::InvalidArgument { message, .. } => message.clone(),
        _ => Cause::of(error).to_string(),
    }
}

/// Says it where the connection string asks for less than this store needs.
fn warn_of_weakening(options: &ClientOptions) {
    let majority = Some(Acknowledgment::Majority);
    let write = options.write_concern.as_ref();
    let asked = [
        (
            write.is_some_and(|write| write.w.is_some() && write.w != majority),
            "w",
            "majority",
        ),
        (
            write.is_some_and(|write| write.journal == Some(false)),
            "journal",
            "true",
        ),
        (
            options
                .read_concern
                .as_ref()
                .is_some_and(|read| read.level != ReadConcernLevel::Majority),
            "readConcernLevel",
            "majority",
        ),
        (
            options.selection_criteria.as_ref().is_some_and(|criteria| {
                !matches!(
                    criteria,
                    SelectionCriteria::ReadPreference(ReadPreference::Primary)
                )
            }),
            "readPreference",
            "primary",
        ),
    ];
    for (_, option, instead) in asked.iter().filter(|(other, ..)| *other) {
        tracing::warn!(
            option,
            instead,
            "an option of the MongoDB URI is not followed, since answered writes could be lost: \
             remove it"
        );
    }
}

fn hosts(options: &ClientOptions) -> String {
    let hosts: Vec<_> = options.hosts.iter().map(ToString::to_string).collect();
    hosts.join(", ")
}

/// What is a name on every platform and in every version of the server.
fn check_database_name(name: &str) -> Result<(), ConnectError> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if (1..=63).contains(&name.len()) && name.bytes().all(fits) {
        Ok(())
    } else {
        Err(ConnectError::DatabaseName(name.to_owned()))
    }
}

impl Databases {
    /// Makes ready to reach the databases; nothing is asked of the server yet.
    pub(crate) async fn reach(options: &MongoOptions) -> Result<(Client, Self), ConnectError> {
        for name in [&options.token_db, &options.admin_db] {
            check_database_name(name)?;
        }
        let client_options = client_options(options).await?;
        let attempted = Attempted {
            hosts: hosts(&client_options),
            token_db: options.token_db.clone(),
            admin_db: options.admin_db.clone(),
        };
        let client =
            Client::with_options(client_options).map_err(|error| attempted.failed(&error))?;
        let databases = Self {
            tokens: client.database(&options.token_db),
            admins: client.database(&options.admin_db),
            attempted,
            limit: options.operation_limit,
        };
        Ok((client, databases))
    }

    /// The databases of another handle with the same settings.
    pub(crate) fn all(&self) -> [&Database; 2] {
        [&self.tokens, &self.admins]
    }
}
