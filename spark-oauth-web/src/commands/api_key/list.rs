//! `api-key list`: a table, or JSON.

use std::fmt::Write as _;
use std::num::NonZeroU16;
use std::process::ExitCode;

use serde_json::{Value, json};
use spark_oauth_core::Timestamp;
use spark_oauth_core::api_keys::{ApiKey, ApiKeyService, Reach};
use spark_oauth_core::ports::{Clock as _, PageRequest, StoreError, SystemClock};

use crate::commands::trouble::{complain, say, tell};

/// How many keys are read at once.
const PAGE: NonZeroU16 = NonZeroU16::new(200).unwrap();

pub(super) async fn list(keys: &ApiKeyService, as_json: bool) -> ExitCode {
    let keys = match read_all(keys).await {
        Ok(keys) => keys,
        Err(error) => return complain(&error, 1),
    };
    let now = SystemClock.now();
    if as_json {
        let objects: Vec<_> = keys.iter().map(|key| object(key, now)).collect();
        tell(&format!("{:#}\n", Value::Array(objects)));
    } else if keys.is_empty() {
        say("There is no API key yet; `api-key create` makes one.\n");
    } else {
        tell(&table(&keys, now));
    }
    ExitCode::SUCCESS
}

async fn read_all(keys: &ApiKeyService) -> Result<Vec<ApiKey>, StoreError> {
    let mut request = PageRequest::first(PAGE);
    let mut all = Vec::new();
    loop {
        let page = keys.list(&request).await?;
        all.extend(page.items);
        request.after = page.next;
        if request.after.is_none() {
            return Ok(all);
        }
    }
}

fn object(key: &ApiKey, now: Timestamp) -> Value {
    let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
    json!({
        "id": key.id,
        "name": key.name,
        "state": key.state(now).as_str(),
        "scopes": key.scopes,
        "emails": key.reach.emails().collect::<Vec<_>>(),
        "domains": key.reach.domains().collect::<Vec<_>>(),
        "requests_per_minute": key.requests_per_minute,
        "created_at": key.created_at.to_string(),
        "created_by": key.created_by,
        "expires_at": time(key.expires_at),
        "last_used_at": time(key.last_used_at),
        "revoked_at": time(key.revoked_at),
    })
}

const HEAD: [&str; 7] = [
    "ID",
    "NAME",
    "STATE",
    "SCOPES",
    "REACH",
    "ENDS",
    "LAST USED",
];

fn table(keys: &[ApiKey], now: Timestamp) -> String {
    let head = HEAD.map(str::to_owned);
    let rows: Vec<_> = std::iter::once(head)
        .chain(keys.iter().map(|key| row(key, now)))
        .collect();
    let mut widths = [0; HEAD.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (width, cell) in widths.iter().zip(row) {
            // Writing to a string cannot fail.
            let _ = write!(line, "{cell:width$}  ");
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

fn row(key: &ApiKey, now: Timestamp) -> [String; HEAD.len()] {
    let time = |at: Option<Timestamp>| at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    [
        key.id.to_string(),
        key.name.to_string(),
        key.state(now).as_str().to_owned(),
        key.scopes.to_string(),
        reach(&key.reach),
        time(key.expires_at),
        time(key.last_used_at),
    ]
}

fn reach(reach: &Reach) -> String {
    if reach.is_everybody() {
        return "everybody".to_owned();
    }
    let domains = reach.domains().map(|domain| format!("@{domain}"));
    let named: Vec<_> = reach.emails().map(str::to_owned).chain(domains).collect();
    named.join(" ")
}
