//! Several processes on one file, and what a killed one leaves behind.
//!
//! Each child is this very test program, told by its environment what to do.
//! Killing a process does not take the power away: that a commit is flushed to the
//! disk is SQLite's work, with `synchronous=FULL`.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "what goes wrong in a test ends it"
)]

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use spark_oauth_core::conformance::samples::{audit_entry, super_admin, token, unknown_token};
use spark_oauth_core::ports::{AuditFilter, PageRequest, StoreError, Stores, UniqueRule};
use spark_oauth_core::token::Token;
use spark_oauth_core::{EmailAddress, PersonId, TokenId};
use spark_oauth_store_sqlite::SqliteStore;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use tokio::task::JoinSet;

const FILE: &str = "SPARK_OAUTH_TEST_FILE";
/// The identifier of the record that all processes change.
const SHARED: &str = "SPARK_OAUTH_TEST_SHARED_TOKEN";

const PROCESSES: u32 = 4;
const TASKS: u32 = 4;
const CHANGES: u32 = 25;

fn child(role: &str, path: &Path, shared: TokenId) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", role])
        .env(FILE, path)
        .env(SHARED, shared.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

async fn opened_by_child() -> SqliteStore {
    let path = std::env::var_os(FILE).expect("run the tests that need a child instead");
    SqliteStore::open_path(PathBuf::from(path)).await.unwrap()
}

fn shared_token() -> Token {
    let id = std::env::var(SHARED).expect("run the tests that need a child instead");
    Token {
        id: id.parse().unwrap(),
        ..token(0)
    }
}

/// A token that no other process makes.
fn own_token() -> Token {
    let mut token = token(0);
    token.id = unknown_token();
    token.person = Some(PersonId::new(token.id.to_string()));
    token.email = EmailAddress::parse(&format!("{}@example.com", token.id)).unwrap();
    token
}

#[test]
fn several_processes_start_at_once_and_work_together() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let shared = unknown_token();
    let children: Vec<_> = (0..PROCESSES)
        .map(|_| child("child_that_works", &path, shared))
        .collect();
    let mut set_up = 0;
    for child in children {
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{told}");
        set_up += told.matches("set up the super admin").count();
    }
    assert_eq!(set_up, 1, "exactly one process sets up the super admin");
    check(&path, async |stores| {
        let token = stores.tokens.get(shared).await.unwrap().unwrap();
        assert_eq!(
            token.generation,
            u64::from(1 + PROCESSES * TASKS * CHANGES),
            "no change of any process is lost"
        );
        let page = PageRequest::first(u16::MAX.try_into().unwrap());
        let entries = stores
            .audit
            .list(&AuditFilter::default(), &page)
            .await
            .unwrap()
            .items;
        let ids: HashSet<_> = entries.iter().map(|entry| entry.id).collect();
        let expected = usize::try_from(PROCESSES * TASKS * CHANGES).unwrap();
        assert_eq!(ids.len(), expected, "every entry of every process stands");
    });
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a child of the tests in this file"]
async fn child_that_works() {
    let store = opened_by_child().await;
    let stores = store.stores();
    let shared = shared_token();
    match stores.tokens.insert(&shared).await {
        Ok(()) | Err(StoreError::AlreadyExists(UniqueRule::Id | UniqueRule::Consent)) => {}
        Err(error) => panic!("{error:?}"),
    }
    match stores.admins.insert(&super_admin(1)).await {
        Ok(()) => println!("set up the super admin"),
        Err(StoreError::AlreadyExists(UniqueRule::SuperAdmin | UniqueRule::Username)) => {}
        Err(error) => panic!("{error:?}"),
    }
    let tasks: JoinSet<()> = (0..TASKS)
        .map(|_| change(stores.clone(), shared.id))
        .collect();
    tasks.join_all().await;
    store.close().await;
}

async fn change(stores: Stores, id: TokenId) {
    for number in 0..CHANGES {
        loop {
            let mut token = stores.tokens.get(id).await.unwrap().unwrap();
            token.generation += 1;
            match stores.tokens.update(&token).await {
                Ok(_) => break,
                Err(StoreError::Conflict) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
        stores.audit.append(&audit_entry(number)).await.unwrap();
    }
}

#[test]
fn what_was_answered_outlives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut answered = HashSet::new();
    for round in 1..=5 {
        let mut child = child("child_that_is_killed", &path, unknown_token());
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // What the child wrote before it died is read to the end.
        for line in lines {
            let line = line.unwrap();
            if let Some(id) = line.strip_prefix("answered ") {
                answered.insert(id.parse::<TokenId>().unwrap());
                if answered.len() == round * 300 {
                    child.kill().unwrap();
                }
            }
        }
        let status = child.wait().unwrap();
        assert!(!status.success(), "the child ends only by being killed");
        check(&path, async |stores| {
            for id in &answered {
                let found = stores.tokens.get(*id).await.unwrap();
                assert!(found.is_some(), "{id} was answered and is lost");
            }
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a child of the tests in this file"]
async fn child_that_is_killed() {
    let store = opened_by_child().await;
    let tasks: JoinSet<()> = (0..16).map(|_| write_for_ever(store.stores())).collect();
    tasks.join_all().await;
}

async fn write_for_ever(stores: Stores) {
    loop {
        let token = own_token();
        stores.tokens.insert(&token).await.unwrap();
        println!("answered {}", token.id);
    }
}

/// Opens what the children left, looks at it, and has SQLite look at the file.
fn check(path: &Path, look: impl AsyncFnOnce(Stores)) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = SqliteStore::open_path(path).await.unwrap();
        look(store.stores()).await;
        store.close().await;
        let options = SqliteConnectOptions::new().filename(path);
        assert_intact(&mut options.connect().await.unwrap()).await;
    });
}

async fn assert_intact(connection: &mut SqliteConnection) {
    let verdict: String = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    assert_eq!(verdict, "ok");
    // Fails where the search index does not hold what the table holds.
    sqlx::raw_sql("INSERT INTO tokens_fts (tokens_fts, rank) VALUES ('integrity-check', 1)")
        .execute(connection)
        .await
        .unwrap();
}
