//! `SIGTERM` and Ctrl-C end a process that has not started up yet, whatever it waits for.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use crate::harness::{Command, Setup, Upstream, Waiting};

/// A process may take so long for its end.
const PROMPTLY: Duration = Duration::from_secs(2);

const COMMANDS: [&[&str]; 6] = [
    &["serve"],
    &["api-key", "list"],
    &["audit", "export"],
    &["rotate-key"],
    &["copy", "--to", "sqlite:copy.db"],
    &["admin", "reset-password", "admin"],
];

async fn assert_ends(mut process: Waiting, signal: Signal, context: &str) {
    let begun = Instant::now();
    process.signal(signal);
    let ended = process.ended().await;
    assert!(begun.elapsed() < PROMPTLY, "{context}: {ended:?}");
    let (code, name) = match signal {
        Signal::INT => (130, "SIGINT"),
        _ => (143, "SIGTERM"),
    };
    assert_eq!(ended.code, Some(code), "{context}: {ended:?}");
    let line = format!("stopped by {name} before the command was done");
    assert!(ended.errors.contains(&line), "{context}: {ended:?}");
}

/// A server that accepts connections and never answers.
async fn silent_server() -> (TcpListener, String) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, format!("mongodb://{address}/"))
}

#[tokio::test]
async fn a_signal_ends_every_command_that_waits_for_a_mongodb_server() {
    let upstream = Upstream::start().await;
    for signal in [Signal::TERM, Signal::INT] {
        for arguments in COMMANDS {
            let folder = tempfile::tempdir().unwrap();
            let (listener, uri) = silent_server().await;
            let command = Command::new(folder.path(), &Setup::on_mongodb_at(uri), &upstream);
            let process = command.begin(arguments);
            let (mut connection, _) = listener.accept().await.unwrap();
            // It has asked for something, and waits for the answer.
            connection.read_u8().await.unwrap();
            assert_ends(process, signal, &format!("{arguments:?}")).await;
        }
    }
}

#[tokio::test]
async fn a_signal_ends_an_import_from_a_server_that_does_not_answer() {
    let upstream = Upstream::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (listener, uri) = silent_server().await;
    let command = Command::new(folder.path(), &Setup::on_disk(), &upstream);
    let process = command.begin(&["import", &uri]);
    let (mut connection, _) = listener.accept().await.unwrap();
    connection.read_u8().await.unwrap();
    assert_ends(process, Signal::TERM, "import").await;
}

#[tokio::test]
async fn a_signal_ends_a_start_that_reads_from_a_pipe() {
    let upstream = Upstream::start().await;
    for arguments in COMMANDS {
        let folder = tempfile::tempdir().unwrap();
        let command = Command::new(folder.path(), &Setup::on_disk(), &upstream);
        let pipe = folder.path().join("conf/config.json");
        std::fs::remove_file(&pipe).unwrap();
        let made = tokio::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.await.unwrap().success());
        let process = command.begin(arguments);
        // Opening it for writing succeeds once the process reads.
        let opened =
            tokio::task::spawn_blocking(move || std::fs::OpenOptions::new().write(true).open(pipe));
        let held = opened.await.unwrap().unwrap();
        assert_ends(process, Signal::TERM, &format!("{arguments:?}")).await;
        drop(held);
    }
}

#[tokio::test]
async fn a_signal_ends_a_start_that_waits_for_the_lock_of_the_database() {
    let upstream = Upstream::start().await;
    let folder = tempfile::tempdir().unwrap();
    let command = Command::new(folder.path(), &Setup::on_disk(), &upstream);
    command.serve().await.shut_down().await;
    let database = command.database().await;
    let lock = database.lock().await;
    let mut process = command.begin(&["serve"]);
    process.line("starting").await;
    assert_ends(process, Signal::TERM, "serve").await;
    lock.release().await;
}
