//! Keys that are not good, or not good enough: status, challenge, audit entry, and
//! nothing of the key in the log.

use reqwest::Method;
use serde_json::Value;

use super::{Scene, audit, make_key};
use crate::harness::{BOB, Page, Service, Setup, on_every_store, until};

on_every_store!(
    every_key_that_is_not_good_is_refused_and_told_of,
    another_persons_token_is_out_of_reach,
    a_revoked_key_is_refused_by_every_replica,
);

#[track_caller]
fn assert_refused(answer: &Page, status: u16, code: &str, challenge: &str) {
    answer.assert_problem(status, code);
    let given = answer.header("www-authenticate").unwrap_or_default();
    assert!(
        given.starts_with("Bearer realm=\"spark-oauth\""),
        "{answer:?}"
    );
    assert!(given.contains(challenge), "{answer:?}");
    if challenge.is_empty() {
        assert!(!given.contains("error"), "{answer:?}");
    }
}

/// The entry of a refusal.
fn entry<'e>(entries: &'e [Value], answer: &Page) -> &'e Value {
    let mut fitting = entries
        .iter()
        .filter(|entry| entry["origin"]["request_id"] == answer.request_id());
    let entry = fitting
        .next()
        .unwrap_or_else(|| panic!("no entry for {answer:?}"));
    assert!(fitting.next().is_none(), "{entries:?}");
    assert_eq!(entry["action"], "api_called");
    assert_eq!(
        (&entry["outcome"], &entry["reason"]),
        (&"refused".into(), &answer.json()["code"])
    );
    entry
}

async fn every_key_that_is_not_good_is_refused_and_told_of(setup: Setup) {
    let use_only = [("scope", "tokens:use")];
    // Of another service, where it is good.
    let elsewhere = Scene::new().await;
    let unknown = make_key(&elsewhere.admin, &use_only).await.text;
    drop(elsewhere);

    let scene = Scene::with(setup).await;
    let good = make_key(&scene.admin, &use_only).await.text;
    let ending = [("scope", "tokens:use"), ("expires_at", "1d")];
    let ended = make_key(&scene.admin, &ending).await.text;
    let revoked = make_key(&scene.admin, &use_only).await;
    revoked.revoke(&scene.admin).await;
    let revoked = revoked.text;
    let (body, last) = good.split_at(good.len() - 1);
    let mistyped = format!("{body}{}", if last == "0" { "1" } else { "0" });

    let path = scene.path("/access-token");
    let invalid = "error=\"invalid_token\"";
    scene.rig.advance(std::time::Duration::from_hours(24));
    // A day is longer than a session lasts.
    let admin = scene.admin_again().await;
    let mut told = Vec::new();
    for (key, code, challenge, actor) in [
        (None, "key_missing", "", "unauthenticated"),
        (Some("x"), "key_malformed", invalid, "unauthenticated"),
        (Some(&*mistyped), "key_mistyped", invalid, "unauthenticated"),
        (Some(&*unknown), "key_unknown", invalid, "unauthenticated"),
        (Some(&*ended), "key_expired", invalid, "api_key"),
        (Some(&*revoked), "key_revoked", invalid, "api_key"),
    ] {
        let answer = scene.service.with_key(key).get(&path).await;
        assert_refused(&answer, 401, code, challenge);
        told.push((answer, actor));
    }
    let reader = scene.service.with_key(Some(&good));
    let lacking = reader.get("/tokens").await;
    assert_refused(
        &lacking,
        403,
        "insufficient_scope",
        "error=\"insufficient_scope\"",
    );
    assert!(
        lacking
            .header("www-authenticate")
            .unwrap()
            .contains("scope=\"tokens:read\"")
    );
    assert_eq!(lacking.json()["scope"], "tokens:read");
    told.push((lacking, "api_key"));
    let exposed = scene.service.with_key(None);
    let exposed = exposed.get(&format!("{path}?access_token={good}")).await;
    assert_refused(&exposed, 401, "key_in_url", "error=\"invalid_request\"");
    assert!(
        exposed.json()["detail"]
            .as_str()
            .unwrap()
            .contains("revoke"),
        "{exposed:?}"
    );
    told.push((exposed, "api_key"));

    let entries = audit(&admin, &[("action", "api_called")]).await;
    for (answer, actor) in &told {
        let entry = entry(&entries, answer);
        assert_eq!(entry["actor"]["kind"], *actor, "{entry}");
        let route = entry["subject"].as_str().unwrap();
        assert!(route.starts_with("GET /api/v1/tokens"), "{entry}");
        assert!(!route.contains(&scene.id), "{entry}");
    }
    let (last, _) = told.last().unwrap();
    scene.rig.log.request(last.request_id()).await;
    let log = scene.rig.log.so_far();
    for key in [&good, &ended, &revoked, &unknown, &mistyped] {
        assert!(!log.contains(&key[5..40]), "a key stands in the log");
    }
}

#[tokio::test]
async fn strangers_cannot_fill_the_audit_log() {
    let scene = Scene::new().await;
    let stranger = scene.service.with_key(None);
    for _ in 0..30 {
        let refused = stranger.get("/tokens").await;
        assert_refused(&refused, 401, "key_missing", "");
    }
    let entries = scene.refusals().await;
    assert_eq!(entries.len(), 1, "{entries:?}");
}

#[tokio::test]
async fn a_key_counts_in_the_header_alone_and_under_its_own_scheme() {
    let scene = Scene::new().await;
    let key = make_key(&scene.admin, &[("scope", "tokens:read")])
        .await
        .text;
    let stranger = scene.service.with_key(None);
    let send = async |header: String| {
        let ask = stranger
            .ask(Method::GET, "/tokens")
            .header("authorization", header);
        stranger.send(ask).await
    };
    assert_eq!(send(format!("bearer {key}")).await.status, 200);
    assert_eq!(send(format!("BEARER  {key}")).await.status, 200);
    send(format!("Basic {key}"))
        .await
        .assert_problem(401, "key_missing");
    send(key.clone()).await.assert_problem(401, "key_missing");
    send("Bearer".to_owned())
        .await
        .assert_problem(401, "key_malformed");
    send(format!("Bearer {key} {key}"))
        .await
        .assert_problem(401, "key_malformed");
    let twice = stranger.ask(Method::GET, "/tokens");
    let twice = twice.header("authorization", format!("Bearer {key}"));
    let twice = twice.header("authorization", format!("Bearer {key}"));
    stranger
        .send(twice)
        .await
        .assert_problem(401, "key_malformed");
    // A session is no key, wherever the request comes from.
    let session = scene.admin.ask(Method::GET, "/api/v1/tokens");
    let session = scene.admin.send(session).await;
    session.assert_problem(401, "key_missing");
    for place in [
        "/people/{}/access-token",
        "/tokens?x={}",
        "/nowhere?{}",
        "/openapi.json?a={}",
    ] {
        let keyed = scene.service.with_key(Some(&key));
        let exposed = keyed.get(&place.replace("{}", &key)).await;
        exposed.assert_problem(401, "key_in_url");
    }
}

async fn another_persons_token_is_out_of_reach(setup: Setup) {
    let scene = Scene::with(setup).await;
    scene.rig.browser().grant("carol@sub.example.com").await;
    scene.rig.browser().grant("dave@example.org").await;
    let all = super::ALL_SCOPES;
    let with = |limit: (&'static str, &'static str)| [&all[..], &[limit]].concat();
    let bobs = scene.service(&with(("emails", BOB))).await;
    let org = scene.service(&with(("domains", "example.org"))).await;

    let count = async |service: &Service| {
        let list = service.read("/tokens").await;
        list["items"].as_array().unwrap().len()
    };
    assert_eq!((count(&bobs).await, count(&org).await), (0, 1));
    let path = scene.path("");
    let mut refused = Vec::new();
    for service in [&bobs, &org] {
        for (method, path) in [
            (Method::GET, path.clone()),
            (Method::GET, scene.path("/access-token")),
            (Method::POST, scene.path("/refresh")),
            (Method::DELETE, path.clone()),
            (
                Method::GET,
                "/people/alice@example.com/access-token".to_owned(),
            ),
            (
                Method::GET,
                "/people/carol@sub.example.com/access-token".to_owned(),
            ),
        ] {
            let answer = service.call(method, &path).await;
            assert_refused(
                &answer,
                403,
                "person_not_allowed",
                "error=\"insufficient_scope\"",
            );
            refused.push(answer);
        }
    }
    let entries = scene.refusals().await;
    for answer in &refused {
        let entry = entry(&entries, answer);
        assert_eq!(entry["actor"]["kind"], "api_key", "{entry}");
    }
    let valid = org.read("/people/dave@example.org/access-token").await;
    assert_eq!(valid["email"], "dave@example.org");
    assert_eq!(scene.rig.upstream.stats().refreshes, 0);
}

async fn a_revoked_key_is_refused_by_every_replica(setup: Setup) {
    let scene = Scene::with(setup).await;
    let second = scene.rig.second().await;
    let key = make_key(&scene.admin, &[("scope", "tokens:use")]).await;
    let here = scene.service.with_key(Some(&key.text));
    let there = scene.rig.browser().moved_to(second.address);
    let there = Service::new(there, Some(&key.text));
    let path = scene.path("/access-token");
    here.read(&path).await;
    there.read(&path).await;

    key.revoke(&scene.admin).await;
    // Where it was revoked, it is so at once.
    here.get(&path).await.assert_problem(401, "key_revoked");
    let refused = until("the other process refuses the key", async || {
        let answer = there.get(&path).await;
        (answer.status != 200).then_some(answer)
    });
    refused.await.assert_problem(401, "key_revoked");

    // The same of a token that is removed.
    let key = make_key(&scene.admin, &[("scope", "tokens:use")]).await;
    let there = there.with_key(Some(&key.text));
    there.read(&path).await;
    let removed = scene.service.call(Method::DELETE, &scene.path("")).await;
    assert_eq!(removed.status, 204);
    let refused = until("the other process misses the token", async || {
        let answer = there.get(&path).await;
        (answer.status != 200).then_some(answer)
    });
    refused.await.assert_problem(404, "token_not_found");
    second.shut_down().await;
}
