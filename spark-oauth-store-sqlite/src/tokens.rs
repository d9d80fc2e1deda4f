//! Tokens.

use async_trait::async_trait;
use spark_oauth_core::ports::{Claim, Page, PageRequest, StoreError, TokenFilter, TokenStore};
use spark_oauth_core::token::{Lease, StatusKind, Token};
use spark_oauth_core::{ClientId, EmailAddress, PersonId, ProcessId, Scopes, Timestamp, TokenId};
use sqlx::SqliteConnection;

use crate::SqliteStore;
use crate::errors::store_error;
use crate::position::before;
use crate::statements::statements;
use crate::token_row::{TokenRow, TokenValues};

macro_rules! columns {
    () => {
        "seq, id, email_normalized, status, status_cause, status_at, integration, person, scopes, \
         email, display_name, access_expires_at, refresh_expires_at, obtained_at, granted_at, \
         refreshed_at, refreshed_by, failed_at, failure_class, failure_summary, \
         failure_tracking_id, generation, version, lease_owner, lease_expires_at, attempt_owner, \
         attempt_at, access, refresh"
    };
}

statements! {
    INSERT = "INSERT INTO tokens (id, email_normalized, status, status_cause, status_at, \
        integration, person, scopes, email, display_name, access_expires_at, refresh_expires_at, \
        obtained_at, granted_at, refreshed_at, refreshed_by, failed_at, failure_class, \
        failure_summary, failure_tracking_id, generation, version, lease_owner, lease_expires_at, \
        attempt_owner, attempt_at, access, refresh) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, \
        ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28)";

    UPDATE = "UPDATE tokens SET email_normalized = ?2, status = ?3, status_cause = ?4, \
        status_at = ?5, integration = ?6, person = ?7, scopes = ?8, email = ?9, \
        display_name = ?10, access_expires_at = ?11, refresh_expires_at = ?12, \
        obtained_at = ?13, granted_at = ?14, refreshed_at = ?15, refreshed_by = ?16, \
        failed_at = ?17, failure_class = ?18, failure_summary = ?19, failure_tracking_id = ?20, \
        generation = ?21, version = ?22, lease_owner = ?23, lease_expires_at = ?24, \
        attempt_owner = ?25, attempt_at = ?26, access = ?27, refresh = ?28 \
        WHERE id = ?1 AND version = ?29";

    EXISTS = "SELECT 1 FROM tokens WHERE id = ?1";

    GET = concat!("SELECT ", columns!(), " FROM tokens WHERE id = ?1");

    FIND = concat!(
        "SELECT ", columns!(), " FROM tokens WHERE integration = ?1 AND person = ?2 AND scopes = ?3"
    );

    FIND_BY_PERSON = concat!(
        "SELECT ", columns!(), " FROM tokens WHERE integration = ?1 AND person = ?2 \
         ORDER BY seq DESC"
    );

    FIND_BY_EMAIL = concat!(
        "SELECT ", columns!(), " FROM tokens WHERE integration = ?1 AND email_normalized = ?2 \
         ORDER BY seq DESC"
    );

    LIST = concat!(
        "SELECT ", columns!(), " FROM tokens WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2"
    );

    LIST_BY_STATUS = concat!(
        "SELECT ", columns!(), " FROM tokens WHERE seq < ?1 AND status = ?3 \
         ORDER BY seq DESC LIMIT ?2"
    );

    /// The search index gives the records in the order of the list, so that it is
    /// read only as far as the page goes.
    LIST_BY_SEARCH = concat!(
        "SELECT ", columns!(), " FROM tokens WHERE seq IN (SELECT rowid FROM tokens_fts \
         WHERE tokens_fts MATCH ?3 AND rowid < ?1 ORDER BY rowid DESC LIMIT ?2) \
         ORDER BY seq DESC"
    );

    /// For one or two characters, which no trigram holds: walks the list until the
    /// page is full.
    LIST_BY_SHORT_PART = concat!(
        "SELECT ", columns!(), " FROM tokens WHERE seq < ?1 AND instr(email_normalized, ?3) > 0 \
         ORDER BY seq DESC LIMIT ?2"
    );

    /// The same along one status.
    LIST_BY_SHORT_PART_AND_STATUS = concat!(
        "SELECT ", columns!(), " FROM tokens WHERE seq < ?1 AND status = ?4 \
         AND instr(email_normalized, ?3) > 0 ORDER BY seq DESC LIMIT ?2"
    );

    CLAIM = concat!(
        "UPDATE tokens SET lease_owner = ?2, lease_expires_at = ?3, version = version + 1 \
         WHERE id = ?1 AND (lease_owner IS NULL OR lease_owner = ?2 OR lease_expires_at <= ?4) \
         RETURNING ", columns!()
    );

    EXTEND_LEASE = "UPDATE tokens SET lease_expires_at = ?3, version = version + 1 \
        WHERE id = ?1 AND lease_owner = ?2 RETURNING version";

    RELEASE_LEASE = "UPDATE tokens SET lease_owner = NULL, lease_expires_at = NULL, \
        attempt_at = CASE WHEN attempt_owner = ?2 THEN NULL ELSE attempt_at END, \
        attempt_owner = CASE WHEN attempt_owner = ?2 THEN NULL ELSE attempt_owner END, \
        version = version + 1 \
        WHERE id = ?1 AND lease_owner = ?2";

    REMOVE = "DELETE FROM tokens WHERE id = ?1";
}

/// How many characters a part needs for the trigram index to find it.
const TRIGRAM: usize = 3;

#[async_trait]
impl TokenStore for SqliteStore {
    async fn insert(&self, token: &Token) -> Result<(), StoreError> {
        let values = TokenValues::new(token, token.version)?;
        self.write(move |connection| {
            Box::pin(async move {
                values
                    .bind(sqlx::query(INSERT))
                    .execute(connection)
                    .await
                    .map_err(store_error)?;
                Ok(())
            })
        })
        .await
    }

    async fn get(&self, id: TokenId) -> Result<Option<Token>, StoreError> {
        let row = sqlx::query_as(GET).bind(id.to_string());
        one(row.fetch_optional(self.readers()).await)
    }

    async fn find(
        &self,
        integration: &ClientId,
        person: &PersonId,
        scopes: &Scopes,
    ) -> Result<Option<Token>, StoreError> {
        let row = sqlx::query_as(FIND)
            .bind(integration.as_str())
            .bind(person.as_str())
            .bind(scopes.to_string());
        one(row.fetch_optional(self.readers()).await)
    }

    async fn find_by_person(
        &self,
        integration: &ClientId,
        person: &PersonId,
    ) -> Result<Vec<Token>, StoreError> {
        let rows = sqlx::query_as(FIND_BY_PERSON)
            .bind(integration.as_str())
            .bind(person.as_str());
        all(rows.fetch_all(self.readers()).await)
    }

    async fn find_by_email(
        &self,
        integration: &ClientId,
        email: &EmailAddress,
    ) -> Result<Vec<Token>, StoreError> {
        let rows = sqlx::query_as(FIND_BY_EMAIL)
            .bind(integration.as_str())
            .bind(email.normalized());
        all(rows.fetch_all(self.readers()).await)
    }

    async fn list(
        &self,
        filter: &TokenFilter,
        page: &PageRequest,
    ) -> Result<Page<Token>, StoreError> {
        let before = before(page.after.as_ref());
        let one_more = i64::from(page.limit.get()) + 1;
        let part = filter.email_part.as_deref().map(EmailAddress::normalize);
        let part = part.filter(|part| !part.is_empty());
        if part.as_deref().is_some_and(is_in_no_address) {
            return Ok(Page {
                items: Vec::new(),
                next: None,
            });
        }
        let status = filter.status.map(StatusKind::as_str);
        let rows = match (part, status) {
            (None, None) => positioned(LIST, before, one_more),
            (None, Some(status)) => positioned(LIST_BY_STATUS, before, one_more).bind(status),
            (Some(part), status) if part.chars().count() >= TRIGRAM => {
                positioned(LIST_BY_SEARCH, before, one_more).bind(search(&part, status))
            }
            (Some(part), None) => positioned(LIST_BY_SHORT_PART, before, one_more).bind(part),
            (Some(part), Some(status)) => {
                positioned(LIST_BY_SHORT_PART_AND_STATUS, before, one_more)
                    .bind(part)
                    .bind(status)
            }
        };
        let rows = rows.fetch_all(self.readers()).await.map_err(store_error)?;
        let rows = Page::from_one_more(rows, page.limit, |last| last.seq.to_be_bytes().into());
        Ok(Page {
            items: rows.items.into_iter().map(read).collect::<Result<_, _>>()?,
            next: rows.next,
        })
    }

    async fn update(&self, token: &Token) -> Result<u64, StoreError> {
        let expected = token.version;
        let version = expected.wrapping_add(1);
        let values = TokenValues::new(token, version)?;
        self.write(move |connection| {
            Box::pin(async move {
                let id = values.id.clone();
                let changed = values
                    .bind(sqlx::query(UPDATE))
                    .bind(expected.cast_signed())
                    .execute(&mut *connection)
                    .await
                    .map_err(store_error)?
                    .rows_affected();
                match changed {
                    0 => Err(why_unchanged(connection, &id).await),
                    _ => Ok(version),
                }
            })
        })
        .await
    }

    async fn claim(&self, id: TokenId, lease: Lease, now: Timestamp) -> Result<Claim, StoreError> {
        let id = id.to_string();
        self.write(move |connection| {
            Box::pin(async move {
                let taken = sqlx::query_as(CLAIM)
                    .bind(id.as_str())
                    .bind(lease.owner.to_string())
                    .bind(lease.expires_at.as_millis())
                    .bind(now.as_millis())
                    .fetch_optional(&mut *connection)
                    .await;
                if let Some(token) = one(taken)? {
                    return Ok(Claim::Taken(Box::new(token)));
                }
                let held = sqlx::query_as(GET)
                    .bind(id)
                    .fetch_optional(connection)
                    .await;
                Ok(match one(held)?.and_then(|token| token.lease) {
                    Some(lease) => Claim::Held(lease),
                    None => Claim::Missing,
                })
            })
        })
        .await
    }

    async fn extend_lease(&self, id: TokenId, lease: Lease) -> Result<Option<u64>, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query_scalar(EXTEND_LEASE)
                    .bind(id.to_string())
                    .bind(lease.owner.to_string())
                    .bind(lease.expires_at.as_millis())
                    .fetch_optional(connection)
                    .await
                    .map(|version: Option<i64>| version.map(i64::cast_unsigned))
                    .map_err(store_error)
            })
        })
        .await
    }

    async fn release_lease(&self, id: TokenId, owner: ProcessId) -> Result<bool, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(RELEASE_LEASE)
                    .bind(id.to_string())
                    .bind(owner.to_string())
                    .execute(connection)
                    .await
                    .map(|done| done.rows_affected() > 0)
                    .map_err(store_error)
            })
        })
        .await
    }

    async fn remove(&self, id: TokenId) -> Result<bool, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(REMOVE)
                    .bind(id.to_string())
                    .execute(connection)
                    .await
                    .map(|done| done.rows_affected() > 0)
                    .map_err(store_error)
            })
        })
        .await
    }
}

type Rows<'q> = sqlx::query::QueryAs<'q, sqlx::Sqlite, TokenRow, sqlx::sqlite::SqliteArguments>;

fn positioned<'q>(statement: &'static str, before: i64, one_more: i64) -> Rows<'q> {
    sqlx::query_as(statement).bind(before).bind(one_more)
}

/// What no address can hold, since it is too long or SQLite would read it only up
/// to its end of text.
fn is_in_no_address(part: &str) -> bool {
    part.len() > 4 * EmailAddress::MAX_LENGTH || part.contains('\0')
}

/// The query of the search index: a phrase of trigrams matches exactly where the
/// part stands as it is. In quotes no character has a meaning but the quote.
fn search(part: &str, status: Option<&str>) -> String {
    let part = part.replace('"', "\"\"");
    match status.and_then(|status| status.get(..TRIGRAM)) {
        None => format!("email : \"{part}\""),
        Some(status) => format!("email : \"{part}\" AND status : \"{status}\""),
    }
}

async fn why_unchanged(connection: &mut SqliteConnection, id: &str) -> StoreError {
    let stands: Result<Option<i64>, _> = sqlx::query_scalar(EXISTS)
        .bind(id)
        .fetch_optional(connection)
        .await;
    match stands {
        Ok(Some(_)) => StoreError::Conflict,
        Ok(None) => StoreError::NotFound,
        Err(error) => store_error(error),
    }
}

fn read(row: TokenRow) -> Result<Token, StoreError> {
    Ok(Token::try_from(row)?)
}

fn one(row: Result<Option<TokenRow>, sqlx::Error>) -> Result<Option<Token>, StoreError> {
    row.map_err(store_error)?.map(read).transpose()
}

fn all(rows: Result<Vec<TokenRow>, sqlx::Error>) -> Result<Vec<Token>, StoreError> {
    rows.map_err(store_error)?.into_iter().map(read).collect()
}
