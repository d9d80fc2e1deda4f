//! The port for those who manage the tokens.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::admins::{Admin, Username};
use crate::ids::AdminId;
use crate::ports::{Page, PageRequest, StoreError};

/// Keeps admins. Every write is durable when it is answered, and each is one
/// atomic change of one record.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AdminStore: Debug + Send + Sync + 'static {
    /// Adds an admin, with the version it carries.
    ///
    /// MUST refuse a second admin with the same username without regard to case,
    /// and a second super admin, also when both come at once.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] with [`UniqueRule::Id`](super::UniqueRule::Id),
    /// [`UniqueRule::Username`](super::UniqueRule::Username) or
    /// [`UniqueRule::SuperAdmin`](super::UniqueRule::SuperAdmin), any of them where
    /// several are broken; otherwise the store's own.
    async fn insert(&self, admin: &Admin) -> Result<(), StoreError>;

    /// The admin with this identifier.
    ///
    /// # Errors
    /// The store's own.
    async fn get(&self, id: AdminId) -> Result<Option<Admin>, StoreError>;

    /// The admin with this username, without regard to case.
    ///
    /// # Errors
    /// The store's own.
    async fn find_by_username(&self, username: &Username) -> Result<Option<Admin>, StoreError>;

    /// The super admin, where there is one.
    ///
    /// # Errors
    /// The store's own.
    async fn super_admin(&self) -> Result<Option<Admin>, StoreError>;

    /// A page of the admins, by the bytes of their usernames in lower case
    /// ([`Username::normalized`]).
    ///
    /// The order MUST be total and stable, as for
    /// [`TokenStore::list`](super::TokenStore::list).
    ///
    /// # Errors
    /// The store's own.
    async fn list(&self, page: &PageRequest) -> Result<Page<Admin>, StoreError>;

    /// Replaces the admin `admin.id` where its stored version is `admin.version`,
    /// and answers the new version, which is higher by one.
    ///
    /// MUST keep the rules of [`insert`](Self::insert), also where several admins
    /// take one username at once. An admin may take its own username in other case.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where the stored version is another;
    /// [`StoreError::NotFound`] where there is no such admin;
    /// [`StoreError::AlreadyExists`] where the new username is taken, or there is
    /// another super admin; otherwise the store's own.
    async fn update(&self, admin: &Admin) -> Result<u64, StoreError>;

    /// Deletes the admin; `false` where there is none.
    ///
    /// # Errors
    /// The store's own.
    async fn remove(&self, id: AdminId) -> Result<bool, StoreError>;
}
