//! How the process starts, and how it says that it does not.

use serde_json::json;

use crate::harness::{Command, Setup, Upstream};

async fn refused(setup: Setup, arguments: &[&str], code: i32, words: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &setup, &upstream);
    let ended = command.run(arguments, "").await;
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert_eq!(
        ended.out, "",
        "nothing but the address goes to standard output"
    );
    for word in words {
        assert!(ended.errors.contains(word), "{word}: {ended:?}");
    }
    assert!(!ended.errors.contains("panicked"), "{ended:?}");
    assert!(!ended.errors.contains("nobody-may-see"), "{ended:?}");
    assert!(
        !folder.path().join("data").exists(),
        "it touched the store: {ended:?}"
    );
}

#[tokio::test]
async fn a_wrong_call_ends_with_2() {
    for arguments in [
        &["--port", "3000"][..],
        &["serve", "now"],
        &["admin"],
        &["admin", "reset-password"],
        &["no-such-command"],
        &["--config"],
    ] {
        refused(Setup::on_disk(), arguments, 2, &["--help"]).await;
    }
}

#[tokio::test]
async fn every_mistake_in_the_configuration_is_named_with_its_path() {
    let setup = Setup::on_disk()
        .set("server.port", "many")
        .set("server.prot", 1)
        .set("oauth.contactEmail", "nobody")
        .set("passwordHashCost", 99);
    let words = [
        "server.port",
        "server.prot",
        "oauth.contactEmail",
        "passwordHashCost",
    ];
    refused(setup.clone(), &[], 2, &words).await;
    refused(setup, &["admin", "reset-password", "admin"], 2, &words).await;
}

#[tokio::test]
async fn a_configuration_that_is_not_there_is_told_of() {
    let arguments = ["--config", "elsewhere.json"];
    refused(
        Setup::on_disk(),
        &arguments,
        2,
        &["elsewhere.json", "no such file"],
    )
    .await;
}

#[tokio::test]
async fn a_store_of_another_build_is_told_of() {
    let setup = Setup::on_disk().variable("SPARK_OAUTH__STORE", "postgres://localhost/db");
    refused(setup, &[], 2, &["sqlite:PATH"]).await;
}

#[tokio::test]
async fn a_port_that_is_taken_ends_with_1_and_touches_nothing() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let setup = Setup::on_disk().set("server.port", port);
    let address = format!("127.0.0.1:{port}");
    refused(
        setup,
        &[],
        1,
        &["cannot listen on", &address, "server.port"],
    )
    .await;
    let setup = Setup::on_disk().set("server.management", json!(address));
    refused(
        setup,
        &[],
        1,
        &["cannot listen on", &address, "server.management"],
    )
    .await;
}

#[tokio::test]
async fn a_file_that_is_no_store_ends_with_1_and_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &Setup::on_disk(), &upstream);
    std::fs::create_dir(folder.path().join("data")).unwrap();
    let path = folder.path().join("data/spark-oauth.db");
    let text = "this is somebody's diary, not a database ".repeat(200);
    std::fs::write(&path, &text).unwrap();
    let ended = command.run(&[], "").await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.errors.contains("is not a SQLite database"),
        "{ended:?}"
    );
    assert_eq!(std::fs::read_to_string(path).unwrap(), text);
    assert!(
        !command.key_file().exists(),
        "no key for a store that is none"
    );
}

#[tokio::test]
async fn the_first_lines_of_standard_output_lead_to_the_set_up() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &Setup::on_disk(), &upstream);
    let server = command.serve().await;
    let link = server.site.set_up_path();
    let code = link.split_once("code=").unwrap().1;
    server.site.super_admin().await;
    let log = server.shut_down().await;
    assert!(
        !log.contains(code),
        "the code is for standard output alone:\n{log}"
    );
    assert!(log.contains("a new key file was created"), "{log}");
    let again = command.serve().await;
    let log = again.shut_down().await;
    assert!(!log.contains("a new key file was created"), "{log}");
}

#[tokio::test]
async fn help_and_version_go_to_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &Setup::on_disk(), &upstream);
    for (argument, words) in [("--help", "Exit codes:"), ("--version", "spark-oauth-web ")] {
        let ended = command.run(&[argument], "").await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(
            ended.out.contains(words) && ended.errors.is_empty(),
            "{ended:?}"
        );
    }
}
