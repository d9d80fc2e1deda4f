//! The provider fails for ten lifetimes of a token, and comes back.

use std::time::Duration;

use webex_emulator::Fault;

use super::TOKENS;
use super::scene::{LIFE, Scene};
use crate::harness::{BOB, Setup, on_every_store, until};

on_every_store!(an_outage_of_ten_lifetimes_costs_nobody_the_consent);

/// How much time passes between two looks: it passes all the while.
const STEP: Duration = Duration::from_mins(2);

async fn an_outage_of_ten_lifetimes_costs_nobody_the_consent(setup: Setup) {
    let mut scene = Scene::with(setup).await;
    let (rig, upstream) = (&scene.rig, &scene.rig.upstream);
    rig.browser().grant(BOB).await;
    upstream.spoil(Fault {
        status: Some(503),
        times: u32::MAX,
        ..Fault::on(TOKENS)
    });
    let (before, mut passed) = (upstream.token_requests(), Duration::ZERO);
    let outage = async || {
        rig.advance(STEP);
        passed += STEP;
        let tries = upstream.token_requests() - before;
        (passed >= LIFE * 10 && tries >= 10).then_some(())
    };
    until("ten lifetimes pass, and it is tried again", outage).await;
    assert_eq!(upstream.stats().refreshes, 0);
    assert_eq!(rig.browser().get("/readyz").await.text(), "ready");

    upstream.provider.clear_faults();
    let return_to_life = async || {
        rig.advance(STEP);
        (upstream.stats().refreshes >= 2).then_some(())
    };
    until("both are refreshed", return_to_life).await;
    scene.pass(STEP).await;
    scene.refreshed().await;
    scene.pauses(false).await;
    assert_eq!(scene.count("active").await, 2);
    assert_eq!(scene.rig.upstream.stats().refresh_reuses, 0);
    scene.rig.assert_alive().await;
}
