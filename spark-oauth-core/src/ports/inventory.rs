//! The port for going through everything that a store holds, from one end to the
//! other: for what concerns the store as a whole, such as the rotation of its keys.

#![cfg_attr(
    any(test, feature = "testing"),
    expect(
        clippy::struct_field_names,
        reason = "the mock's fields are named like the methods"
    )
)]

use std::fmt::Debug;

use async_trait::async_trait;

use crate::admins::Admin;
use crate::api_keys::ApiKey;
use crate::audit::AuditEntry;
use crate::consent_links::ConsentLink;
use crate::ports::{OutboxEntry, Page, PageRequest, Pause, PendingConsent, StoreError};
use crate::token::Token;

/// A record that stands in the store and cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the record {id} cannot be read")]
pub struct UnreadableRecord {
    /// The record's identifier, as the store's own tools find it.
    pub id: String,
    /// What is wrong with it; names no value.
    #[source]
    pub source: StoreError,
}

/// What stands at one place of the store.
pub type Found<T> = Result<T, UnreadableRecord>;

/// Goes through everything that a store holds.
///
/// Every method answers a page of every record of its kind, also of those that
/// belong to another integration or have expired, in an order that is total and
/// stable: while records come and go between two pages, one that stays is given
/// exactly once. One that was added after the first page may be given or not.
///
/// A record that cannot be read MUST stand in its place as an
/// [`UnreadableRecord`], and MUST NOT keep the rest from being read.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Inventory: Debug + Send + Sync + 'static {
    /// Tokens, the oldest first: [`TokenStore::list`](super::TokenStore::list)
    /// backwards.
    ///
    /// # Errors
    /// The store's own.
    async fn walk_tokens(&self, page: &PageRequest) -> Result<Page<Found<Token>>, StoreError>;

    /// Consents that wait for their callback, in the store's order.
    ///
    /// # Errors
    /// The store's own.
    async fn walk_consents(
        &self,
        page: &PageRequest,
    ) -> Result<Page<Found<PendingConsent>>, StoreError>;

    /// Admins, in the store's order.
    ///
    /// # Errors
    /// The store's own.
    async fn walk_admins(&self, page: &PageRequest) -> Result<Page<Found<Admin>>, StoreError>;

    /// API keys, in the store's order.
    ///
    /// # Errors
    /// The store's own.
    async fn walk_api_keys(&self, page: &PageRequest) -> Result<Page<Found<ApiKey>>, StoreError>;

    /// Consent links, in the store's order.
    ///
    /// # Errors
    /// The store's own.
    async fn walk_links(&self, page: &PageRequest) -> Result<Page<Found<ConsentLink>>, StoreError>;

    /// Entries of the audit log, the oldest first:
    /// [`AuditLog::list`](super::AuditLog::list) backwards.
    ///
    /// # Errors
    /// The store's own.
    async fn walk_audit(&self, page: &PageRequest) -> Result<Page<Found<AuditEntry>>, StoreError>;

    /// Pauses of integrations, in the store's order.
    ///
    /// # Errors
    /// The store's own.
    async fn walk_pauses(&self, page: &PageRequest) -> Result<Page<Found<Pause>>, StoreError>;

    /// Events on their way out, in the store's order.
    ///
    /// # Errors
    /// The store's own.
    async fn walk_outbox(&self, page: &PageRequest)
    -> Result<Page<Found<OutboxEntry>>, StoreError>;
}
