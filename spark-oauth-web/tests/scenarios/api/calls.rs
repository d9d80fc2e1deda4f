//! Every call, where all is well.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::{Scene, audit};
use crate::harness::{ALICE, BOB, Setup, on_every_store, until};

on_every_store!(
    a_token_is_fetched_and_the_audit_log_says_by_whom,
    tokens_are_listed_in_pages_and_searched,
    a_token_is_removed_and_revoked_where_that_is_asked_for,
);

async fn a_token_is_fetched_and_the_audit_log_says_by_whom(setup: Setup) {
    let scene = Scene::with(setup).await;
    let answer = scene.service.get(&scene.path("/access-token")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let token = answer.json();
    let revealed = scene
        .admin
        .post(&format!("/admin/tokens/{}/reveal", scene.id), &[])
        .await;
    assert_eq!(token["access_token"], *revealed.secrets()[0]);
    assert_eq!(
        (&token["token_type"], &token["email"]),
        (&json!("Bearer"), &json!(ALICE))
    );
    assert!(token["expires_in"].as_u64() > Some(60), "{token}");
    assert!(
        token["scope"]
            .as_str()
            .unwrap()
            .contains("spark:rooms_read"),
        "{token}"
    );
    assert_eq!(token.as_object().unwrap().len(), 6, "{token}");

    let entry = until("the fetch is in the audit log", async || {
        let filter = [("action", "token_checked_out")];
        audit(&scene.admin, &filter).await.pop()
    });
    let entry = entry.await;
    assert_eq!(entry["actor"]["kind"], "api_key", "{entry}");
    assert_eq!(entry["actor"]["name"], "nightly report", "{entry}");
    assert_eq!(
        (&entry["token"], &entry["outcome"]),
        (&json!(scene.id), &json!("done"))
    );
    assert_eq!(entry["origin"]["request_id"], answer.request_id());
    assert!(entry["origin"]["address"].is_string(), "{entry}");
}

#[tokio::test]
async fn a_plus_that_is_not_percent_encoded_is_a_plus() {
    const ANN: &str = "ann+x@example.com";
    let scene = Scene::new().await;
    scene.rig.browser().grant(ANN).await;
    for query in [
        "email=ann+x@example.com",
        "email=ann%2Bx%40example.com",
        "email=ann%2bx@example.com",
        "email=ann+x",
        "email=ANN+X@example.com&expiring_before=2126-12-01T00:00:00+02:00",
        "email=ann%2Bx@example.com&expiring_before=2126-12-01T00:00:00%2B02:00",
    ] {
        let answer = scene.service.get(&format!("/tokens?{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {answer:?}");
        let items = answer.json()["items"].as_array().unwrap().clone();
        assert_eq!(items.len(), 1, "{query}: {items:?}");
        assert_eq!(items[0]["email"], ANN, "{query}");
    }
    // A space is no plus, and a list of scopes has a plus for a space, as forms have it.
    for (query, count) in [
        ("email=ann%20x@example.com", 0),
        ("email=ann+x&scope=spark:people_read+spark:rooms_read", 1),
    ] {
        let answer = scene.service.get(&format!("/tokens?{query}")).await;
        let items = answer.json()["items"].as_array().unwrap().len();
        assert_eq!(items, count, "{query}: {answer:?}");
    }
    for (person, status) in [
        (ANN, 200),
        ("ann%2Bx@example.com", 200),
        ("ann%2Bx%40example.com", 200),
        ("ann%20x@example.com", 400),
    ] {
        let path = format!("/people/{person}/access-token");
        let answer = scene.service.get(&path).await;
        assert_eq!(answer.status, status, "{person}");
    }
}

#[tokio::test]
async fn a_life_that_the_stored_token_has_not_is_got_by_a_refresh() {
    let scene = Scene::new().await;
    let life = |text: &str| format!("{}?min_ttl={text}", scene.path("/access-token"));
    let first = scene.service.read(&life("0")).await;
    let left = first["expires_in"].as_u64().unwrap();
    scene.rig.advance(Duration::from_secs(left - 30));
    let stored = scene.service.read(&life("10")).await;
    assert_eq!(stored["access_token"], first["access_token"]);
    assert_eq!(stored["expires_in"], 30);
    let new = scene.service.read(&life("31")).await;
    assert_ne!(new["access_token"], first["access_token"]);
    assert_eq!(scene.rig.upstream.stats().refreshes, 1);
}

async fn tokens_are_listed_in_pages_and_searched(setup: Setup) {
    let scene = Scene::with(setup).await;
    for number in 0..4 {
        scene
            .rig
            .browser()
            .grant(&format!("p{number}@sub.example.org"))
            .await;
    }
    let service = &scene.service;
    let mut seen = Vec::new();
    let mut path = "/tokens?limit=2".to_owned();
    loop {
        let page = service.read(&path).await;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2, "{page}");
        seen.extend(
            items
                .iter()
                .map(|item| item["email"].as_str().unwrap().to_owned()),
        );
        match page["next_cursor"].as_str() {
            Some(next) => path = format!("/tokens?limit=2&cursor={next}"),
            None => break,
        }
    }
    seen.sort();
    let all = [
        ALICE,
        "p0@sub.example.org",
        "p1@sub.example.org",
        "p2@sub.example.org",
    ];
    assert_eq!(seen[..4], all);
    assert_eq!(seen.len(), 5);

    let count = async |query: &str| {
        let page = service.read(&format!("/tokens?{query}")).await;
        page["items"].as_array().unwrap().len()
    };
    assert_eq!(count("email=SUB.example").await, 4);
    assert_eq!(count("email=%25").await, 0);
    assert_eq!(count("status=active").await, 5);
    assert_eq!(count("status=needs_consent").await, 0);
    assert_eq!(
        count("scope=spark%3Apeople_read&scope=spark:rooms_read").await,
        5
    );
    assert_eq!(count("scope=spark:people_read+spark:nothing").await, 0);
    assert_eq!(count("expiring_before=2000-01-01T00:00:00Z").await, 0);
    assert_eq!(
        count("expiring_before=2999-01-01T00:00:00%2B01:00").await,
        5
    );
    assert_eq!(
        count("email=p1&status=active&limit=200&scope=spark:rooms_read").await,
        1
    );

    let list = service.get("/tokens").await;
    let secrets = ["access_token", "refresh_token", "sealed"];
    assert!(
        secrets.iter().all(|secret| !list.text().contains(secret)),
        "{list:?}"
    );
}

#[tokio::test]
async fn who_has_the_newest_version_is_told_so() {
    let scene = Scene::new().await;
    for path in [scene.path(""), "/tokens".to_owned()] {
        let first = scene.service.get(&path).await;
        let tag = first.header("etag").unwrap().to_owned();
        assert_eq!(first.header("cache-control"), Some("private, no-cache"));
        let again = scene
            .service
            .ask(Method::GET, &path)
            .header("if-none-match", &tag);
        let again = scene.service.send(again).await;
        assert_eq!(
            (again.status.as_u16(), again.body.len()),
            (304, 0),
            "{again:?}"
        );
        assert_eq!(again.header("etag"), Some(&*tag));

        scene.rig.advance(Duration::from_mins(1));
        let refreshed = scene
            .service
            .call(Method::POST, &scene.path("/refresh"))
            .await;
        assert_eq!(refreshed.status, 200, "{refreshed:?}");
        // The first refresh reads the profile too, which changes the record once more.
        scene.rig.log.line(&["profile read"]).await;
        let changed = scene
            .service
            .ask(Method::GET, &path)
            .header("if-none-match", &tag);
        let changed = scene.service.send(changed).await;
        assert_eq!(changed.status, 200, "{changed:?}");
        assert_ne!(changed.header("etag"), Some(&*tag));
    }
}

#[tokio::test]
async fn a_refresh_says_whether_webex_was_asked() {
    let scene = Scene::new().await;
    scene.rig.advance(Duration::from_mins(1));
    let path = scene.path("/refresh");
    let first = scene.service.call(Method::POST, &path).await.json();
    assert_eq!(first["refreshed"], true, "{first}");
    assert!(first["token"]["last_refreshed_at"].is_string(), "{first}");
    let second = scene.service.call(Method::POST, &path).await.json();
    assert_eq!(second["refreshed"], false, "{second}");
    assert_eq!(scene.rig.upstream.stats().refreshes, 1);
    let entries = audit(&scene.admin, &[("action", "token_refreshed")]).await;
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0]["actor"]["kind"], "api_key");
}

async fn a_token_is_removed_and_revoked_where_that_is_asked_for(setup: Setup) {
    let scene = Scene::with(setup).await;
    let removed = scene.service.call(Method::DELETE, &scene.path("")).await;
    assert_eq!(removed.status, 204, "{removed:?}");
    assert_eq!(scene.rig.upstream.stats().revocations, 0);
    for (method, rest) in [
        (Method::GET, ""),
        (Method::GET, "/access-token"),
        (Method::POST, "/refresh"),
        (Method::DELETE, ""),
        (Method::DELETE, "?revoke=true"),
    ] {
        let gone = scene.service.call(method, &scene.path(rest)).await;
        gone.assert_problem(404, "token_not_found");
    }
    scene.rig.browser().grant(BOB).await;
    let list = scene.service.read("/tokens").await;
    let path = format!("/tokens/{}", list["items"][0]["id"].as_str().unwrap());
    let revoked = scene
        .service
        .call(Method::DELETE, &format!("{path}?revoke=true"))
        .await;
    assert_eq!(revoked.status, 204, "{revoked:?}");
    assert_eq!(scene.rig.upstream.stats().revocations, 1);
    for (action, count) in [("token_removed", 2), ("token_revoked", 1)] {
        let entries = audit(&scene.admin, &[("action", action)]).await;
        assert_eq!(entries.len(), count, "{action}");
        assert!(
            entries
                .iter()
                .all(|entry| entry["actor"]["kind"] == "api_key")
        );
    }
}
