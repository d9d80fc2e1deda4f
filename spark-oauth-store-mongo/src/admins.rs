//! Admins.

use async_trait::async_trait;
use mongodb::bson::{DateTime, Document, doc};
use serde::{Deserialize, Serialize};
use spark_oauth_core::AdminId;
use spark_oauth_core::admins::{Admin, PasswordHash, Username};
use spark_oauth_core::ports::{AdminStore, Cursor, Page, PageRequest, StoreError};

use crate::MongoStore;
use crate::collection::Selection;
use crate::errors::Unreadable;
use crate::position::{one_more, text};
use crate::values::{date, from_word, parse, timestamp, to_word};

/// The collection.
pub(crate) const ADMINS: &str = "admins";

#[async_trait]
impl AdminStore for MongoStore {
    async fn insert(&self, admin: &Admin) -> Result<(), StoreError> {
        let document = AdminDocument::new(admin, admin.version)?;
        self.admins().insert(&document).await
    }

    async fn get(&self, id: AdminId) -> Result<Option<Admin>, StoreError> {
        let found = self.admins().find_one(by_id(id)).await?;
        found.map(read).transpose()
    }

    async fn find_by_username(&self, username: &Username) -> Result<Option<Admin>, StoreError> {
        let found = self.admins().find_one(by_username(username)).await?;
        found.map(read).transpose()
    }

    async fn super_admin(&self) -> Result<Option<Admin>, StoreError> {
        let found = self.admins().find_one(the_super_admin()).await?;
        found.map(read).transpose()
    }

    async fn list(&self, page: &PageRequest) -> Result<Page<Admin>, StoreError> {
        let found = self.admins().select(selection(page)).await?;
        let admins = found.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_one_more(admins, page.limit, |last| {
            last.username.normalized().into()
        }))
    }

    async fn update(&self, admin: &Admin) -> Result<u64, StoreError> {
        let version = admin.version.wrapping_add(1);
        let document = AdminDocument::new(admin, version)?;
        let mut expected = by_id(admin.id);
        expected.insert("version", admin.version.cast_signed());
        if self.admins().replace(expected, &document).await? {
            return Ok(version);
        }
        match self.admins().count(by_id(admin.id)).await? {
            0 => Err(StoreError::NotFound),
            _ => Err(StoreError::Conflict),
        }
    }

    async fn remove(&self, id: AdminId) -> Result<bool, StoreError> {
        self.admins().remove(by_id(id)).await
    }
}

fn by_id(id: AdminId) -> Document {
    doc! { "_id": id.to_string() }
}

pub(crate) fn by_username(username: &Username) -> Document {
    doc! { "username_normalized": username.normalized() }
}

pub(crate) fn the_super_admin() -> Document {
    doc! { "role": "super_admin" }
}

/// The query for a page.
pub(crate) fn selection(page: &PageRequest) -> Selection {
    Selection {
        filter: page.after.as_ref().map(behind).unwrap_or_default(),
        sort: doc! { "username_normalized": 1 },
        fields: Document::new(),
        limit: one_more(page.limit),
    }
}

/// The position is the username in lower case. One that is no text is of another
/// store, and finds nothing: U+10FFFF sorts behind every username.
fn behind(cursor: &Cursor) -> Document {
    doc! { "username_normalized": { "$gt": text(cursor).unwrap_or("\u{10ffff}") } }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct AdminDocument {
    #[serde(rename = "_id")]
    id: String,
    username: String,
    username_normalized: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    password_hash: String,
    role: String,
    epoch: i64,
    created_at: DateTime,
    updated_at: DateTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_sign_in_at: Option<DateTime>,
    version: i64,
}

impl AdminDocument {
    /// The document of `admin`, with another version than it carries.
    fn new(admin: &Admin, version: u64) -> Result<Self, StoreError> {
        Ok(Self {
            id: admin.id.to_string(),
            username: admin.username.as_str().to_owned(),
            username_normalized: admin.username.normalized().to_owned(),
            email: admin.email.clone().map(String::from),
            password_hash: admin.password_hash.as_str().to_owned(),
            role: to_word(&admin.role)?,
            epoch: admin.epoch.cast_signed(),
            created_at: date(admin.created_at),
            updated_at: date(admin.updated_at),
            last_sign_in_at: admin.last_sign_in_at.map(date),
            version: version.cast_signed(),
        })
    }
}

impl TryFrom<AdminDocument> for Admin {
    type Error = Unreadable;

    fn try_from(document: AdminDocument) -> Result<Self, Unreadable> {
        let email = document.email.as_deref();
        let email = email.map(|text| parse(text, ADMINS, "email"));
        Ok(Self {
            id: parse(&document.id, ADMINS, "_id")?,
            username: parse(&document.username, ADMINS, "username")?,
            email: email.transpose()?,
            password_hash: PasswordHash::parse(&document.password_hash)
                .map_err(|_| Unreadable::new(ADMINS, "password_hash"))?,
            role: from_word(&document.role, ADMINS, "role")?,
            epoch: document.epoch.cast_unsigned(),
            created_at: timestamp(document.created_at),
            updated_at: timestamp(document.updated_at),
            last_sign_in_at: document.last_sign_in_at.map(timestamp),
            version: document.version.cast_unsigned(),
        })
    }
}

fn read(document: AdminDocument) -> Result<Admin, StoreError> {
    Ok(Admin::try_from(document)?)
}
