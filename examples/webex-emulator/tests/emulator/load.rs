//! That tens of thousands of tokens are no burden, and that tasks do not disturb each other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use webex_emulator::{Provider, Scopes, Settings};

use crate::harness::{ALICE, ALL, CLIENT_ID, Harness};

#[tokio::test(flavor = "multi_thread")]
async fn many_refresh_at_once_and_each_gets_its_own_tokens() {
    let settings = Settings {
        rotate_refresh_tokens: true,
        ..Settings::default()
    };
    let harness = Arc::new(Harness::with_settings(settings).await);
    let mut tasks = JoinSet::new();
    for number in 0..200 {
        let harness = Arc::clone(&harness);
        tasks.spawn(async move {
            let email = format!("person{number}@example.com");
            let scopes = Scopes::parse(ALL).unwrap();
            let granted = harness.provider().grant(&email, CLIENT_ID, scopes).unwrap();
            let reply = harness.refresh(&granted.refresh_token.unwrap(), &[]).await;
            let me = harness.get("/people/me", reply.text("access_token")).await;
            assert_eq!(me.body["emails"][0], email);
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let stats = harness.provider().stats();
    assert_eq!(
        (stats.refreshes, stats.refresh_reuses, stats.live_grants),
        (200, 0, 200)
    );
}

/// Time for 2,000 new grants while `stored` others exist.
fn time_of_grants(stored: usize) -> Duration {
    let provider = Provider::default();
    let grant = |number: usize| {
        let email = format!("person{number}@example.com");
        provider
            .grant(&email, CLIENT_ID, Scopes::parse(ALL).unwrap())
            .unwrap();
    };
    (0..stored).for_each(grant);
    let begun = Instant::now();
    (stored..stored + 2_000).for_each(grant);
    begun.elapsed()
}

#[test]
fn a_grant_costs_the_same_among_many() {
    // A scan of all grants would make it four hundred times slower. The wide
    // margin is for machines that are busy with something else.
    let few = time_of_grants(100).max(Duration::from_millis(1));
    let many = time_of_grants(40_000);
    assert!(many < few * 40, "{few:?} among 100, {many:?} among 40,000");
}

#[tokio::test]
async fn a_slow_answer_holds_nobody_else_up() {
    let harness = Arc::new(Harness::start().await);
    let token = harness.tokens(ALICE, ALL).await.access;
    let fault = webex_emulator::Fault {
        delay_ms: 600_000,
        ..webex_emulator::Fault::on("GET /v1/authorizations/tokenExpiry")
    };
    harness.provider().push_fault(fault).unwrap();
    let slow = {
        let (harness, token) = (Arc::clone(&harness), token.clone());
        tokio::spawn(async move { harness.get("/authorizations/tokenExpiry", &token).await })
    };
    while !harness.provider().pending_faults().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(harness.get("/people/me", &token).await.status.is_success());
    assert!(!slow.is_finished());
    slow.abort();
}
