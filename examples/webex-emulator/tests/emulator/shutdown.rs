//! How the server ends.

use std::net::SocketAddr;

use reqwest::StatusCode;
use tokio::net::TcpStream;
use webex_emulator::{Emulator, EmulatorOptions, Fault};

use crate::harness::{ALICE, ALL, Harness};

/// Waits until nobody listens any more; hangs, and so fails, where somebody does for good.
async fn closed(address: SocketAddr) {
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_shutdown_finishes_what_is_under_way() {
    let harness = Harness::start().await;
    let token = harness.tokens(ALICE, ALL).await.access;
    let fault = Fault {
        delay_ms: 200,
        ..Fault::on("GET /v1/people/me")
    };
    harness.provider().push_fault(fault).unwrap();
    let request = harness
        .http
        .get(harness.url("/people/me"))
        .bearer_auth(token);
    let under_way = tokio::spawn(request.send());
    while !harness.provider().pending_faults().is_empty() {
        tokio::task::yield_now().await;
    }
    let address = harness.emulator.address();
    harness.emulator.shutdown().await;
    assert_eq!(under_way.await.unwrap().unwrap().status(), StatusCode::OK);
    closed(address).await;
}

#[tokio::test]
async fn a_dropped_emulator_stops_listening() {
    let emulator = Emulator::start(EmulatorOptions::default()).await.unwrap();
    let address = emulator.address();
    assert!(TcpStream::connect(address).await.is_ok());
    drop(emulator);
    closed(address).await;
}

#[tokio::test]
async fn two_emulators_know_nothing_of_each_other() {
    let (one, other) = (Harness::start().await, Harness::start().await);
    let token = one.tokens(ALICE, ALL).await.access;
    assert_eq!(
        other.get("/people/me", &token).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_ne!(one.emulator.address(), other.emulator.address());
}
