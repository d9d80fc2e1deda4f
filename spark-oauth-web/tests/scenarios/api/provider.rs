//! What the provider may say to a refresh, and what a service hears of it.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Method;
use webex_emulator::{Cut, Fault};

use super::Scene;
use crate::harness::{ALICE, Page, Setup};

const TOKENS: &str = "POST /v1/access_token";

/// A token that has ended.
async fn ended(setup: Setup) -> Scene {
    let scene = Scene::with(setup).await;
    let token = scene.service.read(&scene.path("/access-token")).await;
    let left = token["expires_in"].as_u64().unwrap();
    scene.rig.advance(Duration::from_secs(left));
    scene
}

async fn fetch(scene: &Scene) -> Page {
    scene.service.get(&scene.path("/access-token")).await
}

#[tokio::test]
async fn trouble_at_the_provider_is_told_with_when_to_come_back() {
    let retry_after = BTreeMap::from([("retry-after".to_owned(), "30".to_owned())]);
    for (fault, code) in [
        (
            Fault {
                status: Some(500),
                ..Fault::on(TOKENS)
            },
            "provider_unavailable",
        ),
        (
            Fault {
                drop: Some(Cut::Before),
                ..Fault::on(TOKENS)
            },
            "provider_unavailable",
        ),
        (
            Fault {
                status: Some(200),
                body: Some(b"<html>".to_vec()),
                ..Fault::on(TOKENS)
            },
            "provider_unavailable",
        ),
        (
            Fault {
                status: Some(429),
                headers: retry_after,
                ..Fault::on(TOKENS)
            },
            "provider_unavailable",
        ),
        (
            Fault {
                status: Some(401),
                body: Some(br#"{"error":"invalid_client"}"#.to_vec()),
                ..Fault::on(TOKENS)
            },
            "integration_refused",
        ),
    ] {
        let scene = ended(Setup::on_disk()).await;
        scene.rig.upstream.spoil(fault);
        let answer = fetch(&scene).await;
        answer.assert_problem(503, code);
        // The next one waits, and is told how long.
        let waiting = fetch(&scene).await;
        assert_eq!(waiting.status, 503, "{waiting:?}");
        assert!(waiting.header("retry-after").is_some(), "{waiting:?}");
        assert_eq!(
            scene.rig.upstream.token_requests(),
            2,
            "the consent, and one refresh"
        );
    }
}

#[tokio::test]
async fn a_provider_that_is_slow_ends_in_a_timeout() {
    let scene = ended(Setup::on_disk().provider_timeout(Duration::from_millis(200))).await;
    let mut held = scene.rig.upstream.hold(Method::POST, "/v1/access_token");
    let answer = fetch(&scene).await;
    held.arrived().await;
    answer.assert_problem(504, "timed_out");
    assert!(answer.header("retry-after").is_some(), "{answer:?}");
    held.release();
}

#[tokio::test]
async fn a_token_that_lives_is_answered_all_the_same_with_a_warning() {
    let scene = Scene::new().await;
    scene.rig.advance(Duration::from_hours(1));
    scene.rig.upstream.spoil(Fault {
        status: Some(500),
        ..Fault::on(TOKENS)
    });
    let path = format!("{}?min_ttl=86400", scene.path("/access-token"));
    let life = scene.service.read(&scene.path("/access-token")).await["expires_in"].clone();
    let answer = scene.service.read(&path).await;
    if life.as_u64() < Some(86_400) {
        assert_eq!(
            answer["warning"]["code"], "provider_unavailable",
            "{answer}"
        );
    }
    assert_eq!(answer["expires_in"], life);
}

#[tokio::test]
async fn a_person_who_withdrew_must_consent_again() {
    let scene = ended(Setup::on_disk()).await;
    scene.rig.upstream.provider.revoke(ALICE);
    let by_person = format!("/people/{ALICE}/access-token");
    for path in [scene.path("/access-token"), by_person.clone()] {
        let answer = scene.service.get(&path).await;
        answer.assert_problem(409, "needs_consent");
        assert_eq!(answer.json()["reason"], "refresh_refused", "{answer:?}");
        let link = answer.json()["consent_url"].as_str().unwrap().to_owned();
        let page = scene.rig.browser().open(&link).await;
        assert_eq!(page.status, 200, "{page:?}");
        assert!(page.text().contains(ALICE), "{page:?}");
    }
    let refresh = scene
        .service
        .call(Method::POST, &scene.path("/refresh"))
        .await;
    refresh.assert_problem(409, "needs_consent");
    let record = scene.service.read(&scene.path("")).await;
    assert_eq!(record["status"], "needs_consent", "{record}");
    assert_eq!(record["status_reason"], "refresh_refused", "{record}");
    let refused = super::audit(
        &scene.admin_again().await,
        &[("action", "token_checked_out")],
    )
    .await;
    assert!(
        refused
            .iter()
            .any(|entry| entry["reason"] == "needs_consent"),
        "{refused:?}"
    );

    scene.rig.browser().grant(ALICE).await;
    scene.service.read(&by_person).await;
}

#[tokio::test]
async fn a_revoked_token_is_told_from_others() {
    let scene = Scene::new().await;
    let path = format!("/admin/tokens/{}/revoke", scene.id);
    scene.admin.post(&path, &[("confirm", "yes")]).await;
    for path in [
        scene.path("/access-token"),
        format!("/people/{ALICE}/access-token"),
    ] {
        scene
            .service
            .get(&path)
            .await
            .assert_problem(409, "token_revoked");
    }
    let record = scene.service.read(&scene.path("")).await;
    assert_eq!(record["status_reason"], "revoked_by_admin", "{record}");
    let removed = scene
        .service
        .call(Method::DELETE, &scene.path("?revoke=true"))
        .await;
    assert_eq!(removed.status, 204, "{removed:?}");
}
