//! What was begun is finished before the process goes.

use std::time::Duration;

use reqwest::Method;
use tokio::net::TcpStream;

use crate::harness::{ALICE, Command, PASSWORD, Rig, Setup, Upstream};

#[tokio::test]
async fn a_request_in_flight_is_finished_when_the_process_is_told_to_end() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &Setup::on_disk(), &upstream);
    let mut server = command.serve().await;
    let browser = server.browser();
    let callback = browser.callback(ALICE).await;
    let mut held = upstream.hold(Method::POST, "/v1/access_token");
    let tab = browser.clone();
    let granting = tokio::spawn(async move { tab.get(&callback).await });
    held.arrived().await;
    server.terminate();
    // It takes no new connection any more, and waits for the one it has.
    while TcpStream::connect(server.site.address()).await.is_ok() {
        tokio::task::yield_now().await;
    }
    held.release();
    let granted = granting.await.unwrap();
    granted.assert_redirect("/granted");
    let (code, log) = server.ended().await;
    assert_eq!(code, Some(0), "{log}");
    assert!(
        log.contains("every request in flight was finished"),
        "{log}"
    );

    let again = command.serve().await;
    let receipt = browser
        .moved_to(again.site.address())
        .open("/granted")
        .await;
    assert!(receipt.content().contains(ALICE), "{receipt:?}");
    again.shut_down().await;
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_the_end_up() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &Setup::on_disk(), &upstream);
    let server = command.serve().await;
    let idle = TcpStream::connect(server.site.address()).await.unwrap();
    // Its connection is kept for a next request.
    let browser = server.browser();
    browser.get("/").await;
    let ended = tokio::time::timeout(Duration::from_secs(20), server.shut_down());
    ended.await.expect("it does not wait for who says nothing");
    drop(idle);
}

#[tokio::test]
async fn a_second_signal_cuts_off_what_takes_too_long() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &Setup::on_disk(), &upstream);
    let mut server = command.serve().await;
    let browser = server.browser();
    let page = browser.callback(ALICE).await;
    let mut held = upstream.hold(Method::POST, "/v1/access_token");
    let tab = browser.clone();
    let cut = tokio::spawn(async move { tab.try_get(&page).await });
    held.arrived().await;
    server.terminate();
    server.line("stopping").await;
    server.terminate();
    let ended = tokio::time::timeout(Duration::from_secs(20), server.ended());
    let (code, log) = ended.await.expect("it ends");
    assert_eq!(code, Some(0), "{log}");
    assert!(cut.await.unwrap().is_none(), "the request was cut off");
    held.release();
}

#[tokio::test]
async fn a_person_who_hangs_up_loses_nothing() {
    let rig = Rig::with(Setup::on_disk()).await;
    let browser = rig.browser();
    let callback = browser.callback(ALICE).await;
    let mut held = rig.upstream.hold(Method::POST, "/v1/access_token");
    let tab = browser.clone();
    let granting = tokio::spawn(async move { tab.get(&callback).await });
    held.arrived().await;
    granting.abort();
    assert!(granting.await.unwrap_err().is_cancelled());
    held.release();
    // The end of the application waits for what nobody waits for any more.
    let rig = rig.restart().await;
    let admin = rig.super_admin().await;
    let token = rig.only_token(&admin).await;
    assert!(token.content().contains(ALICE), "{token:?}");
}

#[tokio::test]
async fn an_application_that_ended_gives_its_port_and_its_store_back() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &Setup::on_disk(), &upstream);
    let first = command.serve().await;
    first.site.super_admin().await;
    let port = first.site.address().port().to_string();
    first.shut_down().await;
    let wal = folder.path().join("data/spark-oauth.db-wal");
    assert!(!wal.exists(), "the write-ahead log went into the file");
    let second = command
        .variable("SPARK_OAUTH__SERVER__PORT", &port)
        .serve()
        .await;
    assert_eq!(second.site.address().port().to_string(), port);
    let page = second.browser().sign_in("admin", PASSWORD).await;
    assert_eq!(page.heading(), "Tokens");
    second.shut_down().await;
}
