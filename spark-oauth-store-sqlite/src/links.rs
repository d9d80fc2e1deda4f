//! Links under which persons are asked to consent.

use async_trait::async_trait;
use spark_oauth_core::consent_links::{ConsentLink, Note, ReturnAddress};
use spark_oauth_core::ports::{ConsentLinkStore, Page, PageRequest, StoreError};
use spark_oauth_core::{ConsentLinkId, Timestamp};

use crate::SqliteStore;
use crate::compare_and_set::replace;
use crate::errors::{Unreadable, corrupt};
use crate::position::before_text;
use crate::statements::statements;
use crate::words::parse;

macro_rules! link_columns {
    () => {
        "id, scopes, note, expected_email, return_to, single_use, created_at, created_by, \
         expires_at, progress, version"
    };
}

pub(crate) use link_columns;

statements! {
    INSERT = concat!(
        "INSERT INTO consent_links (", link_columns!(),
        ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
    );

    GET = concat!("SELECT ", link_columns!(), " FROM consent_links WHERE id = ?1");

    LIST = concat!(
        "SELECT ", link_columns!(), " FROM consent_links WHERE id < ?1 ORDER BY id DESC LIMIT ?2"
    );

    UPDATE = "UPDATE consent_links SET progress = ?2, expires_at = ?3, version = ?4 \
              WHERE id = ?1 AND version = ?5";

    EXISTS = "SELECT 1 FROM consent_links WHERE id = ?1";

    REMOVE_EXPIRED = "DELETE FROM consent_links WHERE expires_at <= ?1";
}

#[async_trait]
impl ConsentLinkStore for SqliteStore {
    async fn insert(&self, link: &ConsentLink) -> Result<(), StoreError> {
        let return_to = link.return_to.as_ref().map(ToString::to_string);
        let insertion = sqlx::query(INSERT)
            .bind(link.id.to_string())
            .bind(link.scopes.to_string())
            .bind(link.note.as_ref().map(ToString::to_string))
            .bind(link.expected_email.as_ref().map(ToString::to_string))
            .bind(return_to)
            .bind(link.single_use)
            .bind(link.created_at.as_millis())
            .bind(link.created_by.clone())
            .bind(link.expires_at.as_millis())
            .bind(serde_json::to_string(&link.progress).map_err(corrupt)?)
            .bind(link.version.cast_signed());
        self.execute(insertion).await?;
        Ok(())
    }

    async fn get(&self, id: ConsentLinkId) -> Result<Option<ConsentLink>, StoreError> {
        let row = sqlx::query_as(GET).bind(id.to_string());
        self.row(row).await?.map(read).transpose()
    }

    async fn list(&self, page: &PageRequest) -> Result<Page<ConsentLink>, StoreError> {
        let rows = sqlx::query_as(LIST)
            .bind(before_text(page.after.as_ref()).to_owned())
            .bind(i64::from(page.limit.get()) + 1);
        let rows = self.rows(rows).await?;
        let links = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_one_more(links, page.limit, |last| {
            last.id.to_string().into_bytes()
        }))
    }

    async fn update(&self, link: &ConsentLink) -> Result<u64, StoreError> {
        let (id, expected) = (link.id.to_string(), link.version);
        let version = expected.wrapping_add(1);
        let update = sqlx::query(UPDATE)
            .bind(id.clone())
            .bind(serde_json::to_string(&link.progress).map_err(corrupt)?)
            .bind(link.expires_at.as_millis())
            .bind(version.cast_signed())
            .bind(expected.cast_signed());
        self.write_statement(move |connection| {
            Box::pin(async move {
                replace(connection, update, EXISTS, id).await?;
                Ok(version)
            })
        })
        .await
    }

    async fn remove_expired(&self, at: Timestamp) -> Result<u64, StoreError> {
        let removal = sqlx::query(REMOVE_EXPIRED).bind(at.as_millis());
        self.execute(removal).await
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct LinkRow {
    id: String,
    scopes: String,
    note: Option<String>,
    expected_email: Option<String>,
    return_to: Option<String>,
    single_use: bool,
    created_at: i64,
    created_by: String,
    expires_at: i64,
    progress: String,
    version: i64,
}

impl LinkRow {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }
}

fn read(row: LinkRow) -> Result<ConsentLink, StoreError> {
    Ok(ConsentLink::try_from(row)?)
}

impl TryFrom<LinkRow> for ConsentLink {
    type Error = Unreadable;

    fn try_from(row: LinkRow) -> Result<Self, Unreadable> {
        let unreadable = |column| move |_| Unreadable(column);
        let email = row.expected_email.as_deref();
        let email = email.map(|text| parse(text, "consent_links.expected_email"));
        let note = row.note.as_deref().map(Note::parse).transpose();
        let return_to = row.return_to.as_deref().map(ReturnAddress::parse);
        Ok(Self {
            id: parse(&row.id, "consent_links.id")?,
            scopes: row
                .scopes
                .try_into()
                .map_err(|_| Unreadable("consent_links.scopes"))?,
            note: note.map_err(unreadable("consent_links.note"))?,
            expected_email: email.transpose()?,
            return_to: return_to
                .transpose()
                .map_err(|_| Unreadable("consent_links.return_to"))?,
            single_use: row.single_use,
            created_at: Timestamp::from_millis(row.created_at),
            created_by: row.created_by,
            expires_at: Timestamp::from_millis(row.expires_at),
            progress: serde_json::from_str(&row.progress)
                .map_err(|_| Unreadable("consent_links.progress"))?,
            version: row.version.cast_unsigned(),
        })
    }
}
