//! Every request of the API is one line of the log, which names the key and never
//! shows it.

use reqwest::Method;

use crate::harness::{ALICE, Browser, Page, Rig, Setup};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const ACCESS: &str = "spark_oauth_web::access:";

/// A key that reads and fetches tokens, called `nightly report`.
async fn key(admin: &Browser) -> String {
    let fields = [
        ("name", "nightly report"),
        ("scope", "tokens:read"),
        ("scope", "tokens:use"),
    ];
    let page = admin.post("/admin/keys", &fields).await;
    let [key] = page.secrets().try_into().unwrap();
    key
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
