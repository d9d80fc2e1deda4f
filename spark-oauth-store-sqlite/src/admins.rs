//! Admins.

use async_trait::async_trait;
use spark_oauth_core::admins::{Admin, PasswordHash, Username};
use spark_oauth_core::ports::{AdminStore, Page, PageRequest, StoreError};
use spark_oauth_core::{AdminId, Timestamp};

use crate::compare_and_set::replace;
use crate::errors::Unreadable;
use crate::statements::statements;
use crate::words::{from_word, parse, to_word};
use crate::{Query, SqliteStore};

macro_rules! admin_columns {
    () => {
        "id, username, email, password_hash, role, epoch, created_at, updated_at, \
         last_sign_in_at, version"
    };
}

pub(crate) use admin_columns;

statements! {
    INSERT = "INSERT INTO admins (id, username, username_normalized, email, password_hash, role, \
        epoch, created_at, updated_at, last_sign_in_at, version) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

    UPDATE = "UPDATE admins SET username = ?2, username_normalized = ?3, email = ?4, \
        password_hash = ?5, role = ?6, epoch = ?7, created_at = ?8, updated_at = ?9, \
        last_sign_in_at = ?10, version = ?11 WHERE id = ?1 AND version = ?12";

    EXISTS = "SELECT 1 FROM admins WHERE id = ?1";

    GET = concat!("SELECT ", admin_columns!(), " FROM admins WHERE id = ?1");

    FIND_BY_USERNAME = concat!(
        "SELECT ", admin_columns!(), " FROM admins WHERE username_normalized = ?1"
    );

    SUPER_ADMIN = concat!("SELECT ", admin_columns!(), " FROM admins WHERE role = 'super_admin'");

    LIST = concat!(
        "SELECT ", admin_columns!(), " FROM admins WHERE username_normalized > ?1 \
         ORDER BY username_normalized LIMIT ?2"
    );

    REMOVE = "DELETE FROM admins WHERE id = ?1";
}

#[async_trait]
impl AdminStore for SqliteStore {
    async fn insert(&self, admin: &Admin) -> Result<(), StoreError> {
        let values = AdminValues::new(admin, admin.version)?;
        self.execute(values.bind(sqlx::query(INSERT))).await?;
        Ok(())
    }

    async fn get(&self, id: AdminId) -> Result<Option<Admin>, StoreError> {
        let row = sqlx::query_as(GET).bind(id.to_string());
        self.row(row).await?.map(read).transpose()
    }

    async fn find_by_username(&self, username: &Username) -> Result<Option<Admin>, StoreError> {
        let row = sqlx::query_as(FIND_BY_USERNAME).bind(username.normalized());
        self.row(row).await?.map(read).transpose()
    }

    async fn super_admin(&self) -> Result<Option<Admin>, StoreError> {
        let row = sqlx::query_as(SUPER_ADMIN);
        self.row(row).await?.map(read).transpose()
    }

    async fn list(&self, page: &PageRequest) -> Result<Page<Admin>, StoreError> {
        // The position is the username in lower case. One that is no text is of
        // another store, and finds nothing: U+10FFFF sorts behind every username.
        let after = page.after.as_ref().map_or("", |cursor| {
            std::str::from_utf8(cursor.position()).unwrap_or("\u{10ffff}")
        });
        let rows = sqlx::query_as(LIST)
            .bind(after)
            .bind(i64::from(page.limit.get()) + 1);
        let rows = self.rows(rows).await?;
        let admins = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_one_more(admins, page.limit, |last| {
            last.username.normalized().into()
        }))
    }

    async fn update(&self, admin: &Admin) -> Result<u64, StoreError> {
        let (id, expected) = (admin.id.to_string(), admin.version);
        let version = expected.wrapping_add(1);
        let update = AdminValues::new(admin, version)?
            .bind(sqlx::query(UPDATE))
            .bind(expected.cast_signed());
        self.write_statement(move |connection| {
            Box::pin(async move {
                replace(connection, update, EXISTS, id).await?;
                Ok(version)
            })
        })
        .await
    }

    async fn remove(&self, id: AdminId) -> Result<bool, StoreError> {
        let removal = sqlx::query(REMOVE).bind(id.to_string());
        Ok(self.execute(removal).await? > 0)
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct AdminRow {
    id: String,
    username: String,
    email: Option<String>,
    password_hash: String,
    role: String,
    epoch: i64,
    created_at: i64,
    updated_at: i64,
    last_sign_in_at: Option<i64>,
    version: i64,
}

impl AdminRow {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }
}

impl TryFrom<AdminRow> for Admin {
    type Error = Unreadable;

    fn try_from(row: AdminRow) -> Result<Self, Unreadable> {
        let email = row.email.as_deref().map(|text| parse(text, "admins.email"));
        Ok(Self {
            id: parse(&row.id, "admins.id")?,
            username: parse(&row.username, "admins.username")?,
            email: email.transpose()?,
            password_hash: PasswordHash::parse(&row.password_hash)
                .map_err(|_| Unreadable("admins.password_hash"))?,
            role: from_word(&row.role, "admins.role")?,
            epoch: row.epoch.cast_unsigned(),
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
            last_sign_in_at: row.last_sign_in_at.map(Timestamp::from_millis),
            version: row.version.cast_unsigned(),
        })
    }
}

fn read(row: AdminRow) -> Result<Admin, StoreError> {
    Ok(Admin::try_from(row)?)
}

/// What is written, in the order of the parameters.
struct AdminValues {
    admin: Admin,
    role: String,
    version: u64,
}

impl AdminValues {
    /// The values of `admin`, with another version than it carries.
    fn new(admin: &Admin, version: u64) -> Result<Self, StoreError> {
        Ok(Self {
            admin: admin.clone(),
            role: to_word(&admin.role)?,
            version,
        })
    }

    /// Binds the parameters 1 to 11.
    fn bind(self, query: Query<'_>) -> Query<'_> {
        let admin = self.admin;
        query
            .bind(admin.id.to_string())
            .bind(admin.username.as_str().to_owned())
            .bind(admin.username.normalized().to_owned())
            .bind(admin.email.map(String::from))
            .bind(admin.password_hash.as_str().to_owned())
            .bind(self.role)
            .bind(admin.epoch.cast_signed())
            .bind(admin.created_at.as_millis())
            .bind(admin.updated_at.as_millis())
            .bind(admin.last_sign_in_at.map(Timestamp::as_millis))
            .bind(self.version.cast_signed())
    }
}
