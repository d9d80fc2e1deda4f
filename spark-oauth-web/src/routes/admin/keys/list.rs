//! `GET /admin/keys`: the keys, newest first.

use std::num::NonZeroU16;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use spark_oauth_core::Timestamp;
use spark_oauth_core::api_keys::{ApiKey, ApiKeyService, Reach};
use spark_oauth_core::ports::{Clock, Cursor, PageRequest};

use super::path_of;
use crate::http::{PageError, page};
use crate::pages::{KeyListPage, KeyRow, KeyStatus, Section, TimeView};
use crate::routes::admin::guard::CurrentAdmin;

/// How many keys a page shows.
const ROWS: NonZeroU16 = NonZeroU16::new(50).unwrap();

/// How many addresses and domains of a key a row names.
const NAMED: usize = 2;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Parameters {
    #[serde(default)]
    cursor: String,
}

pub(super) async fn show(
    State(keys): State<ApiKeyService>,
    State(clock): State<Arc<dyn Clock>>,
    mut current: CurrentAdmin,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Response, PageError> {
    let cursor = parameters
        .map(|Query(parameters)| parameters.cursor)
        .unwrap_or_default();
    let after = match cursor.as_str() {
        "" => None,
        text => Some(Cursor::parse(text).map_err(|_| damaged())?),
    };
    let request = PageRequest { after, limit: ROWS };
    let found = keys.list(&request).await?;
    let now = clock.now();
    page(&KeyListPage {
        layout: current.layout("API keys", Section::Keys).await?,
        rows: found.items.iter().map(|key| row(key, now)).collect(),
        first_page: request.after.is_some().then(|| "/admin/keys".to_owned()),
        next_page: found.next.map(|next| format!("/admin/keys?cursor={next}")),
    })
}

fn damaged() -> PageError {
    PageError::new(
        StatusCode::BAD_REQUEST,
        "This list cannot be shown",
        "The address of this page of the list is damaged.",
    )
    .with_step("Show all API keys", "/admin/keys")
}

fn row(key: &ApiKey, now: Timestamp) -> KeyRow {
    let view = |at: Timestamp| TimeView::new(at.as_millis(), now.as_millis());
    KeyRow {
        href: path_of(key.id),
        name: key.name.to_string(),
        status: KeyStatus(key.state(now)),
        scopes: key.scopes.iter().map(Into::into).collect(),
        reach: reach(&key.reach),
        created: view(key.created_at),
        created_by: key.created_by.clone(),
        expires: key.expires_at.map(view),
        last_used: key.last_used_at.map(view),
    }
}

fn reach(reach: &Reach) -> String {
    let domains = reach
        .domains()
        .map(|domain| format!("everybody at {domain}"));
    let names: Vec<_> = reach.emails().map(str::to_owned).chain(domains).collect();
    match names.len() {
        0 => "everybody".to_owned(),
        count if count > NAMED => {
            format!("{} and {} more", names[..NAMED].join(", "), count - NAMED)
        }
        _ => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use spark_oauth_core::EmailAddress;
    use spark_oauth_core::api_keys::DomainName;

    use super::*;

    #[test]
    fn a_row_names_a_few_and_counts_the_rest() {
        assert_eq!(reach(&Reach::everybody()), "everybody");
        let email = |number: u8| EmailAddress::parse(&format!("p{number}@example.org")).unwrap();
        let domain = || DomainName::parse("example.com").unwrap();
        let few = Reach::of([email(1)], [domain()]);
        assert_eq!(reach(&few), "p1@example.org, everybody at example.com");
        let many = Reach::of([email(1), email(2), email(3)], [domain()]);
        assert_eq!(reach(&many), "p1@example.org, p2@example.org and 2 more");
    }
}
