//! From what SQLite says to the outcomes that the ports know.

use std::error::Error;
use std::sync::Arc;

use spark_oauth_core::ports::{StoreError, UniqueRule};

/// The name of this store in errors.
const STORE: &str = "SQLite";

/// The columns that SQLite names where a unique index refuses a record, and the
/// rule that the index stands for.
const UNIQUE_RULES: &[(&str, UniqueRule)] = &[
    ("tokens.id", UniqueRule::Id),
    (
        "tokens.integration, tokens.person, tokens.consented_scopes",
        UniqueRule::Consent,
    ),
    ("admins.id", UniqueRule::Id),
    ("admins.username_normalized", UniqueRule::Username),
    ("admins.role", UniqueRule::SuperAdmin),
    ("api_keys.id", UniqueRule::Id),
    ("api_keys.hash", UniqueRule::Id),
    ("consents.state", UniqueRule::Id),
    ("consent_links.id", UniqueRule::Id),
    ("sessions.key", UniqueRule::Id),
    ("audit.id", UniqueRule::Id),
];

/// A column whose value the domain refuses. Names the column, never the value.
#[derive(Debug, thiserror::Error)]
#[error("the column {0} holds a value that does not belong there")]
pub(crate) struct Unreadable(pub(crate) &'static str);

impl From<Unreadable> for StoreError {
    fn from(unreadable: Unreadable) -> Self {
        corrupt(unreadable)
    }
}

/// Why a write that SQLite did not refuse is not known to be durable.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum NotCommitted {
    /// The transaction of this write and of those that waited with it failed.
    #[error("the transaction failed")]
    Failed(#[source] Arc<sqlx::Error>),
    /// Another write failed so badly that its whole transaction was undone.
    #[error("another write of the same transaction failed")]
    Neighbour,
    /// The database file is not where it was.
    #[error("the database file was moved, removed or replaced: put it back, or restart")]
    FileGone,
    /// [`SqliteStore::close`](crate::SqliteStore::close) was called.
    #[error("the store is closed")]
    Closed,
    /// The task that writes ended in the middle of this write.
    #[error("the write was interrupted by a fault of the program")]
    Interrupted,
}

impl From<NotCommitted> for StoreError {
    fn from(reason: NotCommitted) -> Self {
        unavailable(reason)
    }
}

pub(crate) fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> StoreError {
    StoreError::Unavailable {
        store: STORE,
        source: source.into(),
    }
}

pub(crate) fn corrupt(source: impl Into<Box<dyn Error + Send + Sync>>) -> StoreError {
    StoreError::Corrupt {
        store: STORE,
        source: source.into(),
    }
}

/// The outcome that an error of the driver stands for.
pub(crate) fn store_error(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(refusal) if refusal.is_unique_violation() => {
            match unique_rule(refusal.message()) {
                Some(rule) => StoreError::AlreadyExists(rule),
                None => unavailable(error),
            }
        }
        sqlx::Error::Database(_) => match code(&error) {
            Some(Code::Corrupt | Code::NotADatabase) => corrupt(error),
            _ => unavailable(error),
        },
        sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::Decode(_)
        | sqlx::Error::ColumnNotFound(_) => corrupt(error),
        _ => unavailable(error),
    }
}

fn unique_rule(message: &str) -> Option<UniqueRule> {
    let columns = message.strip_prefix("UNIQUE constraint failed: ")?;
    UNIQUE_RULES
        .iter()
        .find(|(names, _)| *names == columns)
        .map(|(_, rule)| *rule)
}

/// The primary result codes of SQLite that mean something to this store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// `SQLITE_BUSY`: another connection holds the lock.
    Busy,
    /// `SQLITE_READONLY`.
    ReadOnly,
    /// `SQLITE_CORRUPT`.
    Corrupt,
    /// `SQLITE_CANTOPEN`.
    CannotOpen,
    /// `SQLITE_CONSTRAINT`: one statement was refused and undone; the
    /// transaction around it stands.
    Constraint,
    /// `SQLITE_NOTADB`.
    NotADatabase,
}

/// The primary result code of an error that SQLite gave.
pub(crate) fn code(error: &sqlx::Error) -> Option<Code> {
    let sqlx::Error::Database(error) = error else {
        return None;
    };
    let extended: u32 = error.code()?.parse().ok()?;
    match extended & 0xff {
        5 => Some(Code::Busy),
        8 => Some(Code::ReadOnly),
        11 => Some(Code::Corrupt),
        14 => Some(Code::CannotOpen),
        19 => Some(Code::Constraint),
        26 => Some(Code::NotADatabase),
        _ => None,
    }
}

/// Whether the transaction may go on after a request ended with this error: the
/// statement that failed was undone by itself, or nothing was written at all.
pub(crate) fn spares_the_transaction(error: &StoreError) -> bool {
    match error {
        StoreError::Unavailable { source, .. } => {
            source.downcast_ref::<sqlx::Error>().and_then(code) == Some(Code::Constraint)
        }
        StoreError::Corrupt { source, .. } => source
            .downcast_ref::<sqlx::Error>()
            .is_none_or(|error| code(error).is_none()),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_columns_of_a_rule_name_it() {
        assert_eq!(
            unique_rule("UNIQUE constraint failed: admins.role"),
            Some(UniqueRule::SuperAdmin)
        );
        assert_eq!(unique_rule("UNIQUE constraint failed: admins"), None);
        assert_eq!(unique_rule("admins.role"), None);
    }

    #[test]
    fn an_unreadable_value_is_named_by_its_column_only() {
        let StoreError::Corrupt { source, .. } = StoreError::from(Unreadable("tokens.email"))
        else {
            panic!("a value that cannot be read makes a corrupt record");
        };
        assert_eq!(
            source.to_string(),
            "the column tokens.email holds a value that does not belong there"
        );
    }
}
