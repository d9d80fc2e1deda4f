//! The list of tokens, and the search by a part of an e-mail address.

use spark_oauth_core::EmailAddress;
use spark_oauth_core::ports::{Page, PageRequest, StoreError, TokenFilter};
use spark_oauth_core::token::{StatusKind, Token};

use crate::SqliteStore;
use crate::errors::unavailable;
use crate::position::before;
use crate::reading::Rows;
use crate::statements::statements;
use crate::token_row::{TokenRow, read, token_columns};

statements! {
    LIST = concat!(
        "SELECT ", token_columns!(), " FROM tokens WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2"
    );

    LIST_BY_STATUS = concat!(
        "SELECT ", token_columns!(), " FROM tokens WHERE seq < ?1 AND status = ?3 \
         ORDER BY seq DESC LIMIT ?2"
    );

    /// The search index gives the records in the order of the list, so that it is
    /// read only as far as the page goes.
    LIST_BY_SEARCH = concat!(
        "SELECT ", token_columns!(), " FROM tokens WHERE seq IN (SELECT rowid FROM tokens_fts \
         WHERE tokens_fts MATCH ?3 AND rowid < ?1 ORDER BY rowid DESC LIMIT ?2) \
         ORDER BY seq DESC"
    );

    /// For one or two characters, which no trigram holds: walks a covering index
    /// in the order of the list until the page is full.
    LIST_BY_SHORT_PART = concat!(
        "SELECT ", token_columns!(), " FROM tokens WHERE seq IN (SELECT seq FROM tokens \
         INDEXED BY tokens_walk WHERE seq < ?1 AND instr(email_normalized, ?3) > 0 \
         ORDER BY seq DESC LIMIT ?2) ORDER BY seq DESC"
    );

    /// The same for one status.
    LIST_BY_SHORT_PART_AND_STATUS = concat!(
        "SELECT ", token_columns!(), " FROM tokens WHERE seq IN (SELECT seq FROM tokens \
         INDEXED BY tokens_walk WHERE seq < ?1 AND status = ?4 \
         AND instr(email_normalized, ?3) > 0 ORDER BY seq DESC LIMIT ?2) ORDER BY seq DESC"
    );
}

/// How many characters a part needs for the trigram index to find it.
const TRIGRAM: usize = 3;

impl SqliteStore {
    pub(crate) async fn list_tokens(
        &self,
        filter: &TokenFilter,
        page: &PageRequest,
    ) -> Result<Page<Token>, StoreError> {
        let part = filter.email_part.as_deref().map(EmailAddress::normalize);
        let part = part.filter(|part| !part.is_empty());
        let status = filter.status.map(StatusKind::as_str);
        let rows = match (part, status) {
            (None, None) => self.rows(of_page(LIST, page)).await?,
            (None, Some(status)) => {
                self.rows(of_page(LIST_BY_STATUS, page).bind(status))
                    .await?
            }
            (Some(part), _) if is_in_no_address(&part) => Vec::new(),
            (Some(part), status) if part.chars().count() >= TRIGRAM => {
                let search = search(&part, status);
                self.rows(of_page(LIST_BY_SEARCH, page).bind(search))
                    .await?
            }
            (Some(part), None) => {
                self.walk(of_page(LIST_BY_SHORT_PART, page).bind(part))
                    .await?
            }
            (Some(part), Some(status)) => {
                let rows = of_page(LIST_BY_SHORT_PART_AND_STATUS, page).bind(part);
                self.walk(rows.bind(status)).await?
            }
        };
        let page = Page::from_one_more(rows, page.limit, |last| last.seq.to_be_bytes().into());
        Ok(Page {
            items: page.items.into_iter().map(read).collect::<Result<_, _>>()?,
            next: page.next,
        })
    }

    /// Reads what may take long where little fits: one such read at a time, so that
    /// the other connections stay free for quick ones.
    async fn walk(&self, rows: Rows<'_, TokenRow>) -> Result<Vec<TokenRow>, StoreError> {
        let _turn = self.0.walking.acquire().await.map_err(unavailable)?;
        self.rows(rows).await
    }
}

/// Binds the parameters that every list has: where the page begins, and one record
/// more than it holds.
fn of_page(statement: &'static str, page: &PageRequest) -> Rows<'static, TokenRow> {
    sqlx::query_as(statement)
        .bind(before(page.after.as_ref()))
        .bind(i64::from(page.limit.get()) + 1)
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
