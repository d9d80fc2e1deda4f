//! The real command, as a process of its own.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use tempfile::tempdir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};

use crate::browser::Browser;

fn spawn(place: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_demo"))
        .args(arguments)
        .current_dir(place)
        // What is set for the product must not reach the demo.
        .env("SPARK_OAUTH__SERVER__PORT", "1")
        .env("SPARK_OAUTH__NONSENSE", "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// What it prints until it has said everything.
async fn greeting(stdout: &mut BufReader<ChildStdout>) -> String {
    let mut text = String::new();
    while !text.contains("Ctrl-C ends it") {
        let read = stdout.read_line(&mut text).await.unwrap();
        assert!(read > 0, "it ended after: {text}");
    }
    text
}

async fn signal(child: &Child, name: &str) {
    let id = child.id().unwrap().to_string();
    let sent = Command::new("kill")
        .args(["-s", name, &id])
        .status()
        .await
        .unwrap();
    assert!(sent.success());
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The address behind the first link of the greeting.
fn first_link(greeting: &str) -> &str {
    greeting
        .split_whitespace()
        .find(|word| word.starts_with("http://"))
        .unwrap()
}

#[tokio::test]
async fn it_says_where_to_click_ends_cleanly_and_leaves_one_folder() {
    for ending in ["TERM", "INT"] {
        let place = tempdir().unwrap();
        let mut child = spawn(place.path(), &["--port", "0", "--emulator-port", "0"]);
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let text = greeting(&mut stdout).await;
        assert!(
            !text.contains('\u{1b}'),
            "colours are for terminals: {text}"
        );
        for needed in [
            "Alice, Bob or Carol",
            "/admin/initialize?code=",
            "demo-data",
            "--fresh",
        ] {
            assert!(text.contains(needed), "{needed} is not in {text}");
        }
        let home = Browser::new().open(first_link(&text)).await;
        home.expect("/", "Grant access");

        signal(&child, ending).await;
        assert_eq!(child.wait().await.unwrap().code(), Some(0));
        let mut complaints = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut complaints)
            .await
            .unwrap();
        assert_eq!(complaints, "");
        assert_eq!(names_in(place.path()), ["demo-data"]);
        assert_eq!(
            names_in(&place.path().join("demo-data")),
            [
                "README.txt",
                "config.json",
                "journal",
                "logs",
                "spark-oauth.db",
                "spark-oauth.db.lock",
                "spark-oauth.keys"
            ]
        );
        let journal = place.path().join("demo-data/journal");
        assert!(names_in(&journal).is_empty(), "nothing waits");
    }
}

#[tokio::test]
async fn a_taken_port_is_named_and_nothing_is_left() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let place = tempdir().unwrap();
    let output = spawn(place.path(), &["--port", &port])
        .wait_with_output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains(&format!("port {port} is in use")), "{error}");
    assert!(error.contains("cargo run -p demo -- --port "), "{error}");
    assert!(names_in(place.path()).is_empty());
}

#[tokio::test]
async fn another_port_is_found_for_the_emulator() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let place = tempdir().unwrap();
    let mut child = spawn(place.path(), &["--port", "0", "--emulator-port", &port]);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let text = greeting(&mut stdout).await;
    assert!(!text.contains(&format!(":{port}/_emulator")), "{text}");
    child.kill().await.unwrap();
}
