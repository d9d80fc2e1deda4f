//! The indexes: what is unique, and what the queries go by.

use std::time::Duration;

use mongodb::IndexModel;
use mongodb::bson::{Document, doc};
use mongodb::options::IndexOptions;
use spark_oauth_core::ports::UniqueRule;

use crate::admins::ADMINS;
use crate::api_keys::API_KEYS;
use crate::audit::AUDIT;
use crate::consents::CONSENTS;
use crate::links::LINKS;
use crate::outbox::OUTBOX;
use crate::processes::PROCESSES;
use crate::sessions::SESSIONS;
use crate::token_document::TOKENS;

/// Which database a collection lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// That of the tokens.
    Tokens,
    /// That of the admins.
    Admins,
}

/// The indexes of one collection.
pub(crate) struct CollectionIndexes {
    pub(crate) place: Place,
    pub(crate) collection: &'static str,
    pub(crate) indexes: Vec<IndexModel>,
}

/// The unique indexes, and the rule that each stands for. `_id_` is the server's
/// own, which every collection has.
const UNIQUE_RULES: &[(&str, UniqueRule)] = &[
    ("_id_", UniqueRule::Id),
    ("consent", UniqueRule::Consent),
    ("key_hash", UniqueRule::Id),
    ("username", UniqueRule::Username),
    ("super_admin", UniqueRule::SuperAdmin),
];

/// The rule that a unique index stands for.
pub(crate) fn unique_rule(index: &str) -> Option<UniqueRule> {
    UNIQUE_RULES
        .iter()
        .find(|(name, _)| *name == index)
        .map(|(_, rule)| *rule)
}

/// Every index. The names are part of the schema: errors are understood by them.
pub(crate) fn all() -> [CollectionIndexes; 9] {
    [
        CollectionIndexes {
            place: Place::Tokens,
            collection: TOKENS,
            indexes: tokens(),
        },
        CollectionIndexes {
            place: Place::Tokens,
            collection: OUTBOX,
            indexes: vec![
                plain("next", doc! { "next_at": 1, "destination": 1 }),
                plain_where(
                    "failed",
                    doc! { "destination": 1, "next_at": 1 },
                    doc! { "last_error": { "$exists": true } },
                ),
            ],
        },
        // Of processes there is a handful, and of pauses one for each integration:
        // these collections need none but that of `_id`.
        CollectionIndexes {
            place: Place::Tokens,
            collection: PROCESSES,
            indexes: vec![time_to_live()],
        },
        CollectionIndexes {
            place: Place::Tokens,
            collection: CONSENTS,
            indexes: vec![
                plain("address", doc! { "address": 1, "expires_at": 1 }),
                plain("expiry", doc! { "expires_at": 1 }),
                time_to_live(),
            ],
        },
        // How long the end of a link is remembered is not for the server to say.
        CollectionIndexes {
            place: Place::Tokens,
            collection: LINKS,
            indexes: vec![plain("expiry", doc! { "expires_at": 1 })],
        },
        CollectionIndexes {
            place: Place::Admins,
            collection: ADMINS,
            indexes: vec![
                unique("username", doc! { "username_normalized": 1 }),
                unique_where(
                    "super_admin",
                    doc! { "role": 1 },
                    doc! { "role": "super_admin" },
                ),
            ],
        },
        CollectionIndexes {
            place: Place::Admins,
            collection: SESSIONS,
            indexes: vec![plain("expiry", doc! { "expires_at": 1 }), time_to_live()],
        },
        CollectionIndexes {
            place: Place::Admins,
            collection: API_KEYS,
            indexes: vec![unique("key_hash", doc! { "hash": 1 })],
        },
        CollectionIndexes {
            place: Place::Admins,
            collection: AUDIT,
            indexes: audit(),
        },
    ]
}

fn tokens() -> Vec<IndexModel> {
    vec![
        // One record for the same three, where the person is known. Its
        // prefix serves the look-up by person, and is the key to shard by.
        unique_where(
            "consent",
            doc! { "integration": 1, "person": 1, "consented_scopes": 1 },
            doc! { "person": { "$exists": true } },
        ),
        // One address: the look-up, and the list in its order.
        plain(
            "address",
            doc! { "email_normalized": 1, "seq": -1, "_id": -1 },
        ),
        // One domain, in the order of the list.
        plain(
            "domain",
            doc! { "email_domain": 1, "seq": -1, "_id": -1, "status.kind": 1 },
        ),
        // The list, with what a search looks at.
        plain(
            "newest",
            doc! {
                "seq": -1,
                "_id": -1,
                "status.kind": 1,
                "email_search": 1,
                "access_expires_at": 1,
            },
        ),
        plain("status", doc! { "status.kind": 1, "seq": -1, "_id": -1 }),
        // In the order of the list; the status last, so that a filter by it
        // reads no document in vain.
        plain(
            "email_part",
            doc! { "email_grams": 1, "seq": -1, "_id": -1, "status.kind": 1 },
        ),
        // Only those that the background worker visits.
        plain_where(
            "due",
            doc! { "integration": 1, "upkeep.due_at": 1 },
            doc! { "upkeep.due_at": { "$exists": true } },
        ),
        // Only those with events that are not on their way yet: few.
        plain_where(
            "events",
            doc! { "upkeep.events.at": 1 },
            doc! { "upkeep.events.at": { "$exists": true } },
        ),
        // How many stand where, and how many end when.
        plain(
            "expiring",
            doc! { "integration": 1, "status.kind": 1, "access_expires_at": 1 },
        ),
    ]
}

/// What the audit log is searched by, each in the order of the log and with what else a
/// search looks at; and the times, for what is kept no longer.
fn audit() -> Vec<IndexModel> {
    let in_order = |name: &str, field: Option<&str>| {
        let mut keys = Document::new();
        if let Some(field) = field {
            keys.insert(field, 1);
        }
        keys.extend(doc! { "_id": -1, "outcome.kind": 1, "at": 1 });
        plain(name, keys)
    };
    vec![
        in_order("newest", None),
        in_order("token", Some("token")),
        in_order("subject", Some("subject_normalized")),
        in_order("api_key", Some("api_key")),
        in_order("actor", Some("actor_normalized")),
        in_order("action", Some("action")),
        plain("time", doc! { "at": 1 }),
    ]
}

fn plain(name: &str, keys: Document) -> IndexModel {
    let options = IndexOptions::builder().name(name.to_owned()).build();
    IndexModel::builder().keys(keys).options(options).build()
}

fn plain_where(name: &str, keys: Document, filter: Document) -> IndexModel {
    let options = IndexOptions::builder()
        .name(name.to_owned())
        .partial_filter_expression(filter)
        .build();
    IndexModel::builder().keys(keys).options(options).build()
}

fn unique(name: &str, keys: Document) -> IndexModel {
    let options = IndexOptions::builder()
        .name(name.to_owned())
        .unique(true)
        .build();
    IndexModel::builder().keys(keys).options(options).build()
}

fn unique_where(name: &str, keys: Document, filter: Document) -> IndexModel {
    let options = IndexOptions::builder()
        .name(name.to_owned())
        .unique(true)
        .partial_filter_expression(filter)
        .build();
    IndexModel::builder().keys(keys).options(options).build()
}

/// The server clears away what nobody has: see [`purge`](crate::purge).
fn time_to_live() -> IndexModel {
    let options = IndexOptions::builder()
        .name("purge".to_owned())
        .expire_after(Duration::ZERO)
        .build();
    IndexModel::builder()
        .keys(doc! { "purge_at": 1 })
        .options(options)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unique_index_stands_for_a_rule() {
        for collection in all() {
            for index in collection.indexes {
                let options = index.options.unwrap();
                let name = options.name.unwrap();
                assert_eq!(
                    unique_rule(&name).is_some(),
                    options.unique == Some(true),
                    "{name}"
                );
            }
        }
    }
}
