//! Three real processes on one store, a provider that rotates refresh tokens and
//! revokes what is presented twice, and tokens that live for seconds.
//!
//! A short run by default. For a long one:
//! `SPARK_OAUTH_CHAOS_TOKENS=5000 SPARK_OAUTH_CHAOS_SECONDS=180 cargo test
//! -p spark-oauth-web --test scenarios chaos -- --nocapture --test-threads 1`.

#![expect(
    clippy::print_stdout,
    reason = "a report for whoever lets it run for long"
)]

mod clients;
mod world;

use std::time::Duration;

use webex_emulator::{Cut, Fault};

use crate::harness::{Server, Setup, on_every_store};
use clients::Clients;
use world::World;

on_every_store!(
    processes_that_are_killed_lose_no_more_than_what_was_in_flight,
    without_kills_no_refresh_token_is_spent_twice,
);

const PROCESSES: usize = 3;
const EVERY: Duration = Duration::from_secs(1);

async fn processes_that_are_killed_lose_no_more_than_what_was_in_flight(setup: Setup) {
    let world = Box::pin(World::new(&setup)).await;
    let mut servers = world.command.serve_at_once(PROCESSES).await;
    let clients = Clients::start(&world);
    let mut rounds = tokio::time::interval(EVERY);
    for round in 0..world.seconds {
        rounds.tick().await;
        let victim = servers.remove(world.pick(servers.len()));
        let before = world.in_flight().await;
        victim.kill().await;
        println!("round {round}: killed, {before} in flight");
        servers.push(world.command.serve().await);
    }
    let report = clients.stop().await;
    report.assert_lawful();
    let after = world.after_the_dust_has_settled().await;
    let reuses = world.upstream.stats().refresh_reuses;
    println!(
        "kills {}, interrupted {}, reuses {reuses}, needs consent {}, by workers {}, {report}",
        world.seconds, after.interrupted, after.needs_consent, after.by_worker
    );
    assert!(
        after.interrupted > 0,
        "no kill met a refresh: this proves nothing"
    );
    assert!(
        reuses <= after.interrupted,
        "{reuses} refresh tokens were presented twice, {} refreshes were in flight at a kill",
        after.interrupted
    );
    assert!(
        after.needs_consent <= reuses,
        "{} people must consent again, without cause",
        after.needs_consent
    );
    Box::pin(end(servers, world)).await;
}

async fn without_kills_no_refresh_token_is_spent_twice(setup: Setup) {
    let world = Box::pin(World::new(&setup)).await;
    let mut servers = world.command.serve_at_once(PROCESSES).await;
    let clients = Clients::start(&world);
    let mut rounds = tokio::time::interval(EVERY);
    for round in 0..world.seconds {
        rounds.tick().await;
        disturb(&world, round);
        let mut leaving = servers.remove(world.pick(servers.len()));
        leaving.terminate();
        let (code, log) = leaving.ended().await;
        assert_eq!(code, Some(0), "{log}");
        assert!(!log.contains("panicked"), "{log}");
        servers.push(world.command.serve().await);
    }
    world.upstream.provider.clear_faults();
    let report = clients.stop().await;
    report.assert_lawful();
    let after = world.after_the_dust_has_settled().await;
    println!(
        "restarts {}, answers lost {}, {report}",
        world.seconds, after.interrupted
    );
    assert_eq!(world.upstream.stats().refresh_reuses, 0);
    assert_eq!(after.needs_consent, 0);
    Box::pin(end(servers, world)).await;
}

/// Slow answers, faults, and connections that are cut before anything was done.
fn disturb(world: &World, round: u64) {
    let mut fault = Fault {
        call: "POST /v1/access_token".to_owned(),
        times: 5,
        status: None,
        headers: [].into(),
        body: None,
        delay_ms: 0,
        drop: None,
    };
    match round % 3 {
        0 => fault.delay_ms = 300,
        1 => fault.status = Some(503),
        _ => fault.drop = Some(Cut::Before),
    }
    world.upstream.spoil(fault);
}

async fn end(servers: Vec<Server>, world: World) {
    for server in servers {
        server.shut_down().await;
    }
    world.command.assert_intact().await;
    Box::pin(world.end()).await;
}
