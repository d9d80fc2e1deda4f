//! What is for the operator stands on a listener of its own.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use crate::harness::{ALICE, Browser, Rig, Setup};

async fn rig() -> (Rig, Browser) {
    let setup = Setup::on_disk().set("server.management", "127.0.0.1:0");
    let rig = Rig::with(setup).await;
    let management = rig.running().management.expect("it listens");
    let operator = rig.browser().moved_to(management);
    (rig, operator)
}

#[tokio::test]
async fn metrics_stand_there_and_nowhere_else() {
    let (rig, operator) = rig().await;
    rig.browser().grant(ALICE).await;
    rig.browser()
        .get("/nowhere?email=somebody%40example.com")
        .await;
    let metrics = operator.get("/metrics").await;
    assert_eq!(metrics.status, 200);
    assert!(
        metrics
            .header("content-type")
            .unwrap()
            .starts_with("text/plain")
    );
    let text = metrics.text();
    let counted = |route: &str| {
        text.lines()
            .any(|line| line.starts_with("http_requests_total{") && line.contains(route))
    };
    assert!(counted("route=\"/auth/spark/callback\""), "{text}");
    assert!(
        counted("route=\"(none)\"") && counted("status=\"404\""),
        "{text}"
    );
    assert!(
        !text.contains("example.com") && !text.contains("state="),
        "{text}"
    );
    rig.browser()
        .get("/metrics")
        .await
        .assert_error(404, "Page not found");
}

#[tokio::test]
async fn the_engine_is_measured_without_a_name() {
    let (rig, operator) = rig().await;
    rig.browser().grant(ALICE).await;
    // The census is taken in the background; the first one at the start.
    let counted = async {
        loop {
            let text = operator.get("/metrics").await.text();
            if text.contains("spark_oauth_tokens{status=\"active\"}") {
                return text;
            }
        }
    };
    let text = tokio::time::timeout(Duration::from_secs(20), counted).await;
    let text = text.expect("the census is taken");
    for line in [
        "spark_oauth_events_total{type=\"token.granted\"}",
        "spark_oauth_provider_calls_total{call=\"exchange_code\",code=\"ok\"}",
        "spark_oauth_provider_call_duration_seconds_bucket{call=\"me\",le=\"0.1\"}",
        "spark_oauth_tokens_due ",
        "spark_oauth_tokens_overdue ",
        "spark_oauth_oldest_due_age_seconds ",
        "spark_oauth_outbox_entries ",
        "spark_oauth_refreshing_paused{reason=\"rate_limited\"}",
    ] {
        assert!(text.contains(line), "{line} is missing in {text}");
    }
    assert!(!text.contains(ALICE), "{text}");
}

#[tokio::test]
async fn readiness_has_details_there_and_is_a_bare_word_elsewhere() {
    let (rig, operator) = rig().await;
    let details = || async {
        let page = operator.get("/readyz").await;
        assert_eq!(page.status, 200);
        serde_json::from_slice::<Value>(&page.body).unwrap()
    };
    let before = details().await;
    assert_eq!(before["ready"], true);
    for part in ["store", "keys", "refreshing", "journal", "worker", "clock"] {
        assert_eq!(before["checks"][part]["status"], "ok", "{before}");
    }
    assert_eq!(before["super_admin"], "not set up");
    rig.super_admin().await;
    assert_eq!(details().await["super_admin"], "set up");
    assert_eq!(rig.browser().get("/readyz").await.text(), "ready");
    assert_eq!(rig.browser().get("/livez").await.text(), "alive");
}

#[tokio::test]
async fn readiness_is_told_in_words_to_who_reads_texts() {
    let (rig, operator) = rig().await;
    for kind in [
        "text/plain",
        "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
    ] {
        let ask = operator.ask(Method::GET, "/readyz").header("accept", kind);
        let text = operator.send(ask).await.text();
        let lines: Vec<_> = text.lines().collect();
        let parts = [
            "store: ok",
            "keys: ok",
            "refreshing: ok",
            "journal: ok",
            "worker: ok",
            "clock: ok",
            "webhooks: ok",
        ];
        assert_eq!(lines[0], "ready");
        assert_eq!(lines[1..], parts);
    }
    rig.shut_down().await;
}

#[tokio::test]
async fn a_store_that_is_away_and_a_key_that_is_missing_are_named_to_the_operator_alone() {
    let (rig, operator) = rig().await;
    let sql = "INSERT INTO key_fingerprints (fingerprint) VALUES (x'0123456789abcdef')";
    rig.database().await.execute(sql).await;
    let public = rig.browser().get("/readyz").await;
    assert_eq!((public.status.as_u16(), &*public.text()), (503, "unready"));
    let page = operator.get("/readyz").await;
    assert_eq!(page.status, 503);
    let details = serde_json::from_slice::<Value>(&page.body).unwrap();
    assert_eq!(details["ready"], false);
    assert_eq!(details["checks"]["store"]["status"], "ok");
    let keys = &details["checks"]["keys"];
    assert_eq!(keys["status"], "failing", "{details}");
    assert!(
        keys["detail"]
            .as_str()
            .unwrap()
            .contains("0123456789abcdef"),
        "{details}"
    );
    let sql = "DELETE FROM key_fingerprints WHERE fingerprint = x'0123456789abcdef'";
    rig.database().await.execute(sql).await;
    assert_eq!(rig.browser().get("/readyz").await.text(), "ready");

    let file = rig.folder().join("data/spark-oauth.db");
    let hidden = rig.folder().join("data/hidden.db");
    std::fs::rename(&file, &hidden).unwrap();
    let ask = operator
        .ask(Method::GET, "/readyz")
        .header("accept", "text/plain");
    let page = operator.send(ask).await;
    assert_eq!(page.status, 503);
    let text = page.text();
    assert!(text.starts_with("unready\nstore: failing: "), "{text}");
    std::fs::rename(&hidden, &file).unwrap();
    rig.assert_alive().await;
}

#[tokio::test]
async fn nothing_else_stands_there() {
    let (rig, operator) = rig().await;
    for path in ["/", "/admin", "/admin/tokens", "/livez", "/granted"] {
        assert_eq!(operator.get(path).await.status, 404, "{path}");
    }
    assert_eq!(operator.post("/metrics", &[]).await.status, 405);
    rig.shut_down().await;
}

#[tokio::test]
async fn without_the_setting_nobody_listens() {
    let rig = Rig::start().await;
    assert_eq!(rig.running().management, None);
}
