#![doc = include_str!("../README.md")]

mod admins;
mod api_keys;
mod audit;
mod collection;
mod connect;
mod connect_error;
mod consents;
mod errors;
mod event_document;
mod grams;
mod indexes;
mod inventory;
mod leases;
mod links;
mod migrate;
mod options;
mod outbox;
mod pauses;
mod position;
mod processes;
mod purge;
mod sample;
mod sequence;
mod sessions;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod token_document;
mod token_list;
mod token_search;
mod tokens;
mod upkeep;
mod upkeep_document;
mod values;
mod vault;

use std::fmt;
use std::sync::Arc;

use mongodb::Client;
use spark_oauth_core::ports::Stores;

pub use crate::connect_error::ConnectError;
pub use crate::errors::Cause;
pub use crate::options::MongoOptions;
pub use crate::sample::{SampleCollections, SampleDatabases, SampleError, SampleExport, Skipped};

use crate::admins::{ADMINS, AdminDocument};
use crate::api_keys::{API_KEYS, ApiKeyDocument};
use crate::audit::{AUDIT, AuditDocument};
use crate::collection::Records;
use crate::consents::{CONSENTS, ConsentDocument};
use crate::links::{LINKS, LinkDocument};
use crate::migrate::Databases;
use crate::outbox::{OUTBOX, OutboxDocument};
use crate::pauses::{PAUSES, PauseDocument};
use crate::processes::{PROCESSES, ProcessDocument};
use crate::sequence::Sequence;
use crate::sessions::{SESSIONS, SessionDocument};
use crate::token_document::{TOKENS, TokenDocument};
use crate::vault::{KEY_FINGERPRINTS, KeyDocument, VAULT, ValueDocument};

/// A store in two databases of a MongoDB server, replica set or sharded cluster: an
/// adapter for every port of [`spark_oauth_core::ports`] that a store implements.
///
/// A clone is another handle of the same store.
#[derive(Clone)]
pub struct MongoStore(Arc<Parts>);

struct Parts {
    client: Client,
    databases: [String; 2],
    tokens: Records<TokenDocument>,
    sequence: Sequence,
    consents: Records<ConsentDocument>,
    links: Records<LinkDocument>,
    pauses: Records<PauseDocument>,
    outbox: Records<OutboxDocument>,
    processes: Records<ProcessDocument>,
    admins: Records<AdminDocument>,
    api_keys: Records<ApiKeyDocument>,
    sessions: Records<SessionDocument>,
    audit: Records<AuditDocument>,
    vault: Records<ValueDocument>,
    keys: Records<KeyDocument>,
}

impl fmt::Debug for MongoStore {
    /// Shows nothing of the connection, whose options hold the credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { databases, .. } = &*self.0;
        f.debug_tuple("MongoStore").field(databases).finish()
    }
}

impl MongoStore {
    fn from_parts(client: Client, databases: &Databases) -> Self {
        let Databases {
            tokens,
            admins,
            limit,
            ..
        } = databases;
        Self(Arc::new(Parts {
            client,
            databases: databases.all().map(|database| database.name().to_owned()),
            tokens: Records::new(tokens, TOKENS, *limit),
            sequence: Sequence::default(),
            consents: Records::new(tokens, CONSENTS, *limit),
            links: Records::new(tokens, LINKS, *limit),
            pauses: Records::new(tokens, PAUSES, *limit),
            outbox: Records::new(tokens, OUTBOX, *limit),
            processes: Records::new(tokens, PROCESSES, *limit),
            admins: Records::new(admins, ADMINS, *limit),
            api_keys: Records::new(admins, API_KEYS, *limit),
            sessions: Records::new(admins, SESSIONS, *limit),
            audit: Records::new(admins, AUDIT, *limit),
            vault: Records::new(admins, VAULT, *limit),
            keys: Records::new(admins, KEY_FINGERPRINTS, *limit),
        }))
    }

    /// This store as the handles that the services take, one for each port.
    pub fn stores(&self) -> Stores {
        Stores::of(self.clone())
    }

    /// Closes every connection. Whoever asks for something afterwards, by whichever
    /// handle, is answered
    /// [`StoreError::Unavailable`](spark_oauth_core::ports::StoreError::Unavailable).
    ///
    /// Dropping the last handle loses nothing that was answered either.
    pub async fn close(&self) {
        self.0.client.clone().shutdown().immediate(true).await;
    }

    fn tokens(&self) -> &Records<TokenDocument> {
        &self.0.tokens
    }

    fn sequence(&self) -> &Sequence {
        &self.0.sequence
    }

    fn consents(&self) -> &Records<ConsentDocument> {
        &self.0.consents
    }

    fn links(&self) -> &Records<LinkDocument> {
        &self.0.links
    }

    fn pauses(&self) -> &Records<PauseDocument> {
        &self.0.pauses
    }

    fn outbox(&self) -> &Records<OutboxDocument> {
        &self.0.outbox
    }

    fn processes(&self) -> &Records<ProcessDocument> {
        &self.0.processes
    }

    fn admins(&self) -> &Records<AdminDocument> {
        &self.0.admins
    }

    fn api_keys(&self) -> &Records<ApiKeyDocument> {
        &self.0.api_keys
    }

    fn sessions(&self) -> &Records<SessionDocument> {
        &self.0.sessions
    }

    fn audit(&self) -> &Records<AuditDocument> {
        &self.0.audit
    }

    fn vault(&self) -> &Records<ValueDocument> {
        &self.0.vault
    }

    fn keys(&self) -> &Records<KeyDocument> {
        &self.0.keys
    }
}
