//! Why a store does not open.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use sqlx::migrate::MigrateError;

use crate::errors::{Code, code};

/// Why a store does not open. The text says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The path is a folder.
    #[error("{0} is a folder: give the path of a file in it")]
    IsFolder(PathBuf),
    /// The folder is missing and was not to be made.
    #[error("the folder {0} does not exist: create it, or correct the path")]
    NoFolder(PathBuf),
    /// The folder cannot be made.
    #[error("cannot create the folder {path}: correct the path, or the rights of the folder above")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file cannot be made or opened.
    #[error("cannot open {path}: check the path and the rights of the file")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file or its folder may not be written.
    #[error(
        "{0} may not be written: check the rights of the file and its folder, and whether the disk is mounted read-only"
    )]
    ReadOnly(PathBuf),
    /// The file is no SQLite database.
    #[error("{0} is not a SQLite database: correct the path")]
    NotADatabase(PathBuf),
    /// The file belongs to another program.
    #[error("{0} is the SQLite database of another program: correct the path")]
    Foreign(PathBuf),
    /// The file was written by a later version.
    #[error(
        "{path} was written by a newer version (schema {found}, this program knows {known}): \
         start that version, or restore a backup made before the upgrade"
    )]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// The schema of the file.
        found: i64,
        /// The last schema that this program knows.
        known: i64,
    },
    /// Another process holds the lock for too long.
    #[error("{0} is locked by another process that opens it: try again, or end that process")]
    Locked(PathBuf),
    /// The file system cannot share memory between processes.
    #[error(
        "{0} lies on a file system without a write-ahead log (a network drive?): use a local disk"
    )]
    NoWriteAheadLog(PathBuf),
    /// A step to the present schema failed.
    #[error("cannot bring {path} to the present schema")]
    Migration {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: MigrateError,
    },
    /// SQLite said something else.
    #[error("cannot open {path}")]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: sqlx::Error,
    },
}

impl OpenError {
    pub(crate) fn file(path: &Path, source: io::Error) -> Self {
        match source.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly(path.to_owned())
            }
            _ => Self::File {
                path: path.to_owned(),
                source,
            },
        }
    }

    pub(crate) fn database(path: &Path, source: sqlx::Error) -> Self {
        let path = path.to_owned();
        match code(&source) {
            Some(Code::NotADatabase) => Self::NotADatabase(path),
            Some(Code::ReadOnly | Code::CannotOpen) => Self::ReadOnly(path),
            Some(Code::Busy) => Self::Locked(path),
            _ => Self::Database { path, source },
        }
    }
}
