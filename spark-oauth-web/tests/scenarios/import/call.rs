//! Wrong calls, and sources that cannot be read.

use super::export;
use super::records::{admin, token};
use crate::harness::{Command, Setup, Upstream};

async fn place(setup: &Setup) -> (tempfile::TempDir, Command) {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), setup, &upstream);
    (folder, command)
}

#[tokio::test]
async fn a_wrong_call_exits_with_2_and_shows_no_password() {
    let (folder, command) = place(&Setup::on_disk()).await;
    export::write(folder.path(), &[], &[]);
    for (arguments, words) in [
        (&["import"][..], "URI_OR_FOLDER"),
        (&["import", ""], "an empty text"),
        (
            &["import", "postgres://u:sesame@h/"],
            "mongodb:// or mongodb+srv:// URI, or a folder",
        ),
        (&["import", "mongodb://u:se/sesame@h/"], "percent-encoded"),
        (
            &["import", "mongodb://u:sesame@h/?maxPoolSize=x"],
            "maxpoolsize",
        ),
        (
            &["import", "export", "--dry-run", "--delete-source"],
            "cannot be used with",
        ),
        (
            &["import", "export", "--delete-source"],
            "delete export yourself",
        ),
        (
            &["import", "export", "--config", "absent.json"],
            "absent.json",
        ),
    ] {
        let ended = command.run(arguments, "").await;
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.errors.contains(words), "{words}: {ended:?}");
        assert!(!ended.errors.contains("sesame"), "{ended:?}");
        assert_eq!(ended.out, "", "{ended:?}");
    }
    assert!(!folder.path().join("data").exists());
}

#[tokio::test]
async fn a_source_that_cannot_be_read_exits_with_1_and_is_named() {
    let (folder, command) = place(&Setup::on_disk()).await;
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    let cut = folder.path().join("adminUsersCollection.json");
    std::fs::write(cut, "[{\"password\":\"sesame\"").unwrap();
    for (source, words) in [
        (
            "mongodb://u:sesame@127.0.0.1:1/",
            "no MongoDB primary answers at 127.0.0.1:1",
        ),
        ("absent", "cannot read absent"),
        ("empty", "mongoexport -d tokenCenter"),
        ("adminUsersCollection.json", "line 1, column 21"),
    ] {
        let ended = command.run(&["import", source], "").await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.errors.contains(words), "{words}: {ended:?}");
        let way_out = ended.errors.contains("or export both collections");
        assert_eq!(way_out, source.contains("://"), "{ended:?}");
        assert!(!ended.errors.contains("sesame"), "{ended:?}");
    }
    assert!(
        !folder.path().join("data").exists(),
        "the store is not touched"
    );
}

#[tokio::test]
async fn a_store_that_does_not_last_is_refused_but_for_a_plan() {
    let (folder, command) = place(&Setup::default()).await;
    export::write(folder.path(), &[token(1, "a@example.com", "1")], &[]);
    let ended = command.run(&["import", "export"], "").await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.errors.contains("sqlite::memory:"), "{ended:?}");
    let ended = command.run(&["import", "export", "--dry-run"], "").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[tokio::test]
async fn a_lost_key_ends_the_import_before_anything_is_written() {
    let (folder, command) = place(&Setup::on_disk()).await;
    export::write(
        folder.path(),
        &[token(1, "a@example.com", "1")],
        &[admin(1, "admin")],
    );
    command.serve().await.shut_down().await;
    std::fs::remove_file(command.key_file()).unwrap();
    for arguments in [
        &["import", "export"][..],
        &["import", "export", "--dry-run"],
    ] {
        let ended = command.run(arguments, "").await;
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.errors.contains("put that key back"), "{ended:?}");
    }
    assert_eq!(command.count("tokens").await, 0);
    assert_eq!(command.count("admins").await, 0);
}

#[tokio::test]
async fn files_that_are_no_export_are_named_and_stop_nothing() {
    let (folder, command) = place(&Setup::on_disk()).await;
    let export = export::write(folder.path(), &[token(1, "a@example.com", "1")], &[]);
    std::fs::write(export.join("config.json"), "{\"server\":{}}").unwrap();
    let tokens = export.join("tokenCenterCollection.json");
    let mut text = std::fs::read_to_string(&tokens).unwrap();
    text.push_str("{\"access_token\":\"cut-off\n");
    std::fs::write(&tokens, text).unwrap();
    let ended = command.run(&["import", "export"], "").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.errors.contains("not read: export/config.json"),
        "{ended:?}"
    );
    let line = "left out: token (tokenCenterCollection.json, line 2): it is not JSON";
    assert!(ended.out.contains(line), "{ended:?}");
    assert_eq!(command.count("tokens").await, 1);
}
