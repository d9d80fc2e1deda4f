//! A file that may be read and not written. Root may write every file, so the
//! test runs in a process without its rights where it has them.

#![expect(clippy::unwrap_used, reason = "what goes wrong in a test ends it")]
#![cfg(unix)]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use spark_oauth_store_sqlite::{OpenError, SqliteStore};

/// Who has no rights beyond those of everybody.
const NOBODY: u32 = 65_534;
const FILE: &str = "SPARK_OAUTH_TEST_READ_ONLY_FILE";

#[tokio::test]
async fn a_file_that_may_not_be_written_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    SqliteStore::open_path(&path).await.unwrap().close().await;
    // The folder may be written, so that the file itself is what is refused.
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    fs::set_permissions(
        folder.path().join("store.db.lock"),
        Permissions::from_mode(0o666),
    )
    .unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o444)).unwrap();
    if fs::OpenOptions::new().append(true).open(&path).is_err() {
        assert_refused(&path).await;
        return;
    }
    let program = folder.path().join("test");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    let output = Command::new(&program)
        .args(["--ignored", "--exact", "without_rights"])
        .env(FILE, &path)
        .current_dir("/")
        .gid(NOBODY)
        .uid(NOBODY)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("1 passed"), "{told}");
}

#[tokio::test]
#[ignore = "the part of the test above that must not be root"]
async fn without_rights() {
    let path = std::env::var_os(FILE).expect("run the test above instead");
    assert_refused(Path::new(&path)).await;
}

async fn assert_refused(path: &Path) {
    let error = SqliteStore::open_path(path).await.unwrap_err();
    assert!(matches!(error, OpenError::ReadOnly(_)), "{error:?}");
    assert_eq!(
        error.to_string(),
        format!(
            "{} may not be written: check the rights of the file and its folder, \
             and whether the disk is mounted read-only",
            path.display()
        )
    );
}
