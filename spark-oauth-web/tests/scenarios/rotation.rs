//! `rotate-key`: everything under a new key, while servers run.

use spark_oauth_core::keyring::SealingKey;
use spark_oauth_core::ports::SystemRandom;

use crate::harness::{ALICE, BOB, Command, PASSWORD, Server, Setup, Upstream, on_every_store};

on_every_store!(
    a_new_key_takes_over_while_the_server_runs_and_the_old_one_can_go,
    without_a_new_key_nothing_is_to_do_and_the_way_is_shown,
);

/// Puts a new key before those that the file holds, and answers the file as it was.
fn put_first(command: &Command, key: &SealingKey) -> String {
    let before = std::fs::read_to_string(command.key_file()).unwrap();
    let after = format!("{}\n{before}", *key.to_base64());
    std::fs::write(command.key_file(), after).unwrap();
    before
}

async fn assert_all_open(server: &Server, tokens: usize) {
    let admin = server.browser();
    assert_eq!(admin.sign_in("admin", PASSWORD).await.heading(), "Tokens");
    let list = admin.open("/admin/tokens").await;
    let paths = list.hrefs("/admin/tokens/");
    assert_eq!(paths.len(), tokens, "{list:?}");
    for path in paths {
        let token = admin.open(&path).await;
        let revealed = admin.submit(token.form("/reveal")).await;
        assert_eq!(revealed.secrets().len(), 2, "{revealed:?}");
    }
}

async fn a_new_key_takes_over_while_the_server_runs_and_the_old_one_can_go(setup: Setup) {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &setup, &upstream);
    let server = command.serve().await;
    for email in [ALICE, BOB] {
        server.browser().grant(email).await;
    }
    server.site.super_admin().await;

    let newest = SealingKey::generate(&SystemRandom);
    put_first(&command, &newest);
    // It waits until the server has taken the key over; people consent meanwhile.
    let (rotated, _) = tokio::join!(command.run(&["rotate-key"], ""), async {
        server.browser().grant("carol@example.com").await
    });
    assert_eq!(rotated.code, Some(0), "{rotated:?}");
    assert!(
        rotated.out.contains(&newest.fingerprint().to_string()),
        "{rotated:?}"
    );
    assert!(
        rotated.out.contains("remove every key but the first"),
        "{rotated:?}"
    );
    for text in [&rotated.out, &rotated.errors] {
        assert!(!text.contains(&*newest.to_base64()), "{rotated:?}");
    }
    server.browser().grant("dave@example.com").await;
    assert_all_open(&server, 4).await;
    server.shut_down().await;
    assert_eq!(command.count("key_fingerprints").await, 1);

    // The old key goes.
    let alone = format!("{}\n", *newest.to_base64());
    std::fs::write(command.key_file(), alone).unwrap();
    let server = command.serve().await;
    assert_all_open(&server, 4).await;
    server.shut_down().await;

    let again = command.run(&["rotate-key"], "").await;
    assert_eq!(again.code, Some(0), "{again:?}");
}

async fn without_a_new_key_nothing_is_to_do_and_the_way_is_shown(setup: Setup) {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &setup, &upstream);
    let server = command.serve().await;
    server.browser().grant(ALICE).await;
    server.shut_down().await;
    let ended = command.run(&["rotate-key"], "").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.contains("openssl rand -base64 32"), "{ended:?}");
}

#[tokio::test]
async fn a_store_that_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &Setup::on_disk(), &upstream);
    let ended = command.run(&["rotate-key"], "").await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.errors.contains("there is no store"), "{ended:?}");
    assert!(!folder.path().join("data").exists());
}
