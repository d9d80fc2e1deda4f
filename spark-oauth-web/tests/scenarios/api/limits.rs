//! Rate limits of keys.

use super::Scene;
use crate::harness::Service;

/// The numbers in a field such as `"key";r=1;t=20`.
fn numbers(field: &str) -> Vec<u64> {
    let parameters = field.split(';').skip(1);
    let numbers = parameters.map(|parameter| parameter[2..].parse().unwrap());
    numbers.collect()
}

async fn limited(scene: &Scene, scope: &str) -> Service {
    let fields = [("scope", scope), ("requests_per_minute", "3")];
    scene.service(&fields).await
}

#[tokio::test]
async fn a_key_that_asks_too_often_is_told_when_to_come_back() {
    let scene = Scene::new().await;
    let service = limited(&scene, "tokens:read").await;
    for left in [2, 1, 0] {
        let answer = service.get("/tokens").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("ratelimit-policy"), Some("\"key\";q=3;w=60"));
        let remaining = answer.header("ratelimit").unwrap();
        assert!(
            remaining.starts_with(&format!("\"key\";r={left};t=")),
            "{answer:?}"
        );
    }
    let refused = service.get("/tokens").await;
    refused.assert_problem(429, "rate_limited");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=20).contains(&wait), "{refused:?}");
    assert_eq!(numbers(refused.header("ratelimit").unwrap()), [0, wait]);
    service
        .get("/tokens")
        .await
        .assert_problem(429, "rate_limited");
    let entries = scene.refusals().await;
    assert!(
        entries
            .iter()
            .any(|entry| entry["reason"] == "rate_limited"),
        "{entries:?}"
    );

    // Other keys have their own, or none.
    let other = limited(&scene, "tokens:read").await;
    assert_eq!(other.get("/tokens").await.status, 200);
    let free = scene.service.get("/tokens").await;
    assert_eq!(
        (free.status.as_u16(), free.header("ratelimit")),
        (200, None)
    );
}

#[tokio::test]
async fn calls_that_are_refused_count_too() {
    let scene = Scene::new().await;
    let service = limited(&scene, "tokens:use").await;
    for _ in 0..3 {
        let refused = service.get("/tokens").await;
        refused.assert_problem(403, "insufficient_scope");
        assert!(refused.header("ratelimit").is_some(), "{refused:?}");
    }
    service
        .get("/tokens")
        .await
        .assert_problem(429, "rate_limited");
}
