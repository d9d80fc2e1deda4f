//! API keys.

use std::num::NonZeroU32;

use async_trait::async_trait;
use spark_oauth_core::api_keys::{ApiKey, KeyHash};
use spark_oauth_core::ports::{ApiKeyStore, Page, PageRequest, StoreError};
use spark_oauth_core::{ApiKeyId, Timestamp};

use crate::SqliteStore;
use crate::errors::{Unreadable, corrupt, store_error};
use crate::position::before_text;
use crate::statements::statements;
use crate::words::parse;

macro_rules! api_key_columns {
    () => {
        "id, name, hash, scopes, reach, requests_per_minute, created_at, created_by, expires_at, \
         last_used_at, revoked_at"
    };
}

pub(crate) use api_key_columns;

statements! {
    INSERT = concat!(
        "INSERT INTO api_keys (", api_key_columns!(),
        ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
    );

    GET = concat!("SELECT ", api_key_columns!(), " FROM api_keys WHERE id = ?1");

    FIND_BY_HASH = concat!("SELECT ", api_key_columns!(), " FROM api_keys WHERE hash = ?1");

    LIST = concat!(
        "SELECT ", api_key_columns!(), " FROM api_keys WHERE id < ?1 ORDER BY id DESC LIMIT ?2"
    );

    REVOKE = concat!(
        "UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?2) WHERE id = ?1 RETURNING ",
        api_key_columns!()
    );

    NOTE_USE = "UPDATE api_keys SET last_used_at = ?2 \
        WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at < ?2)";
}

#[async_trait]
impl ApiKeyStore for SqliteStore {
    async fn insert(&self, key: &ApiKey) -> Result<(), StoreError> {
        let insertion = sqlx::query(INSERT)
            .bind(key.id.to_string())
            .bind(key.name.as_str().to_owned())
            .bind(key.hash.0.to_vec())
            .bind(serde_json::to_string(&key.scopes).map_err(corrupt)?)
            .bind(serde_json::to_string(&key.reach).map_err(corrupt)?)
            .bind(key.requests_per_minute.map(|limit| i64::from(limit.get())))
            .bind(key.created_at.as_millis())
            .bind(key.created_by.clone())
            .bind(key.expires_at.map(Timestamp::as_millis))
            .bind(key.last_used_at.map(Timestamp::as_millis))
            .bind(key.revoked_at.map(Timestamp::as_millis));
        self.execute(insertion).await?;
        Ok(())
    }

    async fn get(&self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        let row = sqlx::query_as(GET).bind(id.to_string());
        self.row(row).await?.map(read).transpose()
    }

    async fn find_by_hash(&self, hash: KeyHash) -> Result<Option<ApiKey>, StoreError> {
        let row = sqlx::query_as(FIND_BY_HASH).bind(hash.0.to_vec());
        self.row(row).await?.map(read).transpose()
    }

    async fn list(&self, page: &PageRequest) -> Result<Page<ApiKey>, StoreError> {
        let rows = sqlx::query_as(LIST)
            .bind(before_text(page.after.as_ref()).to_owned())
            .bind(i64::from(page.limit.get()) + 1);
        let rows = self.rows(rows).await?;
        let keys = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_one_more(keys, page.limit, |last| {
            last.id.to_string().into_bytes()
        }))
    }

    async fn revoke(&self, id: ApiKeyId, at: Timestamp) -> Result<Option<ApiKey>, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let row: Option<ApiKeyRow> = sqlx::query_as(REVOKE)
                    .bind(id.to_string())
                    .bind(at.as_millis())
                    .fetch_optional(connection)
                    .await
                    .map_err(store_error)?;
                row.map(read).transpose()
            })
        })
        .await
    }

    async fn note_use(&self, id: ApiKeyId, at: Timestamp) -> Result<(), StoreError> {
        let update = sqlx::query(NOTE_USE)
            .bind(id.to_string())
            .bind(at.as_millis());
        self.execute(update).await?;
        Ok(())
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct ApiKeyRow {
    id: String,
    name: String,
    hash: Vec<u8>,
    scopes: String,
    reach: String,
    requests_per_minute: Option<i64>,
    created_at: i64,
    created_by: String,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
    revoked_at: Option<i64>,
}

impl ApiKeyRow {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }
}

fn read(row: ApiKeyRow) -> Result<ApiKey, StoreError> {
    Ok(ApiKey::try_from(row)?)
}

impl TryFrom<ApiKeyRow> for ApiKey {
    type Error = Unreadable;

    fn try_from(row: ApiKeyRow) -> Result<Self, Unreadable> {
        let limit = |value: i64| {
            let limit = u32::try_from(value).ok().and_then(NonZeroU32::new);
            limit.ok_or(Unreadable("api_keys.requests_per_minute"))
        };
        let hash = row.hash.try_into();
        Ok(Self {
            id: parse(&row.id, "api_keys.id")?,
            name: row
                .name
                .try_into()
                .map_err(|_| Unreadable("api_keys.name"))?,
            hash: KeyHash(hash.map_err(|_| Unreadable("api_keys.hash"))?),
            scopes: serde_json::from_str(&row.scopes).map_err(|_| Unreadable("api_keys.scopes"))?,
            reach: serde_json::from_str(&row.reach).map_err(|_| Unreadable("api_keys.reach"))?,
            requests_per_minute: row.requests_per_minute.map(limit).transpose()?,
            created_at: Timestamp::from_millis(row.created_at),
            created_by: row.created_by,
            expires_at: row.expires_at.map(Timestamp::from_millis),
            last_used_at: row.last_used_at.map(Timestamp::from_millis),
            revoked_at: row.revoked_at.map(Timestamp::from_millis),
        })
    }
}
