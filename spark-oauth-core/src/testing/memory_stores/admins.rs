//! [`AdminStore`] in memory.

use async_trait::async_trait;

use super::{MemoryStores, page_of};
use crate::admins::{Admin, Username};
use crate::ids::AdminId;
use crate::ports::{AdminStore, Page, PageRequest, StoreError, UniqueRule};
use crate::testing::StoreCall;

#[async_trait]
impl AdminStore for MemoryStores {
    async fn insert(&self, admin: &Admin) -> Result<(), StoreError> {
        self.perform(StoreCall::AdminInsert, |records| {
            if records.admins.contains_key(&admin.id) {
                return Err(StoreError::AlreadyExists(UniqueRule::Id));
            }
            check_unique(records.admins.values(), admin)?;
            records.admins.insert(admin.id, admin.clone());
            Ok(())
        })
        .await
    }

    async fn get(&self, id: AdminId) -> Result<Option<Admin>, StoreError> {
        self.perform(StoreCall::AdminGet, |records| {
            Ok(records.admins.get(&id).cloned())
        })
        .await
    }

    async fn find_by_username(&self, username: &Username) -> Result<Option<Admin>, StoreError> {
        self.perform(StoreCall::AdminFindByUsername, |records| {
            let found = records
                .admins
                .values()
                .find(|admin| admin.username == *username);
            Ok(found.cloned())
        })
        .await
    }

    async fn super_admin(&self) -> Result<Option<Admin>, StoreError> {
        self.perform(StoreCall::AdminSuperAdmin, |records| {
            Ok(records
                .admins
                .values()
                .find(|admin| admin.is_super())
                .cloned())
        })
        .await
    }

    async fn list(&self, page: &PageRequest) -> Result<Page<Admin>, StoreError> {
        self.perform(StoreCall::AdminList, |records| {
            let mut sorted: Vec<_> = records.admins.values().cloned().collect();
            sorted.sort_by(|a, b| a.username.normalized().cmp(b.username.normalized()));
            Ok(page_of(
                sorted.into_iter(),
                page,
                |admin| admin.username.normalized().to_owned(),
                |position, cursor| position.as_bytes() > cursor,
            ))
        })
        .await
    }

    async fn update(&self, admin: &Admin) -> Result<u64, StoreError> {
        self.perform(StoreCall::AdminUpdate, |records| {
            let stored = records.admins.get(&admin.id).ok_or(StoreError::NotFound)?;
            if stored.version != admin.version {
                return Err(StoreError::Conflict);
            }
            let others = records.admins.values().filter(|other| other.id != admin.id);
            check_unique(others, admin)?;
            let version = admin.version + 1;
            let admin = Admin {
                version,
                ..admin.clone()
            };
            records.admins.insert(admin.id, admin);
            Ok(version)
        })
        .await
    }

    async fn remove(&self, id: AdminId) -> Result<bool, StoreError> {
        self.perform(StoreCall::AdminRemove, |records| {
            Ok(records.admins.remove(&id).is_some())
        })
        .await
    }
}

/// One admin with a username, and one super admin.
fn check_unique<'a>(
    others: impl Iterator<Item = &'a Admin>,
    admin: &Admin,
) -> Result<(), StoreError> {
    for other in others {
        if other.username == admin.username {
            return Err(StoreError::AlreadyExists(UniqueRule::Username));
        }
        if other.is_super() && admin.is_super() {
            return Err(StoreError::AlreadyExists(UniqueRule::SuperAdmin));
        }
    }
    Ok(())
}
