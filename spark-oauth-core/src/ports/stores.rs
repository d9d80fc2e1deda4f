//! All ports that one store implements, each as its own handle.

use std::sync::Arc;

use crate::ports::{
    AdminStore, ApiKeyStore, AuditLog, ConsentLinkStore, ConsentStore, Inventory, Outbox,
    PauseStore, ProcessRegistry, SessionStore, TokenStore, VaultStore,
};

/// The stores an application runs on. One adapter usually implements all of
/// them: see [`Stores::of`].
#[derive(Clone, Debug)]
pub struct Stores {
    /// Tokens.
    pub tokens: Arc<dyn TokenStore>,
    /// Admins.
    pub admins: Arc<dyn AdminStore>,
    /// API keys.
    pub api_keys: Arc<dyn ApiKeyStore>,
    /// Consents that were begun.
    pub consents: Arc<dyn ConsentStore>,
    /// Links under which persons are asked to consent.
    pub links: Arc<dyn ConsentLinkStore>,
    /// Sessions of browsers.
    pub sessions: Arc<dyn SessionStore>,
    /// The audit log.
    pub audit: Arc<dyn AuditLog>,
    /// Keys and set-up.
    pub vault: Arc<dyn VaultStore>,
    /// Pauses of integrations.
    pub pauses: Arc<dyn PauseStore>,
    /// Events on their way out.
    pub outbox: Arc<dyn Outbox>,
    /// Processes that work on the store.
    pub processes: Arc<dyn ProcessRegistry>,
    /// Everything, from one end to the other.
    pub inventory: Arc<dyn Inventory>,
}

impl Stores {
    /// Takes one adapter for all ports.
    pub fn of<S>(store: S) -> Self
    where
        S: TokenStore
            + AdminStore
            + ApiKeyStore
            + ConsentStore
            + ConsentLinkStore
            + SessionStore
            + AuditLog
            + VaultStore
            + PauseStore
            + Outbox
            + ProcessRegistry
            + Inventory,
    {
        let store = Arc::new(store);
        Self {
            tokens: store.clone(),
            admins: store.clone(),
            api_keys: store.clone(),
            consents: store.clone(),
            links: store.clone(),
            sessions: store.clone(),
            audit: store.clone(),
            vault: store.clone(),
            pauses: store.clone(),
            outbox: store.clone(),
            processes: store.clone(),
            inventory: store,
        }
    }
}
