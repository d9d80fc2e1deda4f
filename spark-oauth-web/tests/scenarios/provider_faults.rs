//! The provider in every bad mood, while a code is exchanged.

use std::collections::BTreeMap;
use std::time::Duration;

use webex_emulator::{Cut, Fault};

use crate::harness::{ALICE, Page, Rig, Setup};

const TOKENS: &str = "POST /v1/access_token";
const PEOPLE: &str = "GET /v1/people/me";

const SLOW: &str = "Webex took too long to answer";
const BUSY: &str = "Webex asks us to slow down";
const STRANGE: &str = "Webex did not answer as expected";

/// One consent with a fault in it: a clear page with its line in the log, nothing
/// secret on either; and the next try works.
async fn grant_with(rig: &Rig, fault: Fault) -> Page {
    rig.upstream.spoil(fault);
    let browser = rig.browser();
    let callback = browser.callback(ALICE).await;
    let page = browser.open(&callback).await;
    let mut lines = rig.log.request(page.request_id()).await.join("\n");
    // The page is shown at an address of its own: its line names the callback's request.
    let (_, named) = lines.split_once(" callback=").expect("a clean address");
    let callback_id = named.split(' ').next().unwrap().to_owned();
    lines += &rig.log.request(&callback_id).await.join("\n");
    let told = lines.contains("exchange_failed") || lines.contains("person_unknown");
    assert!(told && lines.contains("WARN"), "{lines}");
    let url = url::Url::parse(&callback).unwrap();
    for (name, secret) in url.query_pairs() {
        assert!(!lines.contains(&*secret), "{name}: {lines}");
        assert!(!page.text().contains(&*secret), "{name}: {page:?}");
    }
    assert!(!lines.contains("client-secret-that-nobody-may-see"));
    rig.upstream.provider.clear_faults();
    let again = browser.open(&page.link("Start again")).await;
    assert_eq!(again.forms("/auth/spark").len(), 1);
    assert_eq!(browser.grant(ALICE).await.heading(), "Access granted");
    page
}

fn answer(call: &str, status: u16, body: impl Into<Vec<u8>>) -> Fault {
    Fault {
        status: Some(status),
        body: Some(body.into()),
        times: 3,
        ..Fault::on(call)
    }
}

fn headers(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

#[tokio::test]
async fn a_slow_provider_is_waited_for_and_then_given_up() {
    let limit = Duration::from_millis(300);
    let rig = Rig::with(Setup::default().provider_timeout(limit)).await;
    let fault = Fault {
        delay_ms: 600_000,
        ..Fault::on(TOKENS)
    };
    grant_with(&rig, fault).await.assert_error(504, SLOW);
}

#[tokio::test]
async fn a_provider_that_is_down_is_told_of() {
    let nowhere = "http://127.0.0.1:9/v1/access_token";
    let rig = Rig::with(Setup::default().set("provider.tokenUrl", nowhere)).await;
    let page = rig.browser().grant(ALICE).await;
    page.assert_error(502, STRANGE);
    rig.log.line(&[page.request_id(), "exchange_failed"]).await;
    assert_eq!(rig.browser().open("/livez").await.text(), "alive");
}

#[tokio::test]
async fn answers_that_are_no_answers_are_refused() {
    let html = "<html><body>Maintenance</body></html>";
    for body in [
        html,
        "",
        "{",
        "{}",
        "null",
        "[]",
        r#"{"access_token":7}"#,
        "\u{0}",
    ] {
        let rig = Rig::start().await;
        let page = grant_with(&rig, answer(TOKENS, 200, body)).await;
        page.assert_error(502, STRANGE);
        assert!(!page.text().contains("Maintenance"), "{page:?}");
    }
}

#[tokio::test]
async fn ten_megabytes_are_not_read() {
    let rig = Rig::start().await;
    let page = grant_with(&rig, answer(TOKENS, 200, vec![b' '; 10 << 20])).await;
    page.assert_error(502, STRANGE);
}

#[tokio::test]
async fn errors_of_the_server_pass() {
    for status in [500, 502, 503, 504, 599] {
        let rig = Rig::start().await;
        for body in ["", "<html>Bad gateway</html>", r#"{"message":"x"}"#] {
            let page = grant_with(&rig, answer(TOKENS, status, body)).await;
            page.assert_error(502, STRANGE);
        }
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let rig = Rig::start().await;
    let fault = Fault {
        headers: headers(&[("location", "https://evil.example/")]),
        ..answer(TOKENS, 307, "")
    };
    grant_with(&rig, fault).await.assert_error(502, STRANGE);
}

#[tokio::test]
async fn a_rate_limit_is_passed_on_and_never_stops_the_next_consent() {
    let fault = |retry_after: &str| Fault {
        headers: headers(&[("retry-after", retry_after)]),
        ..answer(TOKENS, 429, r#"{"message":"Too many requests"}"#)
    };
    let rig = Rig::start().await;
    for (retry_after, told) in [
        ("7", Some("7")),
        ("rand(30),add(30)", None),
        ("-1", None),
        ("99999999999999999999", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", None),
    ] {
        let page = grant_with(&rig, fault(retry_after)).await;
        page.assert_error(503, BUSY);
        match told {
            Some(told) => assert_eq!(page.header("retry-after"), Some(told)),
            // Nonsense is not passed on; what is absurd is bounded to an hour.
            None => assert_ne!(page.header("retry-after"), Some(retry_after)),
        }
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_is_told_of() {
    for cut in [Cut::Before, Cut::After] {
        let rig = Rig::start().await;
        let fault = Fault {
            drop: Some(cut),
            ..Fault::on(TOKENS)
        };
        grant_with(&rig, fault).await.assert_error(502, STRANGE);
    }
}

#[tokio::test]
async fn a_wrong_client_secret_is_the_operators_to_correct() {
    let rig = Rig::start().await;
    for body in [
        r#"{"error":"invalid_client","error_description":"client-secret-that-nobody-may-see"}"#,
        r#"{"message":"invalid_client","errors":[{"description":"x"}],"trackingId":"T1"}"#,
    ] {
        let page = grant_with(&rig, answer(TOKENS, 401, body)).await;
        page.assert_error(502, "Webex refused this integration");
        assert!(!page.text().contains("nobody-may-see"), "{page:?}");
    }
}

#[tokio::test]
async fn a_code_that_is_dead_is_told_of_in_both_shapes() {
    let rig = Rig::start().await;
    for body in [
        r#"{"error":"invalid_grant"}"#,
        r#"{"error":"invalid_request","error_description":"The authorization code provided is expired, revoked, malformed, or invalid.","trackingID":"T2"}"#,
    ] {
        let page = grant_with(&rig, answer(TOKENS, 400, body)).await;
        page.assert_error(502, "Webex refused the code");
    }
}

#[tokio::test]
async fn the_providers_tracking_id_is_on_the_page_and_in_the_log() {
    let rig = Rig::start().await;
    let fault = Fault {
        headers: headers(&[("TrackingID", "ATLAS_1234-5678")]),
        ..answer(TOKENS, 500, "")
    };
    let page = grant_with(&rig, fault).await;
    assert!(page.content().contains("ATLAS_1234-5678"), "{page:?}");
    rig.log.line(&["WARN", "ATLAS_1234-5678"]).await;
}

#[tokio::test]
async fn who_consented_is_asked_again_where_that_may_help() {
    let rig = Rig::start().await;
    rig.upstream.spoil(Fault {
        times: 2,
        ..answer(PEOPLE, 503, "")
    });
    assert_eq!(rig.browser().grant(ALICE).await.heading(), "Access granted");
    assert_eq!(rig.upstream.stats().calls[PEOPLE], 3);
}

#[tokio::test]
async fn a_person_whom_the_provider_does_not_name_has_granted_nothing() {
    for (status, body, heading) in [
        (503, "", STRANGE),
        (200, "<html></html>", STRANGE),
        (200, r#"{"id":"x","emails":[]}"#, STRANGE),
        (403, "", "Webex did not say who you are"),
    ] {
        let rig = Rig::start().await;
        let page = grant_with(&rig, answer(PEOPLE, status, body)).await;
        page.assert_error(502, heading);
    }
}
