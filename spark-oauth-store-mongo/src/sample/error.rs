//! Why the sample's data cannot be read.

use std::io;
use std::path::PathBuf;

use crate::ConnectError;

/// Why the sample's data cannot be read. The text says what was tried and what to do,
/// without the password of a connection string.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// The databases cannot be reached or read.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// None of the sample's collections is there.
    #[error(
        "MongoDB at {hosts} has neither {tokens} nor {admins}: name the server of the sample, or \
         its databases in dbConfig.tokenDBName and dbConfig.adminDBName"
    )]
    NoCollections {
        /// The hosts that were asked.
        hosts: String,
        /// The collection of the tokens, with its database.
        tokens: String,
        /// The collection of the admins, with its database.
        admins: String,
    },
    /// A file or folder cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// There is no export.
    #[error(
        "{} holds no export of the sample: write one with `mongoexport -d {token_db} -c \
         {token_db}Collection -o {token_db}Collection.json`, and likewise for {admin_db}",
        path.display()
    )]
    NoExport {
        /// The folder or file.
        path: PathBuf,
        /// The database of the tokens.
        token_db: String,
        /// The database of the admins.
        admin_db: String,
    },
    /// An export is damaged.
    #[error(
        "{} cannot be read as JSON (line {line}, column {column}): it may have been cut off; \
         export it again",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
}
