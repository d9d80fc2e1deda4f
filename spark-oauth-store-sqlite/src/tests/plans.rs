//! No statement reads more of a table than its answer needs.

use sqlx::AssertSqlSafe;

use crate::{
    SqliteStore, admins, api_keys, audit, audit_search, consents, inventory, leases, links, outbox,
    pauses, processes, sessions, token_list, tokens, upkeep, vault,
};

/// The steps that read a whole table, and why they may.
const ALLOWED_SCANS: &[(&str, &str)] = &[
    // A handful of rows, all of which are the answer.
    ("FINGERPRINTS", "SCAN key_fingerprints"),
    ("PROCESSES", "SCAN processes"),
    // One row for each integration and status.
    ("COUNT_ELSEWHERE", "SCAN token_counts"),
    ("REMOVE_EXPIRED_PROCESSES", "SCAN processes"),
    // Counts them all, in an index.
    ("COUNT_OUTBOX", "SCAN outbox USING COVERING INDEX"),
    ("BACKLOG", "SCAN outbox USING COVERING INDEX"),
    // The destinations that are left out: a handful.
    ("DUE", "SCAN json_each VIRTUAL TABLE"),
    // The index holds these records only.
    ("LIST_WITH_EVENTS", "SCAN tokens USING INDEX tokens_events"),
    (
        "NOT_SEARCHABLE",
        "SCAN audit USING INDEX audit_not_searchable",
    ),
    // The scopes that are asked for: a handful.
    ("LIST_NARROWED", "SCAN asked VIRTUAL TABLE"),
    ("LIST_NARROWED_OF_STATUS", "SCAN asked VIRTUAL TABLE"),
    ("LIST_NARROWED_BY_SEARCH", "SCAN asked VIRTUAL TABLE"),
    ("LIST_OF_ADDRESS", "SCAN asked VIRTUAL TABLE"),
    ("LIST_OF_DOMAIN", "SCAN asked VIRTUAL TABLE"),
    ("LIST_OF_DOMAIN_BY_SEARCH", "SCAN asked VIRTUAL TABLE"),
    // SQLite's word for every read of a virtual table; the index is behind it.
    (
        "LIST_NARROWED_BY_SEARCH",
        "SCAN tokens_fts VIRTUAL TABLE INDEX",
    ),
    (
        "LIST_OF_DOMAIN_BY_SEARCH",
        "SCAN tokens_fts VIRTUAL TABLE INDEX",
    ),
    ("LIST_BY_SEARCH", "SCAN tokens_fts VIRTUAL TABLE INDEX"),
];

/// Statements that sort, and why they may: the records of one person are few.
const ALLOWED_SORTS: &[&str] = &["FIND_BY_PERSON"];

async fn plan(store: &SqliteStore, statement: &'static str) -> Vec<String> {
    let steps = sqlx::query_as(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}")));
    let rows: Vec<(i64, i64, i64, String)> = store.rows(steps).await.unwrap();
    rows.into_iter().map(|(.., detail)| detail).collect()
}

#[tokio::test]
async fn every_statement_uses_an_index() {
    let store = SqliteStore::in_memory().await.unwrap();
    let tables = [
        admins::STATEMENTS,
        api_keys::STATEMENTS,
        audit::STATEMENTS,
        audit_search::STATEMENTS,
        consents::STATEMENTS,
        inventory::STATEMENTS,
        leases::STATEMENTS,
        links::STATEMENTS,
        outbox::STATEMENTS,
        pauses::STATEMENTS,
        processes::STATEMENTS,
        sessions::STATEMENTS,
        token_list::STATEMENTS,
        tokens::STATEMENTS,
        upkeep::STATEMENTS,
        vault::STATEMENTS,
    ];
    let mut searches = 0;
    for (name, statement) in tables.concat() {
        for step in plan(&store, statement).await {
            let may_scan = ALLOWED_SCANS
                .iter()
                .any(|(allowed, scan)| *allowed == name && step.starts_with(scan));
            assert!(
                !step.contains("SCAN") || may_scan,
                "{name} reads a whole table ({step}): {statement}"
            );
            assert!(
                !step.contains("TEMP B-TREE") || ALLOWED_SORTS.contains(&name),
                "{name} sorts what it finds ({step}): {statement}"
            );
            searches += usize::from(step.contains("SEARCH"));
        }
    }
    assert!(searches > 20, "the plans say how a table is searched");
}

#[tokio::test]
async fn the_list_is_read_in_its_order() {
    let store = SqliteStore::in_memory().await.unwrap();
    for (name, index) in [
        ("LIST", "INTEGER PRIMARY KEY (rowid<?)"),
        ("LIST_BY_STATUS", "tokens_status (status=? AND rowid<?)"),
        ("LIST_BY_SHORT_PART", "COVERING INDEX tokens_walk (seq<?)"),
        ("LIST_NARROWED", "INTEGER PRIMARY KEY (rowid<?)"),
        (
            "LIST_NARROWED_OF_STATUS",
            "tokens_status (status=? AND rowid<?)",
        ),
        (
            "LIST_OF_ADDRESS",
            "tokens_address (email_normalized=? AND rowid<?)",
        ),
        (
            "LIST_OF_DOMAIN",
            "tokens_domain (email_domain=? AND rowid<?)",
        ),
    ] {
        let (_, statement) = token_list::STATEMENTS
            .iter()
            .find(|(statement, _)| *statement == name)
            .unwrap();
        let steps = plan(&store, statement).await;
        assert!(
            steps.iter().any(|step| step.contains(index)),
            "{name} must walk {index}: {steps:?}"
        );
    }
}

#[tokio::test]
async fn the_audit_log_is_searched_by_the_narrowest_condition() {
    let store = SqliteStore::in_memory().await.unwrap();
    for (name, index) in [
        ("SEARCH", "INTEGER PRIMARY KEY (rowid<?)"),
        ("SEARCH_BY_TOKEN", "audit_token (token=? AND rowid<?)"),
        (
            "SEARCH_BY_SUBJECT",
            "audit_subject (subject_normalized=? AND rowid<?)",
        ),
        ("SEARCH_BY_API_KEY", "audit_api_key (api_key=? AND rowid<?)"),
        (
            "SEARCH_BY_ACTOR",
            "audit_actor (actor_normalized=? AND rowid<?)",
        ),
        ("SEARCH_BY_ACTION", "audit_action (action=? AND rowid<?)"),
    ] {
        let statements = audit_search::STATEMENTS;
        let (_, statement) = statements.iter().find(|(found, _)| *found == name).unwrap();
        let steps = plan(&store, statement).await;
        assert!(
            steps.iter().any(|step| step.contains(index)),
            "{name} must walk {index}: {steps:?}"
        );
    }
}

#[tokio::test]
async fn keys_links_and_old_entries_are_found_by_their_index() {
    let store = SqliteStore::in_memory().await.unwrap();
    for (statements, name, index) in [
        (
            api_keys::STATEMENTS,
            "FIND_BY_HASH",
            "api_keys USING INDEX api_keys_hash (hash=?)",
        ),
        (api_keys::STATEMENTS, "LIST", "PRIMARY KEY (id<?)"),
        (links::STATEMENTS, "LIST", "PRIMARY KEY (id<?)"),
        (
            links::STATEMENTS,
            "REMOVE_EXPIRED",
            "consent_links_expiry (expires_at<?)",
        ),
        (
            audit::STATEMENTS,
            "REMOVE_BEFORE",
            "COVERING INDEX audit_at (at<?)",
        ),
    ] {
        let (_, statement) = statements.iter().find(|(found, _)| *found == name).unwrap();
        let steps = plan(&store, statement).await;
        assert!(
            steps.iter().any(|step| step.contains(index)),
            "{name} must use {index}: {steps:?}"
        );
    }
}

/// A statement that `statements!` does not list would escape the tests above.
#[test]
fn no_statement_stands_elsewhere() {
    let sources = [
        include_str!("../batch.rs"),
        include_str!("../compare_and_set.rs"),
        include_str!("../connections.rs"),
        include_str!("../lib.rs"),
        include_str!("../reading.rs"),
        include_str!("../token_row.rs"),
        include_str!("../words.rs"),
        include_str!("../writer.rs"),
    ];
    for source in sources {
        for verb in ["\"SELECT ", "\"INSERT ", "\"UPDATE ", "\"DELETE "] {
            assert!(!source.contains(verb), "{verb} outside `statements!`");
        }
    }
}
