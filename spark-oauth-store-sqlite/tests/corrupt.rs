//! A record that cannot be read is named, without its values, and harms no other.

#![expect(clippy::unwrap_used, reason = "what goes wrong in a test ends it")]

use std::fs;
use std::path::{Path, PathBuf};

use spark_oauth_core::conformance::samples::{
    NOW, admin, api_key, audit_entry, consent, full_api_key, full_link, full_token, later, link,
    process, super_admin, token,
};
use spark_oauth_core::ports::{
    AuditFilter, CallbackClaim, PageRequest, PendingConsent, StoreError, Stores, Taken,
    TokenFilter, TokenStore,
};
use spark_oauth_core::token::{Lease, RevokedBy, Status, Token};
use spark_oauth_store_sqlite::SqliteStore;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tempfile::TempDir;

async fn on_disk() -> (Stores, PathBuf, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open_path(&path).await.unwrap();
    (store.stores(), path, folder)
}

/// Changes the file behind the store's back, and past the rules of the schema.
async fn meddle(path: &Path, statement: &str) {
    let options = SqliteConnectOptions::new().filename(path);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql("PRAGMA ignore_check_constraints = ON")
        .execute(&mut connection)
        .await
        .unwrap();
    let done = sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(&mut connection)
        .await
        .unwrap();
    assert!(done.rows_affected() > 0, "{statement}");
    connection.close().await.unwrap();
}

fn assert_names<T: std::fmt::Debug>(answer: Result<T, StoreError>, column: &str) {
    let Err(StoreError::Corrupt { source, .. }) = answer else {
        panic!("{column}: a record that cannot be read is corrupt: {answer:?}");
    };
    assert_eq!(
        source.to_string(),
        format!("the column {column} holds a value that does not belong there")
    );
}

#[tokio::test]
async fn a_token_that_cannot_be_read_is_named_by_its_column() {
    let bad = "S3CRET nonsense";
    for (column, value) in [
        ("email", "'S3CRET nonsense'"),
        ("scopes", "'S3CRET\"'"),
        ("consented_scopes", "'S3CRET\"'"),
        ("clock", "'S3CRET'"),
        ("status", "'S3CRET'"),
        ("status_cause", "'S3CRET'"),
        ("refreshed_by", "'S3CRET'"),
        ("failure_class", "'S3CRET'"),
        ("lease_owner", "'S3CRET'"),
        ("attempt_owner", "'S3CRET'"),
    ] {
        let (stores, path, _folder) = on_disk().await;
        let token = Token {
            status: Status::Revoked {
                by: RevokedBy::Admin,
                at: later(1),
            },
            ..full_token(1)
        };
        stores.tokens.insert(&token).await.unwrap();
        meddle(&path, &format!("UPDATE tokens SET {column} = {value}")).await;
        let answer = stores.tokens.get(token.id).await;
        let shown = format!("{answer:?}");
        assert!(!shown.contains(&bad[..6]), "no value of it: {shown}");
        assert_names(answer, &format!("tokens.{column}"));
        let page = PageRequest::first(10.try_into().unwrap());
        let listed = stores.tokens.list(&TokenFilter::default(), &page).await;
        assert_names(listed, &format!("tokens.{column}"));
    }
}

#[tokio::test]
async fn other_records_are_read_beside_a_bad_one() {
    let (stores, path, _folder) = on_disk().await;
    let (bad, good) = (token(1), token(2));
    stores.tokens.insert(&bad).await.unwrap();
    stores.tokens.insert(&good).await.unwrap();
    meddle(&path, "UPDATE tokens SET email = '' WHERE seq = 1").await;
    assert_names(stores.tokens.get(bad.id).await, "tokens.email");
    assert_eq!(stores.tokens.get(good.id).await.unwrap(), Some(good));
}

/// Going through everything, a record that cannot be read stands in its place.
#[tokio::test]
async fn a_walk_goes_past_what_cannot_be_read() {
    let (stores, path, _folder) = on_disk().await;
    let (tokens, entries) = ([0, 1, 2].map(token), [0, 1, 2].map(audit_entry));
    let admins = [0, 1, 2].map(admin);
    for number in 0..3 {
        stores.tokens.insert(&tokens[number]).await.unwrap();
        stores.admins.insert(&admins[number]).await.unwrap();
        stores.audit.append(&entries[number]).await.unwrap();
    }
    for number in 0..3 {
        stores.consents.insert(&consent(number)).await.unwrap();
    }
    let bad = tokens[1].id.to_string();
    meddle(
        &path,
        &format!("UPDATE tokens SET email = 'S3CRET' WHERE id = '{bad}'"),
    )
    .await;
    let name = admins[1].id.to_string();
    let spoil = format!("UPDATE admins SET password_hash = 'S3CRET' WHERE id = '{name}'");
    meddle(&path, &spoil).await;
    meddle(&path, "UPDATE audit SET actor = 'S3CRET' WHERE seq = 2").await;
    meddle(
        &path,
        "UPDATE consents SET scopes = 'S3CRET\"' WHERE rowid = 2",
    )
    .await;

    let inventory = stores.inventory;
    let page = PageRequest::first(2.try_into().unwrap());
    let walked = inventory.walk_tokens(&page).await.unwrap();
    assert_eq!(walked.items[0].as_ref().unwrap().id, tokens[0].id);
    let unreadable = walked.items[1].as_ref().unwrap_err();
    assert_eq!(unreadable.id, bad);
    assert!(!format!("{unreadable:?}").contains("S3CRET"));
    let rest = PageRequest {
        after: walked.next,
        ..page
    };
    let rest = inventory.walk_tokens(&rest).await.unwrap().items;
    assert_eq!(rest[0].as_ref().unwrap().id, tokens[2].id);

    let page = PageRequest::first(9.try_into().unwrap());
    let walked = inventory.walk_admins(&page).await.unwrap().items;
    let unread: Vec<_> = walked
        .iter()
        .filter_map(|found| found.as_ref().err())
        .collect();
    assert_eq!((walked.len(), unread.len(), &*unread[0].id), (3, 1, &*name));
    let walked = inventory.walk_audit(&page).await.unwrap().items;
    assert!(walked[0].is_ok() && walked[2].is_ok());
    let unreadable = walked[1].as_ref().unwrap_err();
    assert_eq!(unreadable.id, entries[1].id.to_string());
    let walked = inventory.walk_consents(&page).await.unwrap().items;
    assert_eq!(walked.iter().filter(|found| found.is_ok()).count(), 2);
}

/// A write whose answer cannot be read is no write.
#[tokio::test]
async fn what_cannot_be_answered_is_not_done() {
    let (stores, path, _folder) = on_disk().await;
    let (token, consent) = (token(1), consent(1));
    stores.tokens.insert(&token).await.unwrap();
    stores.consents.insert(&consent).await.unwrap();
    meddle(&path, "UPDATE tokens SET email = ''").await;
    meddle(&path, "UPDATE consents SET scopes = '\"'").await;
    let lease = Lease {
        owner: process(1),
        expires_at: later(60),
    };
    assert_names(
        stores.tokens.claim(token.id, lease, NOW).await,
        "tokens.email",
    );
    assert_names(
        stores.consents.take(&callback(&consent)).await,
        "consents.scopes",
    );
    meddle(&path, "UPDATE tokens SET email = 'person-1@example.com'").await;
    meddle(&path, "UPDATE consents SET scopes = ''").await;
    assert_eq!(stores.tokens.get(token.id).await.unwrap(), Some(token));
    assert!(matches!(
        stores.consents.take(&callback(&consent)).await,
        Ok(Taken::First(_))
    ));
}

#[tokio::test]
async fn an_admin_that_cannot_be_read_is_named_by_its_column() {
    let (stores, path, _folder) = on_disk().await;
    let (one, boss) = (admin(1), super_admin(2));
    for admin in [&one, &boss] {
        stores.admins.insert(admin).await.unwrap();
    }
    meddle(&path, "UPDATE admins SET password_hash = 'S3CRET'").await;
    assert_names(stores.admins.get(one.id).await, "admins.password_hash");
    assert_names(stores.admins.super_admin().await, "admins.password_hash");
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_is_named_by_its_column() {
    for (column, value) in [
        ("actor", "'{\"kind\":\"S3CRET\"}'"),
        ("outcome", "'S3CRET'"),
        ("action", "'S3CRET'"),
        ("address", "'S3CRET'"),
        ("token", "'S3CRET'"),
    ] {
        let (stores, path, _folder) = on_disk().await;
        stores.audit.append(&audit_entry(1)).await.unwrap();
        meddle(&path, &format!("UPDATE audit SET {column} = {value}")).await;
        let page = PageRequest::first(10.try_into().unwrap());
        let listed = stores.audit.list(&AuditFilter::default(), &page).await;
        assert_names(listed, &format!("audit.{column}"));
    }
}

/// Writes a value into one column of a record, and asks for it in every way.
async fn assert_key_names(column: &str, value: &str, named: &str) {
    let (stores, path, _folder) = on_disk().await;
    let key = full_api_key(1);
    stores.api_keys.insert(&key).await.unwrap();
    meddle(&path, &format!("UPDATE api_keys SET {column} = {value}")).await;
    let answers = [
        stores.api_keys.get(key.id).await,
        stores.api_keys.revoke(key.id, NOW).await,
    ];
    let page = PageRequest::first(10.try_into().unwrap());
    let listed = stores.api_keys.list(&page).await;
    let shown = format!("{answers:?} {listed:?}");
    assert!(!shown.contains("S3CRET"), "no value of it: {shown}");
    for answer in answers {
        assert_names(answer, named);
    }
    assert_names(listed, named);
}

#[tokio::test]
async fn a_key_that_cannot_be_read_is_named_by_its_column() {
    for (column, value) in [
        ("name", "''"),
        ("hash", "x'5ec2e7'"),
        ("scopes", "'[\"S3CRET\"]'"),
        ("scopes", "'S3CRET'"),
        ("reach", "'{\"emails\":\"S3CRET\"}'"),
        ("requests_per_minute", "0"),
        ("requests_per_minute", "-1"),
        ("requests_per_minute", "4294967296"),
    ] {
        assert_key_names(column, value, &format!("api_keys.{column}")).await;
    }
}

#[tokio::test]
async fn a_link_that_cannot_be_read_is_named_by_its_column() {
    for (column, value) in [
        ("scopes", "'S3CRET\"'"),
        ("note", "'S3CRET' || char(7)"),
        ("expected_email", "'S3CRET'"),
        ("return_to", "'javascript:S3CRET'"),
        ("progress", "'{\"kind\":\"S3CRET\"}'"),
    ] {
        let (stores, path, _folder) = on_disk().await;
        let link = full_link(1);
        stores.links.insert(&link).await.unwrap();
        meddle(
            &path,
            &format!("UPDATE consent_links SET {column} = {value}"),
        )
        .await;
        let answer = stores.links.get(link.id).await;
        let page = PageRequest::first(10.try_into().unwrap());
        let listed = stores.links.list(&page).await;
        let shown = format!("{answer:?} {listed:?}");
        assert!(!shown.contains("S3CRET"), "no value of it: {shown}");
        assert_names(answer, &format!("consent_links.{column}"));
        assert_names(listed, &format!("consent_links.{column}"));
    }
}

/// Terms that cannot be read must not be taken for none: the consent would be held
/// to nothing.
#[tokio::test]
async fn terms_that_cannot_be_read_are_not_taken_for_none() {
    for terms in [
        "'S3CRET'",
        "''",
        "'{\"expected_email\":\"S3CRET\"}'",
        "'{\"expected\":\"ann@example.com\"}'",
    ] {
        let (stores, path, _folder) = on_disk().await;
        let consent = consent(1);
        stores.consents.insert(&consent).await.unwrap();
        meddle(&path, &format!("UPDATE consents SET terms = {terms}")).await;
        let taken = stores.consents.take(&callback(&consent)).await;
        assert!(!format!("{taken:?}").contains("S3CRET"));
        assert_names(taken, "consents.terms");
    }
}

/// Going through everything, keys and links that cannot be read stand in their place.
#[tokio::test]
async fn a_walk_goes_past_keys_and_links_that_cannot_be_read() {
    let (stores, path, _folder) = on_disk().await;
    let (keys, links) = ([0, 1, 2].map(api_key), [0, 1, 2].map(link));
    for number in 0..3 {
        stores.api_keys.insert(&keys[number]).await.unwrap();
        stores.links.insert(&links[number]).await.unwrap();
    }
    let (key, link) = (keys[1].id.to_string(), links[1].id.to_string());
    let spoil = format!("UPDATE api_keys SET reach = 'S3CRET' WHERE id = '{key}'");
    meddle(&path, &spoil).await;
    let spoil = format!("UPDATE consent_links SET progress = 'S3CRET' WHERE id = '{link}'");
    meddle(&path, &spoil).await;

    let page = PageRequest::first(9.try_into().unwrap());
    let walked = stores.inventory.walk_api_keys(&page).await.unwrap().items;
    assert_eq!(walked[0].as_ref().unwrap(), &keys[0]);
    assert_eq!(walked[1].as_ref().unwrap_err().id, key);
    assert_eq!(walked[2].as_ref().unwrap(), &keys[2]);
    assert!(!format!("{walked:?}").contains("S3CRET"));
    let walked = stores.inventory.walk_links(&page).await.unwrap().items;
    assert_eq!(walked[0].as_ref().unwrap(), &links[0]);
    assert_eq!(walked[1].as_ref().unwrap_err().id, link);
    assert_eq!(walked[2].as_ref().unwrap(), &links[2]);
    assert!(!format!("{walked:?}").contains("S3CRET"));
}

/// Damage to the file itself, as by a bad disk.
#[tokio::test]
async fn a_damaged_file_is_corrupt() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open_path(&path).await.unwrap();
    let tokens: Vec<_> = (0..200).map(token).collect();
    for token in &tokens {
        TokenStore::insert(&store, token).await.unwrap();
    }
    store.close().await;
    let mut bytes = fs::read(&path).unwrap();
    // The first pages hold the schema, which is read at the start.
    let last_quarter = bytes.len() * 3 / 4;
    bytes[last_quarter..].fill(0x5a);
    fs::write(&path, bytes).unwrap();
    let store = SqliteStore::open_path(&path).await.unwrap();
    let mut corrupt = 0;
    for token in &tokens {
        match TokenStore::get(&store, token.id).await {
            Ok(_) => {}
            Err(StoreError::Corrupt { .. }) => corrupt += 1,
            Err(error) => panic!("damage is not a passing fault: {error:?}"),
        }
    }
    assert!(corrupt > 0, "some records lay in the damaged part");
}

/// The callback of the browser that began a consent.
fn callback(consent: &PendingConsent) -> CallbackClaim {
    CallbackClaim {
        state: consent.state,
        browsers: vec![consent.browser],
        answer: [7; 32],
    }
}
