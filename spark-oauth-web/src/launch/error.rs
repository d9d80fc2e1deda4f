//! Why the application does not start.

use std::error::Error;
use std::io;

use spark_oauth_core::VaultError;
use spark_oauth_core::journal::OpenJournalError;
use spark_oauth_core::keyring::KeyFingerprint;
use spark_oauth_core::ports::StoreError;

use crate::config::KeyError;

/// Why the application does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// This build does not have the store that the configuration names.
    #[error(
        "this build cannot use the store {store}: it was built without the feature \
         `{feature}`; set `store` to another one, or build with that feature"
    )]
    StoreNotBuilt {
        /// The store, without credentials.
        store: String,
        /// The feature that is missing.
        feature: &'static str,
    },
    /// The store does not open.
    #[error("cannot open the store {store}")]
    Store {
        /// The store, without credentials.
        store: String,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// There is no such store yet.
    #[error(
        "there is no store at {store}\n  \
         configuration: {configuration}\n  \
         A command works on the store of the configuration that it reads. To reach the store of a \
         running server, name the server's file with --config PATH, set the same SPARK_OAUTH__… \
         variables, and call the command in the server's working directory, from which relative \
         paths count. Before its first start there is no store: start the server once."
    )]
    NoStore {
        /// Where it should be, without credentials.
        store: String,
        /// Which configuration said so.
        configuration: String,
    },
    /// The store opened and then failed.
    #[error("the store failed at the start")]
    StoreFailed(#[from] StoreError),
    /// The keys cannot be read or created.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The store needs a key that is not there. Going on would lose what it seals.
    #[error(
        "the store holds values sealed with the key {fingerprint}, which {place} does not \
         hold; put that key back, or point the configuration at the store that belongs to \
         these keys"
    )]
    MissingKey {
        /// The key that is missing.
        fingerprint: KeyFingerprint,
        /// Where keys were looked for.
        place: String,
    },
    /// The journal cannot be kept: new tokens could be lost.
    #[error("{0} (`refresh.journalDirectory`)")]
    Journal(#[from] OpenJournalError),
    /// The client of the provider cannot be made.
    #[error("the client for Webex cannot be made")]
    Client(#[source] Box<dyn Error + Send + Sync>),
    /// The address is taken, or not ours to take.
    #[error("cannot listen on {address} (`{setting}`)")]
    Listen {
        /// The address.
        address: String,
        /// The setting it comes from.
        setting: &'static str,
        /// Why not.
        source: io::Error,
    },
}

impl StartError {
    /// The exit code: 2 where the configuration is wrong, 1 for a failure.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::StoreNotBuilt { .. }
            | Self::NoStore { .. }
            | Self::Keys(_)
            | Self::Journal(_)
            | Self::MissingKey { .. } => 2,
            Self::Store { .. } | Self::StoreFailed(_) | Self::Client(_) | Self::Listen { .. } => 1,
        }
    }

    pub(crate) fn vault(error: VaultError, place: String) -> Self {
        match error {
            VaultError::MissingKey(fingerprint) => Self::MissingKey { fingerprint, place },
            VaultError::Store(error) => Self::StoreFailed(error),
        }
    }
}
