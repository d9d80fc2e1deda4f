//! `state`: what binds a callback to the browser that asked for it.

use std::time::Duration;

use url::Url;

use crate::harness::{ALICE, BOB, Browser, Page, Rig, Setup, on_every_store};

on_every_store!(
    a_state_is_exchanged_once,
    two_deliveries_at_once_are_exchanged_once,
    a_state_of_another_browser_is_refused,
    a_state_lives_ten_minutes,
    a_state_lives_for_ten_minutes_indeed,
    two_tabs_share_one_browser,
    one_network_cannot_fill_the_store_with_consents,
);

const DEAD_LINK: &str = "This link does not work";

/// A parameter of a callback.
fn parameter(callback: &str, name: &str) -> String {
    let url = Url::parse(callback).unwrap();
    let found = url.query_pairs().find(|(key, _)| key == name);
    found.unwrap().1.into_owned()
}

fn with_state(callback: &str, state: Option<&str>) -> String {
    let code = parameter(callback, "code");
    let mut url = Url::parse(callback).unwrap();
    url.query_pairs_mut().clear().append_pair("code", &code);
    if let Some(state) = state {
        url.query_pairs_mut().append_pair("state", state);
    }
    url.into()
}

/// Refused with a clear page and a line in the log, without a call to the token
/// endpoint; and the next try works.
async fn assert_refused(rig: &Rig, page: &Page, callback: &str, heading: &str, reason: &str) {
    page.assert_error(400, heading);
    assert_eq!(page.url.path(), "/auth/spark/refused", "a clean address");
    assert_eq!(page.link("Start again"), "/");
    assert_eq!(rig.upstream.token_requests(), 0, "{heading}");
    let lines = rig.log.request(page.request_id()).await.join("\n");
    assert!(lines.contains(reason), "{reason}: {lines}");
    for name in ["code", "state"] {
        let secret = parameter(callback, name);
        assert!(!lines.contains(&secret), "{name}: {lines}");
        assert!(!page.text().contains(&secret), "{name}: {page:?}");
        assert!(!page.url.as_str().contains(&secret), "{name}: {page:?}");
    }
    assert_next_works(&rig.browser()).await;
}

async fn assert_next_works(browser: &Browser) {
    assert_eq!(browser.grant(BOB).await.heading(), "Access granted");
}

#[tokio::test]
async fn a_missing_state_is_refused() {
    let rig = Rig::start().await;
    let browser = rig.browser();
    let callback = browser.callback(ALICE).await;
    let page = browser.open(&with_state(&callback, None)).await;
    assert_refused(&rig, &page, &callback, DEAD_LINK, "state_missing").await;
}

#[tokio::test]
async fn an_empty_state_is_a_missing_one() {
    let rig = Rig::start().await;
    let browser = rig.browser();
    let callback = browser.callback(ALICE).await;
    let page = browser.open(&with_state(&callback, Some(""))).await;
    assert_refused(&rig, &page, &callback, DEAD_LINK, "state_missing").await;
}

#[tokio::test]
async fn a_wrong_state_is_refused() {
    for wrong in ["x", &"a".repeat(20_000), "\u{0}\r\nforged: line", "🙂"] {
        let rig = Rig::start().await;
        let browser = rig.browser();
        let callback = browser.callback(ALICE).await;
        let page = browser.open(&with_state(&callback, Some(wrong))).await;
        assert_refused(&rig, &page, &callback, DEAD_LINK, "state_unknown").await;
    }
}

#[tokio::test]
async fn a_state_twice_in_one_link_is_refused() {
    let rig = Rig::start().await;
    let browser = rig.browser();
    let callback = browser.callback(ALICE).await;
    let page = browser.open(&format!("{callback}&state=other")).await;
    assert_refused(&rig, &page, &callback, DEAD_LINK, "state_missing").await;
}

async fn a_state_is_exchanged_once(setup: Setup) {
    let rig = Rig::with(setup).await;
    let browser = rig.browser();
    let callback = browser.callback(ALICE).await;
    assert_eq!(browser.open(&callback).await.heading(), "Access granted");
    assert_eq!(rig.upstream.token_requests(), 1);
    // The same callback again leads to the same receipt, another code to nothing.
    let again = browser.open(&callback).await;
    assert_eq!(again.heading(), "Access granted", "{again:?}");
    let code = parameter(&callback, "code");
    let other = browser.open(&callback.replace(&code, "another-code")).await;
    other.assert_error(400, DEAD_LINK);
    assert_eq!(other.link("See your receipt"), "/granted");
    rig.log.line(&[other.request_id(), "state_unknown"]).await;
    assert_eq!(rig.upstream.token_requests(), 1);
    let receipts = browser.open("/granted").await;
    assert_eq!(receipts.heading(), "Access granted", "one receipt");
    assert_eq!(
        browser.grant(BOB).await.heading(),
        "2 grants in this session"
    );
}

async fn two_deliveries_at_once_are_exchanged_once(setup: Setup) {
    let rig = Rig::with(setup).await;
    let browser = rig.browser();
    let callback = browser.callback(ALICE).await;
    let (one, other) = tokio::join!(browser.get(&callback), browser.get(&callback));
    for page in [one, other] {
        page.assert_redirect("/granted");
    }
    assert_eq!(rig.upstream.token_requests(), 1);
    let receipts = browser.open("/granted").await;
    assert_eq!(receipts.heading(), "Access granted", "one receipt");
}

async fn a_state_of_another_browser_is_refused(setup: Setup) {
    let rig = Rig::with(setup).await;
    // The attacker's own consent, brought to somebody else's browser.
    let attacker = rig.browser();
    let callback = attacker.callback(ALICE).await;
    let victim = rig.browser();
    victim.ask_for_consent().await;
    let page = victim.open(&callback).await;
    let heading = "This was begun in another browser";
    assert_refused(&rig, &page, &callback, heading, "other_browser").await;
    // The state is still its owner's.
    assert_eq!(attacker.open(&callback).await.heading(), "Access granted");
}

#[tokio::test]
async fn a_state_without_the_browsers_cookie_is_refused() {
    let rig = Rig::start().await;
    let callback = rig.browser().callback(ALICE).await;
    let page = rig.browser().open(&callback).await;
    let heading = "This was begun in another browser";
    assert_refused(&rig, &page, &callback, heading, "other_browser").await;
}

async fn a_state_lives_ten_minutes(setup: Setup) {
    let rig = Rig::with(setup).await;
    let browser = rig.browser();
    let callback = browser.callback(ALICE).await;
    rig.advance(Duration::from_secs(10 * 60 + 1));
    let page = browser.open(&callback).await;
    assert_refused(&rig, &page, &callback, "That took too long", "expired").await;
}

async fn a_state_lives_for_ten_minutes_indeed(setup: Setup) {
    let rig = Rig::with(setup).await;
    let browser = rig.browser();
    let asked = browser.ask_for_consent().await;
    rig.advance(Duration::from_secs(10 * 60 - 1));
    let accepted = asked.form("/v1/authorize").press("decision", "accept");
    let receipt = browser.submit(accepted).await;
    assert_eq!(receipt.heading(), "Access granted", "{receipt:?}");
}

async fn two_tabs_share_one_browser(setup: Setup) {
    let rig = Rig::with(setup).await;
    let browser = rig.browser();
    let (first, second) = (browser.callback(ALICE).await, browser.callback(BOB).await);
    assert_eq!(browser.open(&second).await.heading(), "Access granted");
    let both = browser.open(&first).await;
    assert_eq!(both.heading(), "2 grants in this session");
    assert!(both.content().contains(ALICE) && both.content().contains(BOB));
}

async fn one_network_cannot_fill_the_store_with_consents(setup: Setup) {
    let rig = Rig::with(setup).await;
    let browser = rig.browser();
    for _ in 0..50 {
        assert_eq!(browser.post("/auth/spark", &[]).await.status, 303);
    }
    let refused = browser.post("/auth/spark", &[]).await;
    refused.assert_error(429, "Too many attempts from your network");
    assert_eq!(refused.header("retry-after"), Some("600"));
    rig.advance(Duration::from_secs(10 * 60 + 1));
    assert_next_works(&browser).await;
}
