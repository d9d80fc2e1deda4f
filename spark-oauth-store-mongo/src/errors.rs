//! From what the driver and the server say to the outcomes that the ports know.
//!
//! The server's own words quote values of documents and of filters (addresses,
//! usernames), so that only its codes are passed on.

use std::error::Error as StdError;
use std::time::Duration;

use mongodb::error::{Error, ErrorKind, WriteFailure};
use spark_oauth_core::ports::{StoreError, UniqueRule};

use crate::indexes;

/// The name of this store in errors.
const STORE: &str = "MongoDB";

/// `DuplicateKey`.
const DUPLICATE_KEY: i32 = 11_000;

/// A part of a stored document that the domain refuses. Names the collection and
/// the path of the field, never the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a document in {collection} holds in {field} what does not belong there")]
pub(crate) struct Unreadable {
    pub(crate) collection: &'static str,
    pub(crate) field: String,
}

impl Unreadable {
    pub(crate) fn new(collection: &'static str, field: impl Into<String>) -> Self {
        Self {
            collection,
            field: field.into(),
        }
    }
}

impl From<Unreadable> for StoreError {
    fn from(unreadable: Unreadable) -> Self {
        corrupt(unreadable)
    }
}

/// What the driver said, as far as it quotes no value.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Cause(String);

impl Cause {
    pub(crate) fn time_limit(limit: Duration) -> Self {
        Self(format!("no answer within {limit:?}"))
    }

    pub(crate) fn of(error: &Error) -> Self {
        Self(match &*error.kind {
            kind @ (ErrorKind::ServerSelection { .. }
            | ErrorKind::Io(_)
            | ErrorKind::DnsResolve { .. }
            | ErrorKind::InvalidTlsConfig { .. }
            | ErrorKind::IncompatibleServer { .. }
            | ErrorKind::Shutdown) => kind.to_string(),
            ErrorKind::Authentication { .. } => "it refuses the credentials".to_owned(),
            ErrorKind::ConnectionPoolCleared { .. } => {
                "the connections were closed, since another operation failed".to_owned()
            }
            ErrorKind::Command(refusal) => code_and_name(refusal.code, &refusal.code_name),
            ErrorKind::Write(WriteFailure::WriteError(refusal)) => code_and_name(
                refusal.code,
                refusal.code_name.as_deref().unwrap_or_default(),
            ),
            ErrorKind::Write(WriteFailure::WriteConcernError(failure)) => {
                code_and_name(failure.code, &failure.code_name)
            }
            ErrorKind::InvalidResponse { .. } | ErrorKind::Bson(_) => {
                "the answer cannot be read".to_owned()
            }
            _ => "the driver cannot go on".to_owned(),
        })
    }
}

fn code_and_name(code: i32, name: &str) -> String {
    format!("it refused with code {code} {name}")
        .trim_end()
        .to_owned()
}

/// Why an operation has no answer that counts.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum NoAnswer {
    /// The server or the connection failed.
    #[error(transparent)]
    Failed(#[from] Cause),
    /// The server carried the write out, but cannot promise that it stays.
    #[error("the write is not known to be on a majority")]
    NotOnMajority(#[source] Cause),
    /// [`MongoStore::close`](crate::MongoStore::close) was called.
    #[error("the store is closed")]
    Closed,
    /// Others changed the record whenever this process was about to.
    #[error("the record changes too often")]
    Contention,
}

impl From<NoAnswer> for StoreError {
    fn from(reason: NoAnswer) -> Self {
        Self::Unavailable {
            store: STORE,
            source: Box::new(reason),
        }
    }
}

pub(crate) fn corrupt(source: impl Into<Box<dyn StdError + Send + Sync>>) -> StoreError {
    StoreError::Corrupt {
        store: STORE,
        source: source.into(),
    }
}

/// The outcome that an error of the driver stands for.
pub(crate) fn store_error(error: &Error) -> StoreError {
    if let Some(rule) = duplicate_key(error).and_then(unique_rule) {
        return StoreError::AlreadyExists(rule);
    }
    let cause = Cause::of(error);
    let reason = match &*error.kind {
        ErrorKind::Shutdown => NoAnswer::Closed,
        ErrorKind::Write(WriteFailure::WriteConcernError(_)) => NoAnswer::NotOnMajority(cause),
        _ => NoAnswer::Failed(cause),
    };
    reason.into()
}

/// What the server says where a unique index refuses a document: an insert and an
/// update answer a write error, a find-and-modify fails as a command.
fn duplicate_key(error: &Error) -> Option<&str> {
    match &*error.kind {
        ErrorKind::Write(WriteFailure::WriteError(refusal)) if refusal.code == DUPLICATE_KEY => {
            Some(&refusal.message)
        }
        ErrorKind::Command(refusal) if refusal.code == DUPLICATE_KEY => Some(&refusal.message),
        _ => None,
    }
}

/// The rule behind the index that the message names, as in `E11000 duplicate key
/// error collection: adminUsers.admins index: username dup key: { … }`.
fn unique_rule(message: &str) -> Option<UniqueRule> {
    let (_, rest) = message.split_once(" index: ")?;
    let name = rest.split_whitespace().next()?;
    indexes::unique_rule(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_in_the_message_names_the_rule() {
        let message = |index: &str| {
            format!(
                "E11000 duplicate key error collection: adminUsers.admins index: {index} dup key: \
                 {{ x: \"a index: role dup key\" }}"
            )
        };
        for (index, rule) in [
            ("_id_", Some(UniqueRule::Id)),
            ("consent", Some(UniqueRule::Consent)),
            ("username", Some(UniqueRule::Username)),
            ("super_admin", Some(UniqueRule::SuperAdmin)),
            ("somebody_elses", None),
        ] {
            assert_eq!(unique_rule(&message(index)), rule, "{index}");
        }
        assert_eq!(unique_rule("E11000 duplicate key error"), None);
    }

    #[test]
    fn an_unreadable_value_is_named_by_its_path_only() {
        let StoreError::Corrupt { source, .. } =
            StoreError::from(Unreadable::new("tokens", "lease.owner"))
        else {
            panic!("a value that cannot be read makes a corrupt record");
        };
        assert_eq!(
            source.to_string(),
            "a document in tokens holds in lease.owner what does not belong there"
        );
    }
}
