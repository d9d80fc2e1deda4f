//! Others are told of what happens: signed, at least once, and whatever breaks in
//! between.

use std::collections::BTreeMap;
use std::time::Duration;

use spark_oauth_core::Timestamp;
use webex_emulator::Fault;

use crate::harness::{ALICE, BOB, Command, Receiver, Rig, Setup, Upstream, on_every_store, until};

on_every_store!(
    events_survive_a_receiver_that_fails_and_a_restart,
    events_survive_a_kill,
    what_becomes_of_a_token_is_told,
    every_turn_of_a_token_is_told,
    a_receiver_that_is_gone_is_shown_and_resumed,
    another_receiver_gets_at_once_what_the_last_one_did_not_take,
);

const GRANTED: &str = "token.granted";

fn telling(setup: Setup, receiver: &Receiver) -> Setup {
    setup
        .set("webhooks.url", receiver.url())
        .set("webhooks.secret", Receiver::secret())
}

async fn events_survive_a_receiver_that_fails_and_a_restart(setup: Setup) {
    let receiver = Receiver::start().await;
    receiver.answer(500);
    let rig = Rig::with(telling(setup, &receiver)).await;
    rig.browser().grant(ALICE).await;
    refused(&rig, &receiver, 1, "attempts=1").await;
    let rig = rig.restart().await;
    rig.browser().grant(BOB).await;
    refused(&rig, &receiver, 2, "attempts=1").await;
    // The first pause is over, the second begins.
    rig.advance(Duration::from_secs(7));
    refused(&rig, &receiver, 4, "attempts=2").await;
    receiver.answer(204);
    rig.advance(Duration::from_secs(25));
    let taken = receiver.wait_for_taken(GRANTED, 2).await;
    rig.advance(Duration::from_mins(2));
    rig.log.line(&["a person consented", ALICE]).await;
    rig.shut_down().await;

    let mut emails: Vec<_> = taken
        .iter()
        .map(|call| call.body["data"]["token"]["email"].as_str().unwrap())
        .collect();
    emails.sort_unstable();
    assert_eq!(emails, [ALICE, BOB]);
    let mut tries: BTreeMap<_, Vec<bool>> = BTreeMap::new();
    for call in receiver.calls() {
        tries.entry(call.id).or_default().push(call.taken);
    }
    assert_eq!(tries.len(), 2, "one event, one identifier: {tries:?}");
    for tries in tries.values() {
        assert_eq!(tries.iter().filter(|taken| **taken).count(), 1, "{tries:?}");
        assert_eq!(tries.len(), 3, "{tries:?}");
    }
}

/// Waits until so many webhooks came, and until the pause after each has begun.
async fn refused(rig: &Rig, receiver: &Receiver, count: usize, attempts: &str) {
    for call in receiver.wait_for_calls(count).await {
        let line = ["an event was not taken", &call.id, attempts];
        rig.log.line(&line).await;
    }
}

async fn a_receiver_that_is_gone_is_shown_and_resumed(setup: Setup) {
    let receiver = Receiver::start().await;
    receiver.answer(410);
    let setup = telling(setup, &receiver).set("server.management", "127.0.0.1:0");
    let rig = Rig::with(setup).await;
    let management = rig.running().management.unwrap();
    let operator = rig.browser().moved_to(management);
    let details = async || {
        let page = operator.get("/readyz").await;
        assert_eq!(
            page.status, 200,
            "a receiver that is gone makes nothing unready"
        );
        serde_json::from_slice::<serde_json::Value>(&page.body).unwrap()
    };
    assert_eq!(details().await["checks"]["webhooks"]["status"], "ok");
    let admin = rig.super_admin().await;
    let page = admin.open("/admin/overview").await;
    assert!(!page.content().contains("Webhooks have been"), "{page:?}");

    rig.browser().grant(ALICE).await;
    receiver.wait_for_calls(1).await;
    rig.log.line(&["event destination suspended"]).await;
    rig.browser().grant(BOB).await;
    let suspended = async || {
        let details = details().await;
        (details["webhooks"]["waiting"] == 2).then_some(details)
    };
    let shown = until("both events wait", suspended).await;
    assert_eq!(shown["webhooks"]["suspended"], true, "{shown}");
    let since: Timestamp = shown["webhooks"]["since"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let next = shown["webhooks"]["next_attempt_at"].as_str().unwrap();
    let next: Timestamp = next.parse().unwrap();
    assert_eq!(next.since(since), Duration::from_hours(12));
    let detail = shown["checks"]["webhooks"]["detail"].as_str().unwrap();
    for part in [
        "suspended since",
        "410",
        "events waiting: 2",
        "next attempt",
    ] {
        assert!(detail.contains(part), "{part}: {detail}");
    }
    let metrics = operator.get("/metrics").await.text();
    let gauge = "spark_oauth_event_delivery_suspended{destination=\"webhook\"} 1";
    assert!(metrics.contains(gauge), "{metrics}");
    assert_eq!(receiver.calls().len(), 1, "the others are spared");

    receiver.answer(204);
    let page = admin.open("/admin/overview").await;
    assert!(
        page.content()
            .contains("Webhooks have been suspended since")
    );
    let asked = admin.submit(page.form("/admin/webhooks/resume")).await;
    assert!(asked.content().contains("Resume webhooks?"), "{asked:?}");
    assert_eq!(receiver.calls().len(), 1, "it is confirmed first");
    let page = admin.submit(asked.form("/admin/webhooks/resume")).await;
    assert!(page.content().contains("Webhooks are resumed"), "{page:?}");
    receiver.wait_for_taken(GRANTED, 2).await;
    let healthy = async || {
        let details = details().await;
        (details["checks"]["webhooks"]["status"] == "ok").then_some(())
    };
    until("the check passes", healthy).await;
    let log = admin.open("/admin/audit?action=delivery_resumed").await;
    assert!(log.content().contains("Resume webhooks"), "{log:?}");
}

async fn another_receiver_gets_at_once_what_the_last_one_did_not_take(setup: Setup) {
    let mut rig: Option<Rig> = None;
    // Gone, a redirect, and one that asks for a pause of days.
    for (status, event) in [(410, 1), (308, 2), (429, 3)] {
        let (old, new) = (Receiver::start().await, Receiver::start().await);
        old.answer(status);
        let running = match rig.take() {
            Some(running) => running.restart_with(|setup| telling(setup, &old)).await,
            None => Rig::with(telling(setup.clone(), &old)).await,
        };
        running.browser().grant(ALICE).await;
        let refused = old.wait_for_calls(1).await;
        running
            .log
            .line(&["an event was not taken", &refused[0].id])
            .await;
        let running = running.restart_with(|setup| telling(setup, &new)).await;
        let taken = new.wait_for_taken(GRANTED, 1).await;
        assert_eq!(taken[0].id, refused[0].id, "{status}, event {event}");
        rig = Some(running);
    }
}

async fn events_survive_a_kill(setup: Setup) {
    let receiver = Receiver::start().await;
    receiver.answer(503);
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let command = Command::new(folder.path(), &telling(setup, &receiver), &upstream);
    let mut server = command.serve().await;
    server.browser().grant(ALICE).await;
    let refused = receiver.wait_for_calls(1).await;
    server.line("an event was not taken").await;
    server.kill().await;
    receiver.answer(200);
    let server = command.serve().await;
    let taken = receiver.wait_for_taken(GRANTED, 1).await;
    assert_eq!(taken[0].id, refused[0].id);
    assert_eq!(taken[0].body, refused[0].body);
    let log = server.shut_down().await;
    assert!(!log.contains("s3cret-path"), "{log}");
    assert!(!log.contains(Receiver::secret()), "{log}");
}

async fn what_becomes_of_a_token_is_told(setup: Setup) {
    let receiver = Receiver::start().await;
    let rig = Rig::with(telling(setup, &receiver)).await;
    rig.browser().grant(ALICE).await;
    rig.browser().grant(ALICE).await;
    let granted = receiver.wait_for_taken(GRANTED, 2).await;
    let renewed: Vec<_> = granted
        .iter()
        .map(|call| call.body["data"]["renewed"].as_bool().unwrap())
        .collect();
    assert!(renewed.contains(&true) && renewed.contains(&false));
    let admin = rig.super_admin().await;
    let token = rig.only_token(&admin).await;
    let secrets = admin.submit(token.form("/reveal")).await.secrets();
    assert!(!secrets.is_empty());
    for call in receiver.calls() {
        for secret in &secrets {
            assert!(!call.text.contains(secret), "{call:?}");
        }
    }
    rig.assert_alive().await;
}

async fn every_turn_of_a_token_is_told(setup: Setup) {
    let receiver = Receiver::start().await;
    let rig = Rig::with(telling(setup, &receiver)).await;
    let told = async |kind: &str| {
        let [call] = receiver.wait_for_taken(kind, 1).await.try_into().unwrap();
        call.body["data"].clone()
    };
    rig.browser().grant(ALICE).await;
    let admin = rig.super_admin().await;
    let token = rig.only_token(&admin).await;
    admin.submit(token.form("/refresh")).await;
    let refreshed = told("token.refreshed").await;
    assert_eq!(refreshed["by"], "admin");
    assert_eq!(refreshed["token"]["email"], ALICE);

    rig.upstream.provider.revoke(ALICE);
    rig.advance(Duration::from_secs(31));
    admin.submit(token.form("/refresh")).await;
    let lost = told("token.needs_consent").await;
    assert_eq!(lost["reason"], "refresh_refused");
    assert_eq!(lost["token"]["id"], refreshed["token"]["id"]);

    rig.browser().grant(ALICE).await;
    rig.upstream.spoil(Fault {
        status: Some(401),
        body: Some(br#"{"error":"invalid_client"}"#.to_vec()),
        ..Fault::on("POST /v1/access_token")
    });
    let token = rig.only_token(&admin).await;
    let page = admin.submit(token.form("/refresh")).await;
    let paused = told("integration.paused").await;
    assert_eq!(paused["reason"], "integration_refused");
    assert_eq!(paused["token"], serde_json::Value::Null);

    let asked = admin.submit(page.form("/revoke")).await;
    let page = admin.submit(asked.form("/revoke")).await;
    assert_eq!(told("token.revoked").await["by"], "admin");
    let asked = admin.submit(page.form("/remove")).await;
    admin.submit(asked.form("/remove")).await;
    let removed = told("token.removed").await;
    assert_eq!(removed["token"]["id"], refreshed["token"]["id"]);
    rig.assert_alive().await;
}

#[tokio::test]
async fn only_the_events_that_were_asked_for_are_told() {
    let receiver = Receiver::start().await;
    let setup = telling(Setup::on_disk(), &receiver).set(
        "webhooks.events",
        vec!["token.revoked", "token.needs_consent"],
    );
    let rig = Rig::with(setup).await;
    rig.browser().grant(ALICE).await;
    rig.log.line(&["a person consented", ALICE]).await;
    let rig = rig.restart().await;
    rig.shut_down().await;
    assert!(receiver.calls().is_empty(), "{:?}", receiver.calls());
}
