//! The trace of a caller shows in the log, beside the request ID, in every build.

use reqwest::Method;

use crate::harness::{Rig, Setup};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// The line of a request with this `traceparent`.
async fn line_of(rig: &Rig, traceparent: &str) -> String {
    let browser = rig.browser();
    let asked = browser.ask(Method::GET, "/readyz?secret=in-the-query");
    let ready = browser.send(asked.header("traceparent", traceparent)).await;
    assert_eq!(ready.status, 200);
    let texts = [ready.request_id(), "answered status=200"];
    rig.log.line(&texts).await
}

#[tokio::test]
async fn a_valid_trace_is_taken_over() {
    let rig = Rig::start().await;
    let line = line_of(&rig, &format!("00-{TRACE}-{PARENT}-01")).await;
    assert!(line.contains(&format!("trace_id={TRACE}")), "{line}");
    assert!(!line.contains("in-the-query"), "{line}");
}

#[tokio::test]
async fn a_malformed_one_is_ignored() {
    let rig = Rig::with(Setup::default()).await;
    for traceparent in [
        "",
        "garbage",
        &format!("00-{}-{PARENT}-01", TRACE.to_uppercase()),
        &format!("00-{}-{PARENT}-01", "0".repeat(32)),
        &format!("00-{TRACE}-{PARENT}-01-01"),
    ] {
        let line = line_of(&rig, traceparent).await;
        assert!(!line.contains("trace_id"), "{traceparent:?}: {line}");
    }
}
