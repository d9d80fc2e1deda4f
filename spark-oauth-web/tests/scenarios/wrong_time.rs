//! Dates of the provider that are wrong, and a local clock that is.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use spark_oauth_core::Timestamp;
use webex_emulator::Fault;

use crate::api::Scene;
use crate::harness::{Setup, until};

const TOKENS: &str = "POST /v1/access_token";
const LIFE: Duration = Duration::from_hours(2);
const DAY: Duration = Duration::from_hours(24);

/// An answer to a refresh that was never the emulator's, with these headers.
fn odd(scene: &Scene, headers: &[(&str, String)]) {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()));
    let body = format!(
        r#"{{"access_token":"odd-access","refresh_token":"odd-refresh","expires_in":{}}}"#,
        LIFE.as_secs()
    );
    scene.rig.upstream.spoil(Fault {
        status: Some(200),
        headers: headers.collect::<BTreeMap<_, _>>(),
        body: Some(body.into_bytes()),
        ..Fault::on(TOKENS)
    });
}

fn time(record: &Value, field: &str) -> Timestamp {
    record[field].as_str().unwrap().parse().unwrap()
}

fn date(at: Timestamp) -> String {
    let since_epoch = at.since(Timestamp::EPOCH);
    httpdate::fmt_http_date(std::time::SystemTime::UNIX_EPOCH + since_epoch)
}

async fn refresh(scene: &Scene) -> Value {
    let answer = scene
        .service
        .call(Method::POST, &scene.path("/refresh"))
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    scene.service.read(&scene.path("")).await
}

/// One answer with an odd header changes no expiry, ends no key and deletes nothing.
#[tokio::test]
async fn one_odd_header_moves_no_expiry() {
    let scene = Scene::new().await;
    let granted_at = time(&scene.service.read(&scene.path("")).await, "granted_at");
    for headers in [
        vec![("date", "Tue, 01 Jan 2126 00:00:00 GMT".to_owned())],
        vec![("date", date(granted_at + DAY))],
        vec![("date", date(granted_at - DAY))],
        vec![
            ("date", date(granted_at - Duration::from_hours(6))),
            ("age", "21600".to_owned()),
        ],
        vec![("date", "yesterday".to_owned())],
        vec![("date", "Thu, 01 Jan 1970 00:00:00 GMT".to_owned())],
    ] {
        scene.rig.advance(Duration::from_secs(40));
        odd(&scene, &headers);
        let record = refresh(&scene).await;
        let refreshed_at = time(&record, "last_refreshed_at");
        assert!(
            refreshed_at.since(granted_at) < DAY / 24,
            "{headers:?}: {record}"
        );
        let lives = time(&record, "access_expires_at").since(refreshed_at);
        let lost = LIFE.saturating_sub(lives).max(lives.saturating_sub(LIFE));
        assert!(lost < Duration::from_secs(5), "{headers:?}: {record}");
    }
    // The key, the session and the audit log stand.
    let log = scene.admin.open("/admin/audit").await;
    assert_eq!(log.status, 200, "{log:?}");
    scene.rig.assert_alive().await;
}

/// Several answers over a minute that agree say that the local clock is wrong. The
/// operator is told.
#[tokio::test]
async fn a_clock_that_several_answers_call_wrong_is_told_to_the_operator() {
    for (ahead, words) in [
        (Duration::from_hours(3), "3 hours behind"),
        (2 * DAY, "too far to correct"),
    ] {
        let scene = Scene::with(Setup::on_disk().set("server.management", "127.0.0.1:0")).await;
        let mut now = time(&scene.service.read(&scene.path("")).await, "granted_at");
        for _ in 0..3 {
            scene.rig.advance(Duration::from_secs(40));
            now = now + Duration::from_secs(40);
            odd(&scene, &[("date", date(now + ahead))]);
            refresh(&scene).await;
        }
        let management = scene.rig.running().management.expect("it listens");
        let operator = scene.rig.browser().moved_to(management);
        let details: Value = serde_json::from_slice(&operator.get("/readyz").await.body).unwrap();
        let clock = details["checks"]["clock"].to_string();
        assert!(clock.contains(words), "{details}");
        assert_eq!(details["ready"], true, "requests are served");
        let page = scene.admin.open("/admin/tokens").await;
        assert!(page.notice().contains(words), "{page:?}");
        assert!(page.notice().contains("Set the clock"), "{page:?}");
        // What is stored for the token is right all the same, within the bound.
        let record = scene.service.read(&scene.path("")).await;
        let lives = time(&record, "access_expires_at").since(time(&record, "last_refreshed_at"));
        assert!(
            LIFE.saturating_sub(lives) < Duration::from_secs(5),
            "{record}"
        );
    }
}

/// The clock was wrong when tokens were refreshed, and an operator sets it right.
#[tokio::test]
async fn a_clock_that_is_set_right_neither_stops_refreshing_nor_leaves_a_dead_token() {
    for ahead in [true, false] {
        let scene = Scene::with(Setup::on_disk()).await;
        scene.rig.upstream.provider.update_settings(|settings| {
            settings.access_ttl_s = LIFE.as_secs();
            settings.rotate_refresh_tokens = true;
        });
        let set = |forward| {
            if forward {
                scene.rig.set_clock_forward(2 * DAY);
            } else {
                scene.rig.set_clock_back(2 * DAY);
            }
        };
        set(ahead);
        refresh(&scene).await;
        let before = scene.rig.upstream.stats().refreshes;
        scene.rig.advance(LIFE / 2);
        set(!ahead);
        let is_alive = async || {
            let answer = scene.service.get(&scene.path("/access-token")).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let left = answer.json()["expires_in"].as_u64().unwrap();
            assert!(left <= LIFE.as_secs(), "{answer:?}");
        };
        is_alive().await;
        // The worker goes on: well before the token really expires.
        let refreshed = async || {
            scene.rig.advance(Duration::from_secs(30));
            (scene.rig.upstream.stats().refreshes > before).then_some(())
        };
        until("the worker refreshes the token", refreshed).await;
        is_alive().await;
        assert_eq!(scene.rig.upstream.stats().refresh_reuses, 0);
    }
}

/// A refresh that narrows the scopes changes the record, the look-ups and the `ETag`.
#[tokio::test]
async fn scopes_that_a_refresh_does_not_name_any_more_are_gone() {
    for (written, granted) in [
        (r#""spark:people_read""#, vec!["spark:people_read"]),
        (
            r#""spark:people_read, spark:rooms_read""#,
            vec!["spark:people_read", "spark:rooms_read"],
        ),
        (r#"["spark:people_read"]"#, vec!["spark:people_read"]),
    ] {
        let scene = Scene::new().await;
        let before = scene.service.get(&scene.path("")).await;
        let asked = before.json()["scopes"].as_array().unwrap().len();
        assert!(asked > 2, "{before:?}");
        let body = format!(
            r#"{{"access_token":"a","refresh_token":"r","expires_in":7200,"scope":{written}}}"#
        );
        scene.rig.upstream.spoil(Fault {
            status: Some(200),
            body: Some(body.into_bytes()),
            ..Fault::on(TOKENS)
        });
        let record = refresh(&scene).await;
        assert_eq!(record["scopes"], serde_json::json!(granted), "{written}");
        let email = record["email"].as_str().unwrap().to_owned();
        let valid = scene.service.read(&scene.path("/access-token")).await;
        assert_eq!(valid["scope"], granted.join(" "), "{valid}");
        let path = format!("/people/{email}/access-token?scope=");
        let covered = scene.service.get(&format!("{path}{}", granted[0])).await;
        assert_eq!(covered.status, 200, "{covered:?}");
        let gone = scene.service.get(&format!("{path}spark:rooms_write")).await;
        assert_eq!(gone.status, 404, "{gone:?}");
        let after = scene.service.get(&scene.path("")).await;
        assert_ne!(after.header("etag"), before.header("etag"));
        let page = scene.rig.only_token(&scene.admin).await;
        assert!(!page.content().contains("spark:rooms_write"), "{page:?}");
    }
}
