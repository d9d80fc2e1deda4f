//! Without the key nothing opens, and the process says which key is missing.

use std::path::Path;

use crate::harness::{ALICE, Command, PASSWORD, Server, Setup, Upstream};

async fn granted(folder: &Path) -> (Command, String) {
    let upstream = Upstream::start().await;
    let command = Command::new(folder, &Setup::on_disk(), &upstream);
    let server = command.serve().await;
    server.browser().grant(ALICE).await;
    server.site.super_admin().await;
    server.shut_down().await;
    let rows = command.database().await;
    let hex = rows
        .texts("SELECT lower(hex(fingerprint)) FROM key_fingerprints")
        .await;
    let [fingerprint] = hex.try_into().unwrap();
    (command, fingerprint)
}

async fn assert_missing(command: &Command, fingerprint: &str) {
    for arguments in [&[][..], &["serve"], &["admin", "reset-password", "admin"]] {
        let ended = command.run(arguments, "gravel onion 77 lantern\n").await;
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.errors.contains(fingerprint), "{ended:?}");
        assert_eq!(ended.out, "", "it never listened");
    }
}

async fn assert_opens(server: Server) {
    let admin = server.browser();
    assert_eq!(admin.sign_in("admin", PASSWORD).await.heading(), "Tokens");
    let list = admin.open("/admin/tokens").await;
    let token = admin.open(&list.hrefs("/admin/tokens/")[0]).await;
    let revealed = admin.submit(token.form("/reveal")).await;
    assert_eq!(revealed.secrets().len(), 2, "{revealed:?}");
    server.shut_down().await;
}

#[tokio::test]
async fn a_key_file_that_is_gone_is_missed_by_its_fingerprint_and_not_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (command, fingerprint) = granted(folder.path()).await;
    let kept = std::fs::read(command.key_file()).unwrap();
    std::fs::remove_file(command.key_file()).unwrap();
    assert_missing(&command, &fingerprint).await;
    assert!(!command.key_file().exists(), "a new key would open nothing");

    std::fs::write(command.key_file(), kept).unwrap();
    restrict(&command.key_file());
    assert_opens(command.serve().await).await;
}

#[tokio::test]
async fn a_key_of_another_store_is_no_key() {
    let (folder, stranger) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (command, fingerprint) = granted(folder.path()).await;
    let (other, _) = granted(stranger.path()).await;
    std::fs::copy(other.key_file(), command.key_file()).unwrap();
    assert_missing(&command, &fingerprint).await;
    let fingerprints = "SELECT lower(hex(fingerprint)) FROM key_fingerprints";
    let known = command.database().await.texts(fingerprints).await;
    assert_eq!(known, [fingerprint], "the stranger's key was not recorded");
}

#[tokio::test]
async fn keys_may_come_from_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let (command, fingerprint) = granted(folder.path()).await;
    let text = std::fs::read_to_string(command.key_file()).unwrap();
    let key = text.lines().find(|line| !line.starts_with('#')).unwrap();
    std::fs::remove_file(command.key_file()).unwrap();
    assert_opens(
        command
            .clone()
            .variable("SPARK_OAUTH_KEYS", key)
            .serve()
            .await,
    )
    .await;

    let another = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let command = command.variable("SPARK_OAUTH_KEYS", another);
    assert_missing(&command, &fingerprint).await;
}

#[tokio::test]
async fn a_key_file_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (command, _) = granted(folder.path()).await;
    set_mode(&command.key_file(), 0o644);
    let ended = command.run(&[], "").await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.errors.contains("chmod 600"), "{ended:?}");
    restrict(&command.key_file());
    assert_opens(command.serve().await).await;
}

#[tokio::test]
async fn what_is_kept_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let (command, _) = granted(folder.path()).await;
    let data = folder.path().join("data");
    for path in [command.key_file(), data.join("spark-oauth.db"), data] {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}: {mode:o}", path.display());
    }
}

fn restrict(path: &Path) {
    set_mode(path, 0o600);
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;

    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
