//! Every request of the API is one line of the log, which names the key and never
//! shows it.

use std::time::Duration;

use reqwest::Method;

use crate::harness::{ALICE, BOB, Browser, Page, Rig, Setup};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const ACCESS: &str = "spark_oauth_web::access:";

/// A key that reads and fetches tokens, called `nightly report`.
async fn key(admin: &Browser) -> String {
    let fields = [("scope", "tokens:read"), ("scope", "tokens:use")];
    named_key(admin, "nightly report", &fields).await.0
}

/// The text of a new key, and the page about it.
async fn named_key(admin: &Browser, name: &str, fields: &[(&str, &str)]) -> (String, String) {
    let page = admin
        .post("/admin/keys", &[fields, &[("name", name)]].concat())
        .await;
    let [key] = page.secrets().try_into().unwrap();
    (key, page.link("I have copied it"))
}

async fn fetch(rig: &Rig, path: &str, key: &str) -> Page {
    let browser = rig.browser();
    let asked = browser
        .ask(Method::GET, path)
        .header("authorization", format!("Bearer {key}"))
        .header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"));
    browser.send(asked).await
}

/// The lines of the access log.
fn lines(log: &str) -> Vec<&str> {
    log.lines().filter(|line| line.contains(ACCESS)).collect()
}

#[tokio::test]
async fn a_request_is_one_line_with_the_name_of_its_key() {
    let rig = Rig::start().await;
    let admin = rig.insider().await;
    let key = key(&admin).await;
    let path = format!("/api/v1/people/{ALICE}/access-token?min_ttl=60");
    let fetched = fetch(&rig, &path, &key).await;
    assert_eq!(fetched.status, 200);
    let trace = format!("trace_id={TRACE}");
    let id = fetched.request_id();
    let line = rig.log.line(&[ACCESS, id]).await;
    for part in [
        "INFO",
        "status=200",
        "elapsed_ms=",
        "address=127.0.0.1",
        "key=\"nightly report\"",
        "key_id=",
        "method=GET",
        "route=/api/v1/people/{email}/access-token",
        &trace,
    ] {
        assert!(line.contains(part), "{part} is missing in {line}");
    }
    assert!(!line.contains(ALICE) && !line.contains("min_ttl"), "{line}");
    assert!(!rig.log.so_far().contains(&key));
    let log = rig.log.so_far();
    let own = lines(&log).into_iter().filter(|line| line.contains(id));
    assert_eq!(own.count(), 1);
}

#[tokio::test]
async fn a_refusal_is_told_with_its_code_and_counted_and_without_what_was_sent() {
    let setup = Setup::on_disk().set("server.management", "127.0.0.1:0");
    let rig = Rig::with(setup).await;
    let mistyped = format!("soa_{}", "Q".repeat(49));
    let refused = fetch(&rig, "/api/v1/tokens?email=alice%40example.com", &mistyped).await;
    assert_eq!(refused.status, 401);
    let line = rig.log.line(&[ACCESS, refused.request_id()]).await;
    assert!(
        line.contains("status=401") && line.contains("code=key_"),
        "{line}"
    );
    assert!(!line.contains("key=") && !line.contains("alice"), "{line}");
    let nowhere = fetch(&rig, "/api/v1/alice@example.com", &mistyped).await;
    assert_eq!(nowhere.status, 404);
    let line = rig.log.line(&[ACCESS, nowhere.request_id()]).await;
    assert!(!line.contains("alice"), "{line}");
    assert!(!rig.log.so_far().contains(&mistyped));
    let management = rig.running().management.unwrap();
    let metrics = rig
        .browser()
        .moved_to(management)
        .get("/metrics")
        .await
        .text();
    let counted = "spark_oauth_api_refusals_total{code=\"key_";
    assert!(metrics.contains(counted), "{metrics}");
    assert!(metrics.contains("route=\"/api/v1/tokens\""), "{metrics}");
}

#[tokio::test]
async fn a_refusal_names_a_key_that_is_known() {
    let rig = Rig::start().await;
    rig.browser().grant(ALICE).await;
    let admin = rig.super_admin().await;
    let reads = ("scope", "tokens:read");
    let (expired, _) = named_key(&admin, "expired", &[reads, ("expires_at", "1d")]).await;
    let (revoked, page) = named_key(&admin, "revoked", &[reads]).await;
    let confirmed = [("confirm", "yes")];
    admin.post(&format!("{page}/revoke"), &confirmed).await;
    let (limited, _) = named_key(&admin, "limited", &[reads, ("requests_per_minute", "1")]).await;
    let of_bob = [("scope", "tokens:use"), ("emails", BOB)];
    let (of_bob, _) = named_key(&admin, "of bob", &of_bob).await;
    let (exposed, _) = named_key(&admin, "exposed", &[reads]).await;
    rig.advance(Duration::from_hours(24));
    assert_eq!(fetch(&rig, "/api/v1/tokens", &limited).await.status, 200);

    let of_alice = format!("/api/v1/people/{ALICE}/access-token");
    let in_url = format!("/api/v1/tokens?api_key={exposed}");
    let (list, none) = ("/api/v1/tokens", "none");
    for (path, key, name, code) in [
        (list, &*expired, "expired", "key_expired"),
        (list, &*revoked, "revoked", "key_revoked"),
        (list, &*limited, "limited", "rate_limited"),
        (list, &*of_bob, "\"of bob\"", "insufficient_scope"),
        (&*of_alice, &*of_bob, "\"of bob\"", "person_not_allowed"),
        (&*in_url, none, "exposed", "key_in_url"),
    ] {
        let refused = fetch(&rig, path, key).await;
        refused.assert_problem(refused.status.as_u16(), code);
        let line = rig.log.line(&[ACCESS, refused.request_id()]).await;
        assert!(line.contains(&format!("code={code}")), "{line}");
        assert!(line.contains(&format!(" key={name} key_id=01")), "{line}");
    }
    let mut mistyped = expired.clone();
    let typed = mistyped.pop();
    mistyped.push(if typed == Some('0') { '1' } else { '0' });
    let refused = fetch(&rig, list, &mistyped).await;
    refused.assert_problem(401, "key_mistyped");
    let line = rig.log.line(&[ACCESS, refused.request_id()]).await;
    assert!(!line.contains("key="), "{line}");
    let log = rig.log.so_far();
    for key in [&expired, &revoked, &limited, &of_bob, &exposed] {
        assert!(!log.contains(&key[5..40]), "a key stands in the log");
    }
}

#[tokio::test]
async fn it_can_be_switched_off() {
    let rig = Rig::with(Setup::default().set(
        "log",
        serde_json::json!({ "directory": "off", "access": false }),
    ))
    .await;
    fetch(&rig, "/api/v1/tokens", "none").await;
    rig.assert_alive().await;
    let log = rig.log.so_far();
    assert_eq!(lines(&log), Vec::<&str>::new());
}
