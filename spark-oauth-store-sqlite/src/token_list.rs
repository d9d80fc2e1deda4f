//! The list of tokens, and the search by a part of an e-mail address.

use spark_oauth_core::api_keys::Reach;
use spark_oauth_core::ports::{Page, PageRequest, StoreError, TokenFilter};
use spark_oauth_core::token::{StatusKind, Token};
use spark_oauth_core::{EmailAddress, Timestamp};

use crate::SqliteStore;
use crate::errors::corrupt;
use crate::position::before;
use crate::reading::Rows;
use crate::statements::statements;
use crate::token_row::{TokenRow, read, token_columns};

/// Conditions that narrow a list beside the one that picks its index; each holds where
/// it is asked for. Scopes are whole words.
macro_rules! narrowed {
    () => {
        "(?3 IS NULL OR tokens.status = ?3) AND (?4 IS NULL OR access_expires_at < ?4) \
         AND NOT EXISTS (SELECT 1 FROM json_each(?5) AS asked \
         WHERE instr(' ' || scopes || ' ', ' ' || asked.value || ' ') = 0) \
         AND (?6 IS NULL OR instr(email_search, ?6) > 0)"
    };
}

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
         INDEXED BY tokens_walk WHERE seq < ?1 AND instr(email_search, ?3) > 0 \
         ORDER BY seq DESC LIMIT ?2) ORDER BY seq DESC"
    );

    /// The same for one status.
    LIST_BY_SHORT_PART_AND_STATUS = concat!(
        "SELECT ", token_columns!(), " FROM tokens WHERE seq IN (SELECT seq FROM tokens \
         INDEXED BY tokens_walk WHERE seq < ?1 AND status = ?4 \
         AND instr(email_search, ?3) > 0 ORDER BY seq DESC LIMIT ?2) ORDER BY seq DESC"
    );

    /// Walks the list until the page is full.
    LIST_NARROWED = concat!(
        "SELECT ", token_columns!(), " FROM tokens WHERE seq < ?1 AND ", narrowed!(),
        " ORDER BY seq DESC LIMIT ?2"
    );

    /// Walks the tokens of one status.
    LIST_NARROWED_OF_STATUS = concat!(
        "SELECT ", token_columns!(), " FROM tokens INDEXED BY tokens_status \
         WHERE status = ?3 AND seq < ?1 AND ", narrowed!(), " ORDER BY seq DESC LIMIT ?2"
    );

    /// Walks what the search index finds.
    LIST_NARROWED_BY_SEARCH = concat!(
        "SELECT ", token_columns!(), " FROM tokens WHERE seq IN (SELECT tokens.seq \
         FROM tokens_fts CROSS JOIN tokens ON tokens.seq = tokens_fts.rowid \
         WHERE tokens_fts MATCH ?7 AND tokens_fts.rowid < ?1 AND ", narrowed!(),
        " ORDER BY tokens_fts.rowid DESC LIMIT ?2) ORDER BY seq DESC"
    );

    /// Walks the tokens of one address.
    LIST_OF_ADDRESS = concat!(
        "SELECT ", token_columns!(), " FROM tokens WHERE email_normalized = ?7 AND seq < ?1 AND ",
        narrowed!(), " ORDER BY seq DESC LIMIT ?2"
    );

    /// Walks the tokens of one domain.
    LIST_OF_DOMAIN = concat!(
        "SELECT ", token_columns!(), " FROM tokens WHERE email_domain = ?7 AND seq < ?1 AND ",
        narrowed!(), " ORDER BY seq DESC LIMIT ?2"
    );

    /// Walks what the search index finds in one domain: quick where a million tokens
    /// are in the domain, and where the part is in a million addresses.
    LIST_OF_DOMAIN_BY_SEARCH = concat!(
        "SELECT ", token_columns!(), " FROM tokens WHERE seq IN (SELECT tokens.seq \
         FROM tokens_fts CROSS JOIN tokens ON tokens.seq = tokens_fts.rowid \
         WHERE tokens_fts MATCH ?8 AND tokens_fts.rowid < ?1 AND email_domain = ?7 AND ",
        narrowed!(), " ORDER BY tokens_fts.rowid DESC LIMIT ?2) ORDER BY seq DESC"
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
        let part = filter
            .email_part
            .as_deref()
            .map(EmailAddress::normalize_part);
        let part = part.filter(|part| !part.is_empty());
        let rows = if part.as_deref().is_some_and(is_in_no_address) {
            Vec::new()
        } else if !filter.reach.is_everybody() {
            self.list_reach(&filter.reach, part, filter, page).await?
        } else if filter.expiring_before.is_some() || !filter.scopes.is_empty() {
            self.list_narrowed(part, filter, page).await?
        } else {
            self.list_plain(part, filter.status, page).await?
        };
        let page = Page::from_one_more(rows, page.limit, |last| last.seq.to_be_bytes().into());
        Ok(Page {
            items: page.items.into_iter().map(read).collect::<Result<_, _>>()?,
            next: page.next,
        })
    }

    /// By status and part of the address alone, each with a way of its own.
    async fn list_plain(
        &self,
        part: Option<String>,
        status: Option<StatusKind>,
        page: &PageRequest,
    ) -> Result<Vec<TokenRow>, StoreError> {
        match (part, status.map(StatusKind::as_str)) {
            (None, None) => self.rows(of_page(LIST, page)).await,
            (None, Some(status)) => self.rows(of_page(LIST_BY_STATUS, page).bind(status)).await,
            (Some(part), status) if is_indexed(&part) => {
                let search = search(&part, status);
                self.rows(of_page(LIST_BY_SEARCH, page).bind(search)).await
            }
            (Some(part), None) => {
                let rows = of_page(LIST_BY_SHORT_PART, page).bind(part);
                self.long_rows(rows).await
            }
            (Some(part), Some(status)) => {
                let rows = of_page(LIST_BY_SHORT_PART_AND_STATUS, page).bind(part);
                self.long_rows(rows.bind(status)).await
            }
        }
    }

    /// By everything but the reach.
    async fn list_narrowed(
        &self,
        part: Option<String>,
        filter: &TokenFilter,
        page: &PageRequest,
    ) -> Result<Vec<TokenRow>, StoreError> {
        let status = filter.status.map(StatusKind::as_str);
        let search = part
            .as_deref()
            .filter(|part| is_indexed(part))
            .map(|part| search(part, status));
        let rows = match search {
            Some(search) => narrowed(LIST_NARROWED_BY_SEARCH, part, filter, page)?.bind(search),
            None if status.is_some() => narrowed(LIST_NARROWED_OF_STATUS, part, filter, page)?,
            None => narrowed(LIST_NARROWED, part, filter, page)?,
        };
        self.long_rows(rows).await
    }

    /// The newest of what each address and each domain of the reach has.
    async fn list_reach(
        &self,
        reach: &Reach,
        part: Option<String>,
        filter: &TokenFilter,
        page: &PageRequest,
    ) -> Result<Vec<TokenRow>, StoreError> {
        let mut rows = Vec::new();
        for address in reach.emails() {
            let found = narrowed(LIST_OF_ADDRESS, part.clone(), filter, page)?;
            rows.append(&mut self.rows(found.bind(address.to_owned())).await?);
        }
        for domain in reach.domains() {
            let found = of_domain(domain.as_str(), part.clone(), filter, page)?;
            rows.append(&mut if narrows(filter) {
                self.long_rows(found).await?
            } else {
                self.rows(found).await?
            });
        }
        rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.seq));
        // An address may stand in the reach beside its domain.
        rows.dedup_by_key(|row| row.seq);
        rows.truncate(usize::from(page.limit.get()) + 1);
        Ok(rows)
    }
}

/// Binds the parameters that every list has: where the page begins, and one record
/// more than it holds.
fn of_page(statement: &'static str, page: &PageRequest) -> Rows<'static, TokenRow> {
    sqlx::query_as(statement)
        .bind(before(page.after.as_ref()))
        .bind(i64::from(page.limit.get()) + 1)
}

/// Binds the conditions too.
fn narrowed(
    statement: &'static str,
    part: Option<String>,
    filter: &TokenFilter,
    page: &PageRequest,
) -> Result<Rows<'static, TokenRow>, StoreError> {
    let scopes: Vec<_> = filter.scopes.iter().collect();
    Ok(of_page(statement, page)
        .bind(filter.status.map(StatusKind::as_str))
        .bind(filter.expiring_before.map(Timestamp::as_millis))
        .bind(serde_json::to_string(&scopes).map_err(corrupt)?)
        .bind(part))
}

/// The list of one domain, by the search index where it helps. The domain follows a
/// `@` there, so that the index finds little beside it.
fn of_domain(
    domain: &str,
    part: Option<String>,
    filter: &TokenFilter,
    page: &PageRequest,
) -> Result<Rows<'static, TokenRow>, StoreError> {
    let behind_at = format!("@{domain}");
    let search = part
        .as_deref()
        .filter(|part| is_indexed(part) && is_indexed(&behind_at))
        .map(|part| {
            let status = filter.status.map(StatusKind::as_str);
            format!("{} AND {}", search(part, status), search(&behind_at, None))
        });
    Ok(match search {
        Some(search) => narrowed(LIST_OF_DOMAIN_BY_SEARCH, part, filter, page)?
            .bind(domain.to_owned())
            .bind(search),
        None => narrowed(LIST_OF_DOMAIN, part, filter, page)?.bind(domain.to_owned()),
    })
}

/// Whether a list of a reach is asked for less than all that is within it.
fn narrows(filter: &TokenFilter) -> bool {
    let plain = TokenFilter {
        reach: filter.reach.clone(),
        ..TokenFilter::default()
    };
    *filter != plain
}

/// Whether the trigram index finds it.
fn is_indexed(part: &str) -> bool {
    part.chars().count() >= TRIGRAM
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
