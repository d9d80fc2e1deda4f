//! Tokens of persons whose address is known.

use super::Scene;
use crate::harness::{ALICE, Setup, on_every_store};

on_every_store!(a_person_is_found_by_address_and_scopes);

async fn a_person_is_found_by_address_and_scopes(setup: Setup) {
    let scene = Scene::with(setup).await;
    let service = &scene.service;
    let token = service.read(&scene.path("/access-token")).await;
    for path in [
        "/people/alice@example.com/access-token",
        "/people/ALICE%40Example.com/access-token?min_ttl=60",
        "/people/alice@example.com/access-token?scope=spark:rooms_read&scope=spark:people_read",
    ] {
        let answer = service.get(path).await;
        assert_eq!(
            answer.json()["access_token"],
            token["access_token"],
            "{answer:?}"
        );
        let place = answer.header("content-location").unwrap();
        assert_eq!(place, format!("/api/v1{}", scene.path("/access-token")));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    for path in [
        "/people/nobody@example.com/access-token",
        "/people/alice@example.com/access-token?scope=spark:all",
    ] {
        service
            .get(path)
            .await
            .assert_problem(404, "person_not_found");
    }
    for path in [
        "/people/alice/access-token",
        "/people/a%20b@example.com/access-token",
    ] {
        service
            .get(path)
            .await
            .assert_problem(400, "invalid_request");
    }

    scene.rig.upstream.provider.revoke(ALICE);
    let refused = service
        .get(&format!("/people/{ALICE}/access-token?min_ttl=86400"))
        .await;
    // It still lives, and nobody has asked Webex yet.
    assert_eq!(refused.status, 200, "{refused:?}");
}
