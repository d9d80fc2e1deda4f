//! The port for consent links.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::consent_links::ConsentLink;
use crate::ids::ConsentLinkId;
use crate::ports::{Page, PageRequest, StoreError};
use crate::timestamp::Timestamp;

/// Keeps consent links. Every write is durable when it is answered, and each is one
/// atomic change of one record.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ConsentLinkStore: Debug + Send + Sync + 'static {
    /// Adds a link, with the version it carries.
    ///
    /// MUST refuse one whose identifier stands already, also where both come at once.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] with [`UniqueRule::Id`](super::UniqueRule::Id);
    /// otherwise the store's own.
    async fn insert(&self, link: &ConsentLink) -> Result<(), StoreError>;

    /// The link with this identifier, also one that has expired.
    ///
    /// # Errors
    /// The store's own.
    async fn get(&self, id: ConsentLinkId) -> Result<Option<ConsentLink>, StoreError>;

    /// A page of the links, newest first (by identifier), also those that have
    /// expired.
    ///
    /// The order MUST be total and stable, as for
    /// [`TokenStore::list`](super::TokenStore::list).
    ///
    /// # Errors
    /// The store's own.
    async fn list(&self, page: &PageRequest) -> Result<Page<ConsentLink>, StoreError>;

    /// Replaces what became of the link
    /// ([`ConsentLink::progress`](crate::consent_links::ConsentLink::progress)) and when
    /// it ends ([`ConsentLink::expires_at`](crate::consent_links::ConsentLink::expires_at)),
    /// nothing else of it, where its version is still `link.version`, and answers the
    /// new version, which is one higher. Of several callers with one version at once
    /// exactly one succeeds.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where another version stands,
    /// [`StoreError::NotFound`] where there is no such link; otherwise the store's own.
    async fn update(&self, link: &ConsentLink) -> Result<u64, StoreError>;

    /// Removes the links that had expired at `at` (`expires_at` is `at` or earlier),
    /// whatever became of them, and answers how many.
    ///
    /// # Errors
    /// The store's own.
    async fn remove_expired(&self, at: Timestamp) -> Result<u64, StoreError>;
}
