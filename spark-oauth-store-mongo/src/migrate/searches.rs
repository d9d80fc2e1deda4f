//! Schema 3: lists by domain, and the search of the audit log, find what stood before
//! there were any.
//!
//! Each token gets the domain of its address, and each entry of the audit log the names
//! of its actor and its subject in lower case. Nothing that the domain of the
//! application reads changes, so the version of a token does not either.

use mongodb::bson::{Bson, Document, RawDocumentBuf, deserialize_from_slice, doc};
use mongodb::error::Error;
use serde::Deserialize;
use spark_oauth_core::EmailAddress;
use spark_oauth_core::audit::Actor;

use super::Databases;
use super::backfill::{Backfill, Change, Done};
use crate::audit::AUDIT;
use crate::connect_error::{ConnectError, code};
use crate::token_document::TOKENS;

/// The indexes of tokens that others replace: `address` and `newest`.
const REPLACED: [&str; 2] = ["email", "list"];

/// `NamespaceNotFound` and `IndexNotFound`.
const NOT_THERE: [i32; 2] = [26, 27];

/// What is read of a token.
#[derive(Deserialize)]
struct Addressed {
    #[serde(rename = "_id")]
    id: String,
    integration: String,
    #[serde(default)]
    person: Option<String>,
    email_normalized: String,
}

/// What is read of an entry of the audit log.
#[derive(Deserialize)]
struct Named {
    #[serde(rename = "_id")]
    id: String,
    actor: Actor,
    #[serde(default)]
    subject: Option<String>,
}

/// Gives tokens and entries what they are found by.
pub(super) async fn prepare(databases: &Databases) -> Result<(), ConnectError> {
    let tokens = Backfill {
        databases,
        collection: databases.tokens.collection(TOKENS),
        lacking: doc! { "email_domain": { "$exists": false } },
        fields: doc! { "integration": 1, "person": 1, "email_normalized": 1 },
    };
    tokens
        .run(domain, |done| tell(done, "tokens", "the domain"))
        .await?;
    let entries = Backfill {
        databases,
        collection: databases.admins.collection(AUDIT),
        lacking: doc! {
            "actor_normalized": { "$exists": false },
            "subject_normalized": { "$exists": false },
        },
        fields: doc! { "actor": 1, "subject": 1 },
    };
    entries
        .run(names, |done| tell(done, "audit entries", "the names"))
        .await?;
    drop_replaced(databases).await
}

fn tell(done: &Done, records: &str, what: &str) {
    if done.given > 0 {
        tracing::info!(
            number = done.given,
            "{records} got {what} that they are found by"
        );
    }
    if done.unreadable > 0 {
        tracing::warn!(
            number = done.unreadable,
            "{records} that cannot be read got not {what} that they are found by"
        );
    }
}

/// The domain of a token's address, where that is still the one that was read.
fn domain(found: &RawDocumentBuf) -> Change {
    let Ok(token) = deserialize_from_slice::<Addressed>(found.as_bytes()) else {
        return Change::Unreadable;
    };
    let Some((_, domain)) = token.email_normalized.rsplit_once('@') else {
        return Change::Unreadable;
    };
    Change::Give {
        update: doc! { "$set": { "email_domain": domain } },
        // With where it stands in a sharded collection, so that one shard is asked.
        unchanged: doc! {
            "_id": token.id,
            "integration": token.integration,
            "person": token.person.map_or(Bson::Null, Bson::String),
            "email_normalized": token.email_normalized,
        },
    }
}

/// The names of an entry in lower case; many have none.
fn names(found: &RawDocumentBuf) -> Change {
    let Ok(entry) = deserialize_from_slice::<Named>(found.as_bytes()) else {
        return Change::Unreadable;
    };
    let mut names = Document::new();
    if let Some(actor) = entry.actor.name() {
        names.insert("actor_normalized", EmailAddress::normalize(actor));
    }
    if let Some(subject) = &entry.subject {
        names.insert("subject_normalized", EmailAddress::normalize(subject));
    }
    if names.is_empty() {
        return Change::Leave;
    }
    Change::Give {
        unchanged: doc! { "_id": entry.id },
        update: doc! { "$set": names },
    }
}

async fn drop_replaced(databases: &Databases) -> Result<(), ConnectError> {
    let tokens = databases.tokens.collection::<Document>(TOKENS);
    for index in REPLACED {
        let is_gone = |error: &Error| code(error).is_some_and(|code| NOT_THERE.contains(&code));
        let dropping = async {
            match tokens.drop_index(index).await {
                Err(error) if is_gone(&error) => Ok(()),
                answer => answer,
            }
        };
        databases.within(dropping).await?;
    }
    Ok(())
}
