//! Why a store cannot be reached or used.

use mongodb::error::{Error, ErrorKind, WriteFailure};

use crate::errors::Cause;

/// Why a store cannot be reached or used. The text says what was tried and what to
/// do; neither it nor its source holds the password of the connection string.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The connection string cannot be read.
    #[error(
        "the MongoDB URI cannot be read ({0}): expected \
         mongodb://[user:password@]host[:port][,…]/[?options]"
    )]
    Uri(String),
    /// User name or password hold a character that means something in a URI.
    #[error(
        "the MongoDB URI cannot be read: percent-encode user name and password (\"@\" as %40, \
         \":\" as %3A, \"/\" as %2F, \"%\" as %25)"
    )]
    Userinfo,
    /// A database cannot have this name.
    #[error(
        "no MongoDB database can be named {0:?}: take up to 63 letters, digits, \"-\" and \"_\""
    )]
    DatabaseName(String),
    /// The name service knows no servers.
    #[error(
        "the servers of the MongoDB URI are not known to the name service: correct the host name, \
         or give the hosts in a mongodb:// URI"
    )]
    NameService(#[source] Cause),
    /// The TLS options lead nowhere.
    #[error("the TLS options of the MongoDB URI cannot be used: check tlsCAFile and its like")]
    Tls(#[source] Cause),
    /// No server answers.
    #[error(
        "no MongoDB primary answers at {hosts}: start it, or correct host, port, replicaSet and \
         TLS in the URI, or the network between"
    )]
    Unreachable {
        /// The hosts that were tried.
        hosts: String,
        /// What happened.
        source: Cause,
    },
    /// The server refuses user name or password.
    #[error(
        "MongoDB at {hosts} refuses the user name or the password: correct them, or the \
         authSource (the database that the user was created in), in the URI"
    )]
    SignIn {
        /// The hosts that were tried.
        hosts: String,
    },
    /// The user may not do what the store needs.
    #[error(
        "MongoDB at {hosts} does not allow it: grant the user of the URI the role readWrite on \
         the databases {token_db} and {admin_db}, or give a user who has it"
    )]
    Forbidden {
        /// The hosts that were tried.
        hosts: String,
        /// The database of the tokens.
        token_db: String,
        /// The database of the admins.
        admin_db: String,
    },
    /// The databases were written by a later version.
    #[error(
        "the database {admin_db} was written by a newer version (schema {found}, this program \
         knows {known}): start that version, or restore a backup made before the upgrade"
    )]
    NewerSchema {
        /// The database of the admins.
        admin_db: String,
        /// The schema of the databases.
        found: i32,
        /// The last schema that this program knows.
        known: i32,
    },
    /// Another index stands where one is needed.
    #[error(
        "the collection {collection} has another index in the place of one that is needed \
         (code {code}): drop the indexes of {collection} but _id_, and start again"
    )]
    Index {
        /// The collection, with its database.
        collection: String,
        /// The server's code.
        code: i32,
    },
    /// A collection holds what a unique index forbids.
    #[error(
        "the collection {collection} holds two records that only one may stand for, so that its \
         unique indexes cannot be made: remove one of them"
    )]
    Duplicates {
        /// The collection, with its database.
        collection: String,
    },
    /// The server or the driver says something else.
    #[error("MongoDB at {hosts} cannot be used")]
    Server {
        /// The hosts that were tried.
        hosts: String,
        /// What it said.
        source: Cause,
    },
}

/// What was tried.
#[derive(Clone, Debug)]
pub(crate) struct Attempted {
    pub(crate) hosts: String,
    pub(crate) token_db: String,
    pub(crate) admin_db: String,
}

/// `Unauthorized`.
const UNAUTHORIZED: i32 = 13;
/// `AuthenticationFailed`.
const AUTHENTICATION_FAILED: i32 = 18;

impl Attempted {
    /// What an error of the driver means at the start.
    pub(crate) fn failed(&self, error: &Error) -> ConnectError {
        let hosts = self.hosts.clone();
        match &*error.kind {
            ErrorKind::Authentication { .. } => ConnectError::SignIn { hosts },
            ErrorKind::ServerSelection { .. }
            | ErrorKind::Io(_)
            | ErrorKind::ConnectionPoolCleared { .. } => ConnectError::Unreachable {
                hosts,
                source: Cause::of(error),
            },
            ErrorKind::DnsResolve { .. } => ConnectError::NameService(Cause::of(error)),
            ErrorKind::InvalidTlsConfig { .. } => ConnectError::Tls(Cause::of(error)),
            _ => match code(error) {
                Some(AUTHENTICATION_FAILED) => ConnectError::SignIn { hosts },
                Some(UNAUTHORIZED) => ConnectError::Forbidden {
                    hosts,
                    token_db: self.token_db.clone(),
                    admin_db: self.admin_db.clone(),
                },
                _ => ConnectError::Server {
                    hosts,
                    source: Cause::of(error),
                },
            },
        }
    }
}

/// The server's code.
pub(crate) fn code(error: &Error) -> Option<i32> {
    match &*error.kind {
        ErrorKind::Command(refusal) => Some(refusal.code),
        ErrorKind::Write(WriteFailure::WriteError(refusal)) => Some(refusal.code),
        ErrorKind::Write(WriteFailure::WriteConcernError(failure)) => Some(failure.code),
        _ => None,
    }
}
