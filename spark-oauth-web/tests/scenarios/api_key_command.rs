//! `api-key create`, `list` and `revoke`, with the real binary while a server runs.

use serde_json::Value;

use crate::harness::{Command, PASSWORD, Server, Setup, Upstream, on_every_store};

on_every_store!(a_key_is_made_listed_and_revoked_while_the_server_runs,);

struct Place {
    _folder: tempfile::TempDir,
    command: Command,
    server: Server,
}

async fn place(setup: &Setup) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), setup, &upstream);
    let server = command.serve().await;
    Place {
        _folder: folder,
        command,
        server,
    }
}

const CREATE: [&str; 6] = [
    "api-key",
    "create",
    "--name",
    "nightly report",
    "--scope",
    "tokens:use",
];

async fn a_key_is_made_listed_and_revoked_while_the_server_runs(setup: Setup) {
    let place = place(&setup).await;
    let arguments = [
        &CREATE[..],
        &["--scope", "tokens:read", "--email", "Ann@example.org"],
        &[
            "--domain",
            "example.com",
            "--expires",
            "90d",
            "--requests-per-minute",
            "60",
        ],
    ]
    .concat();
    let made = place.command.run(&arguments, "").await;
    assert_eq!(made.code, Some(0), "{made:?}");
    let key = made.out.strip_suffix('\n').unwrap();
    assert!(
        key.starts_with("spoa_") && key.len() == 77,
        "the key alone: {made:?}"
    );
    assert!(
        !made.errors.contains(key) && made.errors.contains("not shown again"),
        "{made:?}"
    );

    let listed = place.command.run(&["api-key", "list"], "").await;
    assert_eq!((listed.code, &*listed.errors), (Some(0), ""));
    let lines: Vec<_> = listed.out.lines().collect();
    assert_eq!(lines.len(), 2, "{listed:?}");
    for words in [
        "nightly report",
        "active",
        "tokens:read tokens:use",
        "ann@example.org @example.com",
        "never",
    ] {
        assert!(lines[1].contains(words), "{words}: {listed:?}");
    }
    let json = place.command.run(&["api-key", "list", "--json"], "").await;
    let keys: Value = serde_json::from_str(&json.out).unwrap();
    let id = keys[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(keys[0]["state"], "active");
    assert_eq!(keys[0]["created_by"], "operator");
    assert_eq!(keys[0]["requests_per_minute"], 60);
    assert_eq!(keys[0]["revoked_at"], Value::Null);

    let admin = place.server.site.super_admin().await;
    let page = admin.open("/admin/keys").await;
    assert!(
        page.content().contains("nightly report by operator"),
        "{page:?}"
    );
    let revoked = place.command.run(&["api-key", "revoke", &id], "").await;
    assert_eq!((revoked.code, &*revoked.out), (Some(0), ""), "{revoked:?}");
    assert!(
        revoked.errors.contains("“nightly report” is revoked"),
        "{revoked:?}"
    );
    assert_eq!(
        admin.open("/admin/keys").await.all("tbody .badge"),
        ["Revoked"]
    );

    let entries = admin.open("/admin/audit?subject=nightly%20report").await;
    let who = entries.all("td[data-label=Who]");
    assert_eq!(who, ["The operator at the command line"; 2]);
    for ended in [&listed, &json, &revoked] {
        assert!(!ended.out.contains(&key[5..]) && !ended.errors.contains(&key[5..]));
    }
    let log = place.server.shut_down().await;
    assert!(!log.contains(&key[5..]), "{log}");
}

#[tokio::test]
async fn a_wrong_call_says_what_is_wrong_and_makes_nothing() {
    let place = place(&Setup::on_disk()).await;
    let name = ["api-key", "create", "--name"];
    for (arguments, words) in [
        ([&name[..], &["a"]].concat(), "--scope"),
        (
            [&name[..], &["", "--scope", "tokens:use"]].concat(),
            "1 to 64 characters",
        ),
        (
            [&name[..], &["a", "--scope", "tokens"]].concat(),
            "tokens:read, tokens:use",
        ),
        ([&CREATE[..], &["--email", "nobody"]].concat(), "--email"),
        (
            [&CREATE[..], &["--domain", "a@b"]].concat(),
            "what stands behind the @",
        ),
        (
            [&CREATE[..], &["--expires", "soon"]].concat(),
            "a number of days such as 90d",
        ),
        (
            [&CREATE[..], &["--expires", "2020-01-31"]].concat(),
            "the end must lie ahead",
        ),
        (
            [&CREATE[..], &["--requests-per-minute", "0"]].concat(),
            "--requests-per-minute",
        ),
        (vec!["api-key", "revoke", "1"], "26 characters"),
    ] {
        let ended = place.command.run(&arguments, "").await;
        assert_eq!(
            (ended.code, &*ended.out),
            (Some(2), ""),
            "{arguments:?}: {ended:?}"
        );
        assert!(ended.errors.contains(words), "{words}: {ended:?}");
    }
    let unknown = ["api-key", "revoke", "01JZZZZZZZZZZZZZZZZZZZZZZZ"];
    let ended = place.command.run(&unknown, "").await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.errors.contains("there is no such API key"),
        "{ended:?}"
    );
    let listed = place.command.run(&["api-key", "list"], "").await;
    assert_eq!((listed.code, &*listed.out), (Some(0), ""));
    assert!(listed.errors.contains("api-key create"), "{listed:?}");
    let json = place.command.run(&["api-key", "list", "--json"], "").await;
    assert_eq!(json.out, "[]\n");
    place.server.shut_down().await;
}

#[tokio::test]
async fn a_key_that_nobody_reads_is_told_of() {
    let place = place(&Setup::on_disk()).await;
    let ended = place.command.run_unread(&CREATE).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.errors.contains("but nobody has it; revoke it"),
        "{ended:?}"
    );
    place.server.site.super_admin().await;
    let admin = place.server.browser();
    assert_eq!(admin.sign_in("admin", PASSWORD).await.heading(), "Tokens");
    place.server.shut_down().await;
}

/// A key of a store that was made by mistake would be good nowhere.
#[tokio::test]
async fn in_the_wrong_folder_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &Setup::on_disk(), &upstream);
    let store = folder.path().join("data/spark-oauth.db");
    let file = folder.path().join("conf/config.json");
    for arguments in [
        &CREATE[..],
        &["api-key", "list"],
        &["api-key", "revoke", "01KAXQ3M9TB7Z5V8N2D4R6W1YC"],
        &["audit", "export"],
        &["admin", "reset-password", "admin"],
        &["rotate-key"],
        &["copy", "--to", "sqlite:copy.db"],
    ] {
        let ended = command.run(arguments, "").await;
        assert_eq!((ended.code, &*ended.out), (Some(2), ""), "{ended:?}");
        for text in [
            &format!("there is no store at sqlite:{}\n", store.display()),
            &format!("configuration: {} and", file.display()),
            "--config PATH",
        ] {
            assert!(ended.errors.contains(text), "{text}: {ended:?}");
        }
        assert!(!folder.path().join("copy.db").exists());
        assert!(!folder.path().join("data").exists());
        assert!(!command.key_file().exists());
    }
    let ended = command
        .run(&["--config", "absent.json", "api-key", "list"], "")
        .await;
    let absent = folder.path().join("absent.json");
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.errors.contains(absent.to_str().unwrap()), "{ended:?}");
    let memory = command.variable("SPARK_OAUTH__STORE", "sqlite::memory:");
    let ended = memory.run(&CREATE, "").await;
    assert_eq!((ended.code, &*ended.out), (Some(2), ""), "{ended:?}");
}
