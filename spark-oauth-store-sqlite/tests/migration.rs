//! A file of an earlier schema is brought to the present one with all that it holds.

#![expect(clippy::unwrap_used, reason = "what goes wrong in a test ends it")]

use std::path::{Path, PathBuf};

use spark_oauth_core::api_keys::Reach;
use spark_oauth_core::audit::{Actor, AuditEntry};
use spark_oauth_core::conformance::samples::{
    admin, api_key, audit_entry, consent, domain, email, full_token, link, token,
};
use spark_oauth_core::consent_links::Terms;
use spark_oauth_core::ports::{
    AuditFilter, CallbackClaim, PageRequest, Stores, Taken, TokenFilter,
};
use spark_oauth_core::token::Token;
use spark_oauth_core::{AuditId, TokenId};
use spark_oauth_store_sqlite::SqliteStore;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqliteConnection};
use tempfile::TempDir;

static MIGRATOR: Migrator = sqlx::migrate!();

async fn raw(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .connect()
        .await
        .unwrap()
}

async fn execute(connection: &mut SqliteConnection, statement: String) -> u64 {
    let done = sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(connection)
        .await;
    done.unwrap().rows_affected()
}

/// Makes a file of the schema `version` that holds what the file `from` holds, as far
/// as that schema has a place for it.
async fn of_schema(version: i64, from: &Path, path: &Path) {
    let mut old = raw(path).await;
    let known = MIGRATOR.iter().filter(|step| step.version <= version);
    let migrator = Migrator::with_migrations(known.cloned().collect());
    migrator.run(&mut old).await.unwrap();
    execute(&mut old, format!("ATTACH '{}' AS new", from.display())).await;
    for table in ["tokens", "admins", "consents", "sessions", "audit"] {
        let columns: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
            "SELECT name FROM pragma_table_info('{table}')"
        )))
        .fetch_all(&mut old)
        .await
        .unwrap();
        let columns = columns.join(", ");
        let copy = format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM new.{table}");
        execute(&mut old, copy).await;
    }
    old.close().await.unwrap();
}

struct Files {
    new: PathBuf,
    old: PathBuf,
    _folder: TempDir,
}

fn files() -> Files {
    let folder = tempfile::tempdir().unwrap();
    Files {
        new: folder.path().join("new.db"),
        old: folder.path().join("old.db"),
        _folder: folder,
    }
}

fn by_admin(number: u32, username: &str, subject: &str) -> AuditEntry {
    let mut entry = audit_entry(number);
    entry.subject = Some(subject.to_owned());
    entry.caller.actor = Actor::Admin {
        id: admin(1).id,
        username: username.to_owned(),
    };
    entry
}

async fn search(stores: &Stores, filter: &AuditFilter) -> Vec<AuditId> {
    let page = PageRequest::first(u16::MAX.try_into().unwrap());
    let found = stores.audit.list(filter, &page).await.unwrap();
    found.items.iter().map(|entry| entry.id).collect()
}

fn of_actor(name: &str) -> AuditFilter {
    AuditFilter {
        actor: Some(name.to_owned()),
        ..AuditFilter::default()
    }
}

fn of_subject(subject: &str) -> AuditFilter {
    AuditFilter {
        subject: Some(subject.to_owned()),
        ..AuditFilter::default()
    }
}

async fn within(stores: &Stores, name: &str) -> Vec<TokenId> {
    let filter = TokenFilter {
        reach: Reach::of([], [domain(name)]),
        ..TokenFilter::default()
    };
    let page = PageRequest::first(10.try_into().unwrap());
    let found = stores.tokens.list(&filter, &page).await.unwrap();
    found.items.iter().map(|token| token.id).collect()
}

#[tokio::test]
async fn a_file_of_the_second_schema_keeps_all_and_can_be_searched() {
    let files = files();
    let store = SqliteStore::open_path(&files.new).await.unwrap();
    let stores = store.stores();
    let tokens = [
        full_token(1),
        Token {
            email: email("Zoë@Example.org"),
            ..token(2)
        },
    ];
    for token in &tokens {
        stores.tokens.insert(token).await.unwrap();
    }
    let pending = consent(1);
    stores.consents.insert(&pending).await.unwrap();
    stores.admins.insert(&admin(1)).await.unwrap();
    // More than are filled in at once.
    let mut entries: Vec<_> = (0..600).map(audit_entry).collect();
    entries[0] = by_admin(0, "Zoë", "Ångström@Example.com");
    entries[300] = by_admin(300, "ZOë", "bob@example.com");
    // Only ASCII letters compare without regard to case.
    entries[599] = by_admin(599, "ZOË", "ÅngSTRöm@example.com");
    for entry in &entries {
        stores.audit.append(entry).await.unwrap();
    }
    store.close().await;
    of_schema(2, &files.new, &files.old).await;

    let store = SqliteStore::open_path(&files.old).await.unwrap();
    let stores = store.stores();
    for token in &tokens {
        assert_eq!(
            stores.tokens.get(token.id).await.unwrap().as_ref(),
            Some(token)
        );
    }
    assert_eq!(within(&stores, "example.org").await, [tokens[1].id]);
    assert_eq!(within(&stores, "example.com").await, [tokens[0].id]);
    let claim = CallbackClaim {
        state: pending.state,
        browsers: vec![pending.browser],
        answer: [7; 32],
    };
    let taken = stores.consents.take(&claim).await.unwrap();
    assert_eq!(pending.terms, Terms::default());
    assert_eq!(taken, Taken::First(pending));
    let all = search(&stores, &AuditFilter::default()).await;
    let expected: Vec<_> = entries.iter().rev().map(|entry| entry.id).collect();
    assert_eq!(all, expected);
    let ids = |places: &[usize]| -> Vec<_> { places.iter().map(|at| entries[*at].id).collect() };
    assert_eq!(search(&stores, &of_actor("zoë")).await, ids(&[300, 0]));
    assert_eq!(
        search(&stores, &of_subject("Ångström@example.com")).await,
        ids(&[599, 0])
    );
    stores.api_keys.insert(&api_key(1)).await.unwrap();
    stores.links.insert(&link(1)).await.unwrap();
}

/// What an earlier program, or a start that was interrupted, left behind is filled in
/// at the next start; an actor that cannot be read stops nobody.
#[tokio::test]
async fn entries_that_were_not_filled_in_are_at_the_next_start() {
    let files = files();
    let store = SqliteStore::open_path(&files.new).await.unwrap();
    let entries = [
        by_admin(0, "Zoë", "a@b.c"),
        by_admin(1, "Zoë", "d@e.f"),
        by_admin(2, "Zoë", "g@h.i"),
    ];
    for entry in &entries {
        store.stores().audit.append(entry).await.unwrap();
    }
    store.close().await;
    let mut behind = raw(&files.new).await;
    let forget = "UPDATE audit SET actor_normalized = NULL, subject_normalized = NULL, \
                  searchable = 0 WHERE seq > 1";
    assert_eq!(execute(&mut behind, forget.to_owned()).await, 2);
    let spoil = "UPDATE audit SET actor = '{' WHERE seq = 3";
    assert_eq!(execute(&mut behind, spoil.to_owned()).await, 1);
    behind.close().await.unwrap();

    let store = SqliteStore::open_path(&files.new).await.unwrap();
    let found = search(&store.stores(), &of_actor("zoë")).await;
    assert_eq!(found, [entries[1].id, entries[0].id]);
    store.close().await;
    let mut behind = raw(&files.new).await;
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM audit WHERE searchable = 0")
        .fetch_one(&mut behind)
        .await
        .unwrap();
    assert_eq!(left, 0);
    let subject: Option<String> =
        sqlx::query_scalar("SELECT subject_normalized FROM audit WHERE seq = 3")
            .fetch_one(&mut behind)
            .await
            .unwrap();
    assert_eq!(subject.as_deref(), Some("g@h.i"));
}

/// Who acted under a key is found by the key, also where that was long ago; an actor that
/// cannot be read stops nobody.
#[tokio::test]
async fn entries_of_the_third_schema_are_found_by_the_key_that_acted() {
    let files = files();
    let store = SqliteStore::open_path(&files.new).await.unwrap();
    let mut entries: Vec<_> = (0..5).map(audit_entry).collect();
    let keys = [api_key(1).id, api_key(2).id];
    for (place, id) in [(1, keys[0]), (2, keys[1]), (3, keys[0])] {
        let name = "nightly report".to_owned();
        entries[place].caller.actor = Actor::ApiKey { id, name };
        entries[place].api_key = Some(id);
    }
    entries[0] = by_admin(0, "nightly report", "Zoë@Example.org");
    for entry in &entries {
        store.stores().audit.append(entry).await.unwrap();
    }
    store.close().await;
    of_schema(3, &files.new, &files.old).await;
    let mut behind = raw(&files.old).await;
    let spoil = "UPDATE audit SET actor = '{' WHERE seq = 5";
    assert_eq!(execute(&mut behind, spoil.to_owned()).await, 1);
    behind.close().await.unwrap();

    let store = SqliteStore::open_path(&files.old).await.unwrap();
    let of_key = |key: usize| AuditFilter {
        api_key: Some(keys[key]),
        ..AuditFilter::default()
    };
    let found = search(&store.stores(), &of_key(0)).await;
    assert_eq!(found, [entries[3].id, entries[1].id]);
    let found = search(&store.stores(), &of_key(1)).await;
    assert_eq!(found, [entries[2].id]);
    let found = search(&store.stores(), &of_actor("nightly report")).await;
    assert_eq!(found.len(), 4);
}
