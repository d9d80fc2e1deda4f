//! The search of the audit log, by the index of the narrowest condition.

use spark_oauth_core::audit::{Actor, AuditAction};
use spark_oauth_core::ports::{AuditFilter, PageRequest, StoreError};
use spark_oauth_core::{EmailAddress, Timestamp};
use sqlx::SqliteConnection;

use crate::SqliteStore;
use crate::audit::{AuditRow, audit_columns};
use crate::position::before;
use crate::statements::statements;
use crate::words::to_word;

/// Every condition holds where it is asked for. The part that stands before it picks
/// the index; each index is in the order of the list.
macro_rules! search {
    ($picks:literal) => {
        concat!(
            "SELECT ",
            audit_columns!(),
            " FROM audit WHERE seq < ?1 ",
            $picks,
            " AND (?3 IS NULL OR token = ?3) AND (?4 IS NULL OR subject_normalized = ?4) \
             AND (?5 IS NULL OR actor_normalized = ?5) AND (?6 IS NULL OR action = ?6) \
             AND (?7 IS NULL OR json_extract(outcome, '$.kind') = ?7) \
             AND (?8 IS NULL OR at >= ?8) AND (?9 IS NULL OR at < ?9) \
             AND (?10 IS NULL OR api_key = ?10) \
             ORDER BY seq DESC LIMIT ?2"
        )
    };
}

statements! {
    SEARCH = search!("");
    SEARCH_BY_TOKEN = search!("AND token = ?3");
    SEARCH_BY_SUBJECT = search!("AND subject_normalized = ?4");
    SEARCH_BY_API_KEY = search!("AND api_key = ?10");
    SEARCH_BY_ACTOR = search!("AND actor_normalized = ?5");
    SEARCH_BY_ACTION = search!("AND action = ?6");

    NOT_SEARCHABLE = "SELECT seq, actor, subject FROM audit WHERE searchable = 0 LIMIT 500";

    MAKE_SEARCHABLE = "UPDATE audit SET actor_normalized = ?2, subject_normalized = ?3, \
        searchable = 1 WHERE seq = ?1";
}

impl SqliteStore {
    pub(crate) async fn search_audit(
        &self,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let rows = sqlx::query_as(statement_for(filter))
            .bind(before(page.after.as_ref()))
            .bind(i64::from(page.limit.get()) + 1)
            .bind(filter.token.map(|token| token.to_string()))
            .bind(filter.subject.as_deref().map(EmailAddress::normalize))
            .bind(filter.actor.as_deref().map(EmailAddress::normalize))
            .bind(filter.action.map(AuditAction::as_str))
            .bind(filter.outcome.as_ref().map(to_word).transpose()?)
            .bind(filter.from.map(Timestamp::as_millis))
            .bind(filter.until.map(Timestamp::as_millis))
            .bind(filter.api_key.map(|key| key.to_string()));
        if *filter == AuditFilter::default() {
            self.rows(rows).await
        } else {
            self.long_rows(rows).await
        }
    }
}

/// A token has few entries, a person more, a key or who acts under its name many, an
/// action most.
const fn statement_for(filter: &AuditFilter) -> &'static str {
    if filter.token.is_some() {
        SEARCH_BY_TOKEN
    } else if filter.subject.is_some() {
        SEARCH_BY_SUBJECT
    } else if filter.api_key.is_some() {
        SEARCH_BY_API_KEY
    } else if filter.actor.is_some() {
        SEARCH_BY_ACTOR
    } else if filter.action.is_some() {
        SEARCH_BY_ACTION
    } else {
        SEARCH
    }
}

/// Fills in what the search goes by for entries of the time before it. Begins where
/// an earlier start was interrupted.
pub(crate) async fn make_searchable(connection: &mut SqliteConnection) -> sqlx::Result<()> {
    loop {
        let rows: Vec<(i64, String, Option<String>)> = sqlx::query_as(NOT_SEARCHABLE)
            .fetch_all(&mut *connection)
            .await?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut transaction = sqlx::Connection::begin(&mut *connection).await?;
        for (seq, actor, subject) in rows {
            // An actor that cannot be read has no name to be found by.
            let actor = serde_json::from_str::<Actor>(&actor).ok();
            let name = actor.as_ref().and_then(Actor::name);
            sqlx::query(MAKE_SEARCHABLE)
                .bind(seq)
                .bind(name.map(EmailAddress::normalize))
                .bind(subject.as_deref().map(EmailAddress::normalize))
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
    }
}
