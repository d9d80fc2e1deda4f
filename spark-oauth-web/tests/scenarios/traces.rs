//! Traces reach a collector, and hold nothing that is nobody's business. One that
//! is away costs nothing.

use std::time::{Duration, Instant};

use reqwest::Method;
use tokio::net::TcpListener;

use crate::harness::{ALICE, Collector, Command, Manner, Rig, Setup, Upstream};
use crate::secrets::{do_everything, seen};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

fn exporting(url: &str) -> Setup {
    Setup::on_disk().set("telemetry.endpoint", url)
}

fn unhex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    let pairs = pairs.map(|pair| std::str::from_utf8(pair).unwrap());
    pairs
        .map(|pair| u8::from_str_radix(pair, 16).unwrap())
        .collect()
}

#[tokio::test]
async fn a_request_becomes_a_span_in_the_trace_of_its_caller() {
    let collector = Collector::start(Manner::Takes).await;
    let setup = exporting(&collector.url()).set(
        "telemetry.headers",
        "x-tenant=blue, authorization=Bearer s3cret",
    );
    let rig = Rig::with(setup).await;
    let browser = rig.browser();
    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    let asked = browser.ask(Method::GET, "/readyz?probe=some%40body");
    let asked = asked
        .header("traceparent", &traceparent)
        .header("tracestate", "vendor=opaque-value");
    let ready = browser.send(asked).await;
    assert_eq!(ready.status, 200);
    let debug = rig
        .log
        .line(&[ready.request_id(), "answered status="])
        .await;
    assert!(debug.contains(&format!("trace_id={TRACE}")), "{debug}");
    let request_id = ready.request_id().to_owned();
    rig.shut_down().await;

    assert!(collector.holds("GET /readyz") && collector.holds("http.route"));
    assert!(collector.holds("http.response.status_code"));
    assert!(
        collector.holds(&request_id),
        "{:?}",
        String::from_utf8_lossy(&collector.bytes())
    );
    assert!(collector.holds(unhex(TRACE)) && collector.holds(unhex(PARENT)));
    assert!(collector.holds("vendor=opaque-value"));
    assert!(!collector.holds("probe"));
    let batches = collector.batches();
    let headers = &batches[0].headers;
    assert_eq!(headers["x-tenant"], "blue");
    assert_eq!(headers["authorization"], "Bearer s3cret");
    assert_eq!(headers["content-type"], "application/x-protobuf");
}

#[tokio::test]
async fn calls_to_store_and_provider_are_spans_without_a_name_or_a_secret() {
    let collector = Collector::start(Manner::Takes).await;
    let rig = Rig::with(exporting(&collector.url())).await;
    let site = rig.site();
    do_everything(&site).await;
    let browser = rig.browser();
    browser
        .get("/nowhere/alice@example.com?email=alice@example.com")
        .await;
    let secrets = seen(&site.visited());
    assert!(secrets.len() > 10, "{secrets:?}");
    rig.shut_down().await;

    for name in [
        "GET /auth/spark/callback",
        "POST /admin/tokens/{id}/refresh",
        "exchange_code",
        "refresh token",
        "tokens.claim",
        "tokens.update",
        "spark_oauth.trigger",
    ] {
        assert!(collector.holds(name), "{name}");
    }
    for (what, secret) in &secrets {
        assert!(!collector.holds(secret), "{what}: {secret}");
    }
    for text in ["alice", "bob", "example.com", "nowhere", "code=", "state="] {
        assert!(!collector.holds(text), "{text}");
    }
}

#[tokio::test]
async fn a_malformed_trace_is_ignored_and_another_one_begins() {
    let collector = Collector::start(Manner::Takes).await;
    let rig = Rig::with(exporting(&collector.url())).await;
    let browser = rig.browser();
    let malformed = format!("00-{}-{PARENT}-01", TRACE.to_uppercase());
    let asked = browser
        .ask(Method::GET, "/readyz")
        .header("traceparent", malformed);
    let ready = browser.send(asked).await;
    let line = rig
        .log
        .line(&[ready.request_id(), "answered status="])
        .await;
    let (_, trace) = line.split_once("trace_id=").expect("one of our own");
    let trace: String = trace.chars().take_while(char::is_ascii_hexdigit).collect();
    assert_ne!(trace, TRACE);
    rig.shut_down().await;
    assert!(collector.holds(unhex(&trace)));
    assert!(!collector.holds(unhex(TRACE)) && !collector.holds(unhex(PARENT)));
}

#[tokio::test]
async fn what_a_caller_does_not_record_is_not_exported() {
    let collector = Collector::start(Manner::Takes).await;
    let rig = Rig::with(exporting(&collector.url())).await;
    let browser = rig.browser();
    let unrecorded = format!("00-{TRACE}-{PARENT}-00");
    let asked = browser
        .ask(Method::GET, "/")
        .header("traceparent", unrecorded);
    assert_eq!(browser.send(asked).await.status, 200);
    browser.get("/livez").await;
    rig.shut_down().await;
    assert!(collector.holds("GET /livez"));
    assert!(!collector.holds(unhex(TRACE)));
}

#[tokio::test]
async fn a_collector_that_is_away_is_told_of_once_and_holds_nobody_up() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let nowhere = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let rig = Rig::with(exporting(&nowhere)).await;
    rig.browser().grant(ALICE).await;
    rig.assert_alive().await;
    let log = rig.shut_down_to_log().await;
    let line = log.line(&["WARN", "traces cannot be exported"]).await;
    assert!(line.contains("cannot be reached"), "{line}");
    assert!(!line.contains(&nowhere), "{line}");
}

#[tokio::test]
async fn what_is_no_collector_is_told_apart() {
    let page = Collector::start(Manner::Page).await;
    let rig = Rig::with(exporting(&page.url())).await;
    rig.assert_alive().await;
    let log = rig.shut_down_to_log().await;
    let line = log.line(&["WARN", "traces cannot be exported"]).await;
    assert!(line.contains("no collector"), "{line}");
}

#[tokio::test]
async fn a_collector_that_hangs_delays_the_end_by_seconds_at_most() {
    let hanging = Collector::start(Manner::Hangs).await;
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await;
    let setup = exporting(&hanging.url());
    let command =
        Command::new(folder.path(), &setup, &upstream).variable("OTEL_BSP_SCHEDULE_DELAY", "10");
    let server = command.serve().await;
    server.browser().grant(ALICE).await;
    hanging.wait().await;
    assert_eq!(server.browser().get("/readyz").await.text(), "ready");
    let begun = Instant::now();
    server.shut_down().await;
    assert!(begun.elapsed() < Duration::from_secs(15));
}
