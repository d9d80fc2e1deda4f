//! Callbacks with a right `state` that bring no usable code.

use url::Url;
use webex_emulator::{Registration, Scopes};

use crate::harness::{ALICE, Browser, Page, Rig, Setup};

/// A callback with the state of a consent that was just begun.
async fn answer_with(browser: &Browser, parameters: &[(&str, &str)]) -> Page {
    let begun = browser.post("/auth/spark", &[]).await;
    let asked = Url::parse(begun.location()).unwrap();
    let state = asked.query_pairs().find(|(name, _)| name == "state");
    let mut callback = Url::parse("http://127.0.0.1:3000/auth/spark/callback").unwrap();
    callback
        .query_pairs_mut()
        .append_pair("state", &state.unwrap().1)
        .extend_pairs(parameters);
    browser.open(callback.as_str()).await
}

async fn assert_next_works(rig: &Rig, browser: &Browser) {
    assert_eq!(rig.upstream.stats().code_exchanges, 0);
    assert_eq!(browser.grant(ALICE).await.heading(), "Access granted");
}

#[tokio::test]
async fn a_person_who_declines_is_told_that_nothing_was_kept() {
    let rig = Rig::start().await;
    let browser = rig.browser();
    let asked = browser.ask_for_consent().await;
    let declined = asked.form("/v1/authorize").press("decision", "decline");
    let page = browser.submit(declined).await;
    page.assert_error(403, "You declined");
    assert_eq!(rig.upstream.token_requests(), 0);
    rig.log.line(&[page.request_id(), "declined"]).await;
    assert_next_works(&rig, &browser).await;
}

#[tokio::test]
async fn a_scope_that_is_not_registered_is_the_operators_to_correct() {
    let rig = Rig::start().await;
    let browser = rig.browser();
    let known = Registration {
        scopes: Some(Scopes::parse("spark:people_read").unwrap()),
        ..Registration::new("C80fb9c7096bd8474627317ee1d7a817eff372ca9c9cee3ce43c3ea3e8d1511ec")
    };
    rig.upstream.provider.set_registration(Some(known));
    let page = browser.ask_for_consent().await;
    page.assert_error(502, "Webex did not grant access");
    assert!(page.content().contains("not registered for"), "{page:?}");
    rig.log.line(&[page.request_id(), "provider_refused"]).await;
    rig.log
        .line(&["consent failed", "provider_refused", "invalid_scope"])
        .await;
    rig.upstream.provider.set_registration(None);
    assert_next_works(&rig, &browser).await;
}

#[tokio::test]
async fn a_fault_of_the_provider_passes() {
    for error in ["server_error", "temporarily_unavailable"] {
        let rig = Rig::start().await;
        let browser = rig.browser();
        let page = answer_with(&browser, &[("error", error)]).await;
        page.assert_error(502, "Webex did not grant access");
        assert!(page.content().contains("Try again in a few minutes"));
        assert_next_works(&rig, &browser).await;
    }
}

#[tokio::test]
async fn what_a_link_says_is_shown_as_text_and_in_one_line_of_the_log() {
    let rig = Rig::start().await;
    let browser = rig.browser();
    let forged = "<script>alert(1)</script>\n2026-01-01T00:00:00Z INFO forged";
    let parameters = [("error", forged), ("error_description", forged)];
    let page = answer_with(&browser, &parameters).await;
    page.assert_error(502, "Webex did not grant access");
    assert!(!page.text().contains("<script>alert"), "{page:?}");
    assert!(page.content().contains("<script>alert(1)</script>"));
    let lines = rig.log.request(page.request_id()).await;
    assert!(
        !rig.log.so_far().contains("\n2026-01-01T00:00:00Z"),
        "{lines:?}"
    );
    assert_next_works(&rig, &browser).await;
}

#[tokio::test]
async fn a_callback_without_code_and_error_is_incomplete() {
    for parameters in [&[][..], &[("code", "")], &[("code", ""), ("error", "")]] {
        let rig = Rig::start().await;
        let browser = rig.browser();
        let page = answer_with(&browser, parameters).await;
        page.assert_error(400, "Webex sent an incomplete answer");
        assert_eq!(rig.upstream.token_requests(), 0);
        rig.log.line(&[page.request_id(), "code_missing"]).await;
        assert_next_works(&rig, &browser).await;
    }
}

#[tokio::test]
async fn a_code_that_the_provider_does_not_know_is_refused() {
    for code in ["made-up-by-somebody", &"long".repeat(5_000), "a\u{0}b\r\nc"] {
        let rig = Rig::start().await;
        let browser = rig.browser();
        let page = answer_with(&browser, &[("code", code)]).await;
        page.assert_error(502, "Webex refused the code");
        assert!(page.content().contains("Webex tracking ID"), "{page:?}");
        let lines = rig.log.request(page.request_id()).await.join("\n");
        assert!(lines.contains("exchange_failed"), "{lines}");
        assert!(!lines.contains(code), "{lines}");
        assert_next_works(&rig, &browser).await;
    }
}

#[tokio::test]
async fn an_error_beside_a_code_wins() {
    let rig = Rig::start().await;
    let browser = rig.browser();
    let parameters = [("code", "abc"), ("error", "access_denied")];
    let page = answer_with(&browser, &parameters).await;
    page.assert_error(403, "You declined");
    assert_eq!(rig.upstream.token_requests(), 0);
    assert_next_works(&rig, &browser).await;
}

/// RFC 9207: with `provider.issuer`, only a callback that names it gets to the token
/// endpoint.
#[tokio::test]
async fn a_callback_of_another_issuer_does_not_reach_the_token_endpoint() {
    let issuer = "https://idbroker.webex.com/idb";
    let rig = Rig::with(Setup::default().set("provider.issuer", issuer)).await;
    let browser = rig.browser();
    for parameters in [
        &[("code", "abc")][..],
        &[("code", "abc"), ("iss", "https://evil.example/\n<script>")],
        &[("error", "access_denied"), ("iss", "https://evil.example")],
    ] {
        let page = answer_with(&browser, parameters).await;
        page.assert_error(502, "Another server answered");
        assert!(page.content().contains("Nothing was granted"), "{page:?}");
        assert!(!page.text().contains("evil.example"), "{page:?}");
        rig.log.line(&[page.request_id(), "other_issuer"]).await;
        assert_eq!(rig.upstream.token_requests(), 0);
    }
    // The operator reads which server answered.
    rig.log
        .line(&[
            "consent failed",
            "other_issuer",
            "https://evil.example",
            issuer,
        ])
        .await;
    let page = answer_with(&browser, &[("code", "abc"), ("iss", issuer)]).await;
    page.assert_error(502, "Webex refused the code");
    assert_eq!(rig.upstream.token_requests(), 1);
}

#[tokio::test]
async fn an_issuer_is_ignored_where_none_is_configured() {
    let rig = Rig::start().await;
    let browser = rig.browser();
    let parameters = [("code", "abc"), ("iss", "https://whoever.example")];
    let page = answer_with(&browser, &parameters).await;
    page.assert_error(502, "Webex refused the code");
}
