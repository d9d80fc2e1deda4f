//! `audit export`, with the real binary while a server runs.

use serde_json::Value;

use crate::harness::{ALICE, Command, Ended, OTHER_PASSWORD, Setup, Upstream, on_every_store};

on_every_store!(the_entries_are_exported_while_the_server_runs,);

fn objects(ended: &Ended) -> Vec<Value> {
    assert_eq!((ended.code, &*ended.errors), (Some(0), ""), "{ended:?}");
    let lines = ended.out.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn the_entries_are_exported_while_the_server_runs(setup: Setup) {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &setup, &upstream);
    let server = command.serve().await;
    server.site.super_admin().await;
    server.browser().grant(ALICE).await;
    let reset = ["admin", "reset-password", "nobody"];
    assert_eq!(command.run(&reset, "").await.code, Some(1));
    let reset = ["admin", "reset-password", "admin"];
    assert_eq!(command.run(&reset, "short\n").await.code, Some(1));
    let password = format!("{OTHER_PASSWORD}\n");
    assert_eq!(command.run(&reset, &password).await.code, Some(0));

    let export = async |filter: &[&str]| {
        let arguments = [&["audit", "export"], filter].concat();
        objects(&command.run(&arguments, "").await)
    };
    let all = export(&[]).await;
    let told: Vec<_> = all
        .iter()
        .map(|entry| {
            let text = |key: &str| entry[key].as_str().unwrap_or_default();
            (
                text("action"),
                text("subject"),
                text("outcome"),
                text("reason"),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("audit_exported", "", "done", ""),
            ("password_reset", "admin", "done", ""),
            ("password_reset", "admin", "refused", "invalid"),
            ("password_reset", "nobody", "refused", "not_found"),
            ("consent_granted", ALICE, "done", ""),
            ("super_admin_set_up", "admin", "done", ""),
        ],
        "newest first"
    );
    assert_eq!(all[0]["actor"]["kind"], "operator");
    assert_eq!(
        export(&["--action", "password_reset", "--outcome", "refused"])
            .await
            .len(),
        2
    );
    assert_eq!(export(&["--actor", "Alice@example.com"]).await.len(), 1);
    let token = all[4]["token"].as_str().unwrap();
    let by_token = export(&["--token", token, "--action", "consent_granted"]).await;
    assert_eq!(by_token, [all[4].clone()]);
    assert_eq!(
        export(&["--subject", "nobody", "--from", "2001-01-01"])
            .await
            .len(),
        2
    );
    assert!(export(&["--until", "2001-01-01"]).await.is_empty());
    server.shut_down().await;
}

#[tokio::test]
async fn a_wrong_call_says_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &Setup::on_disk(), &upstream);
    for (arguments, words) in [
        (["--from", "yesterday"], "a day such as 2027-01-31"),
        (["--action", "dance"], "not an action"),
        (["--outcome", "well"], "done, refused, failed"),
        (["--token", "1"], "26 characters"),
        (["--api-key", "nightly report"], "26 characters"),
    ] {
        let arguments = [&["audit", "export"][..], &arguments].concat();
        let ended = command.run(&arguments, "").await;
        assert_eq!((ended.code, &*ended.out), (Some(2), ""), "{ended:?}");
        assert!(ended.errors.contains(words), "{ended:?}");
    }
}

#[tokio::test]
async fn a_reader_that_has_enough_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &Setup::on_disk(), &upstream);
    command.serve().await.shut_down().await;
    let ended = command.run_unread(&["audit", "export"]).await;
    assert_eq!((ended.code, &*ended.errors), (Some(0), ""));
}
