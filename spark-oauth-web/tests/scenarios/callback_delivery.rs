//! How callbacks arrive: ahead of the person, twice, among other cookies, and at once.

use reqwest::Method;

use crate::harness::{ALICE, BOB, Browser, Rig, Setup, on_every_store};

on_every_store!(
    a_callback_that_no_person_sees_uses_nothing_up,
    a_stranger_who_opens_a_callback_leaves_it_to_its_owner,
    a_callback_whose_answer_was_lost_leads_to_the_receipt,
    consents_that_finish_at_the_same_moment_have_a_receipt_each,
);

/// What fetches a callback without showing it: monitors and scanners, browsers that load
/// ahead, and pages of other sites.
const UNSEEN: [(&str, &str, &str); 12] = [
    ("HEAD", "accept", "*/*"),
    ("HEAD", "user-agent", "SafeLinks"),
    ("GET", "sec-purpose", "prefetch"),
    ("GET", "sec-purpose", "prefetch;prerender"),
    ("GET", "sec-purpose", "prefetch;anonymous-client-ip"),
    ("GET", "purpose", "prefetch"),
    ("GET", "x-purpose", "preview"),
    ("GET", "x-moz", "prefetch"),
    ("GET", "sec-fetch-dest", "image"),
    ("GET", "sec-fetch-dest", "iframe"),
    ("GET", "sec-fetch-dest", "script"),
    ("GET", "sec-fetch-dest", "empty"),
];

async fn a_callback_that_no_person_sees_uses_nothing_up(setup: Setup) {
    let rig = Rig::with(setup).await;
    let browser = rig.browser();
    let callback = browser.callback(ALICE).await;
    for (method, name, value) in UNSEEN {
        let ask = browser.ask(method.parse().unwrap(), &callback);
        let page = browser.send(ask.header(name, value)).await;
        let expected = if method == "HEAD" { 405 } else { 503 };
        assert_eq!(page.status, expected, "{name}: {value}: {page:?}");
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert!(page.header("set-cookie").is_none(), "{page:?}");
    }
    assert_eq!(rig.upstream.token_requests(), 0);
    let ask = browser.ask(Method::GET, &callback);
    let page = browser.send(ask.header("sec-fetch-dest", "document")).await;
    page.assert_redirect("/granted");
    // What the next page says once is not spent on a request that nobody sees either.
    for (method, name, value) in UNSEEN {
        let ask = browser.ask(method.parse().unwrap(), "/granted");
        assert_eq!(browser.send(ask.header(name, value)).await.status, 200);
    }
    let receipts = browser.open("/granted").await;
    assert!(
        receipts.notice().contains("Access granted."),
        "{receipts:?}"
    );
}

async fn a_stranger_who_opens_a_callback_leaves_it_to_its_owner(setup: Setup) {
    let rig = Rig::with(setup).await;
    let owner = rig.browser();
    let callback = owner.callback(ALICE).await;
    let strangers = [rig.browser(), rig.browser()];
    strangers[1].ask_for_consent().await;
    for stranger in &strangers {
        for _ in 0..5 {
            let page = stranger.open(&callback).await;
            page.assert_error(400, "This was begun in another browser");
        }
    }
    assert_eq!(rig.upstream.token_requests(), 0);
    assert_eq!(owner.open(&callback).await.heading(), "Access granted");
    // Once it is used, a stranger gets no receipt of it.
    let page = strangers[1].open(&callback).await;
    page.assert_error(400, "This was begun in another browser");
    assert!(!page.content().contains(ALICE));
}

/// A browser repeats a `GET` whose connection was cut, and the cookie of the receipt was
/// in the answer that it never read.
async fn a_callback_whose_answer_was_lost_leads_to_the_receipt(setup: Setup) {
    let rig = Rig::with(setup).await;
    let second = rig.second().await;
    let browser = rig.browser();
    let callback = browser.callback(ALICE).await;
    let lost = browser.copied();
    let mut held = rig.upstream.hold(Method::POST, "/v1/access_token");
    let (tab, place) = (lost.clone(), callback.clone());
    let first = tokio::spawn(async move { tab.try_get(&place).await });
    held.arrived().await;
    first.abort();
    // The repetition reaches another process, while the first one is under way.
    let elsewhere = browser.moved_to(second.address);
    let (tab, place) = (elsewhere.clone(), callback.clone());
    let again = tokio::spawn(async move { tab.open(&place).await });
    held.release();
    let receipt = again.await.unwrap();
    assert_eq!(receipt.heading(), "Access granted", "{receipt:?}");
    assert!(receipt.content().contains(ALICE), "{receipt:?}");
    assert_eq!(rig.upstream.token_requests(), 1);
    // Withdrawn is withdrawn: the callback does not bring the receipt back.
    let asked = elsewhere.submit(receipt.form("/granted/withdraw")).await;
    elsewhere.submit(asked.form("/granted/withdraw")).await;
    let page = elsewhere.open(&callback).await;
    page.assert_error(400, "This link does not work");
    second.shut_down().await;
}

async fn consents_that_finish_at_the_same_moment_have_a_receipt_each(setup: Setup) {
    let rig = Rig::with(setup).await;
    let browser = rig.browser();
    // Two tabs also begin at the same moment, before the browser has any cookie.
    let begin = || async { browser.post("/auth/spark", &[]).await };
    let (one, other) = tokio::join!(begin(), begin());
    let mut callbacks = Vec::new();
    for (begun, person) in [(one, ALICE), (other, BOB)] {
        let asked = browser.open(begun.location()).await;
        let accepted = asked.form("/v1/authorize").by_person(person);
        let sent = browser.submit_only(accepted.press("decision", "accept"));
        callbacks.push(sent.await.location().to_owned());
    }
    let mut held = [
        rig.upstream.hold(Method::POST, "/v1/access_token"),
        rig.upstream.hold(Method::POST, "/v1/access_token"),
    ];
    let open = |place: String| {
        let tab = browser.clone();
        tokio::spawn(async move { tab.get(&place).await })
    };
    let tabs: Vec<_> = callbacks.into_iter().map(open).collect();
    for held in &mut held {
        held.arrived().await;
    }
    for held in held {
        held.release();
    }
    for tab in tabs {
        tab.await.unwrap().assert_redirect("/granted");
    }
    let receipts = browser.open("/granted").await;
    assert_eq!(
        receipts.heading(),
        "2 grants in this session",
        "{receipts:?}"
    );
    for person in [ALICE, BOB] {
        assert!(
            receipts.content().contains(person),
            "{person}: {receipts:?}"
        );
    }
    // Each can be acted on, and one that goes leaves the other.
    let withdraw = receipts.forms("/granted/withdraw").remove(0);
    let asked = browser.submit(withdraw).await;
    browser.submit(asked.form("/granted/withdraw")).await;
    assert_eq!(browser.open("/granted").await.heading(), "Access granted");
}

/// The same request with another cookie header.
async fn open_with(browser: &Browser, place: &str, cookies: &[Vec<u8>]) -> crate::harness::Page {
    let mut ask = browser.ask(Method::GET, place).bare();
    for field in cookies {
        ask = ask.header("cookie", field);
    }
    browser.send(ask).await
}

#[tokio::test]
async fn cookies_of_other_applications_on_the_host_cost_no_consent() {
    let rig = Rig::start().await;
    let join = |parts: &[&[u8]]| parts.concat();
    for case in 0..9 {
        let browser = rig.browser();
        let callback = browser.callback(ALICE).await;
        let ours = browser.cookies().into_bytes();
        let (name, value) = {
            let text = browser.cookies();
            let (name, value) = text.split_once('=').unwrap();
            (name.as_bytes().to_vec(), value.as_bytes().to_vec())
        };
        let shadow = "A".repeat(43).into_bytes();
        let cookies = match case {
            0 => vec![join(&[b"user=Andr\xe9; ", &ours])],
            1 => vec![join(&[&ours, b"; user=\xc3\x86\xff; \x80"])],
            2 => vec![join(&["name=Алиса;".as_bytes(), &ours])],
            3 => vec![b"user=\xe9".to_vec(), ours],
            4 => vec![ours, b"user=\xe9".to_vec()],
            5 => vec![join(&[&name, b"=\"", &value, b"\""])],
            // Of a parent domain, or of a longer path.
            6 => vec![join(&[&name, b"=", &shadow, b"; ", &ours])],
            7 => vec![join(&[
                &ours,
                b"; spark_oauth_browser=\xe9; spark_oauth_session=\xe9",
            ])],
            _ => vec![join(&[b"big=", &vec![b'x'; 60_000], b"; ", &ours])],
        };
        let page = open_with(&browser, &callback, &cookies).await;
        assert_eq!(page.status, 303, "case {case}: {page:?}");
        assert_eq!(page.location(), "/granted", "case {case}: {page:?}");
    }
    // A session is read the same way.
    let admin = rig.super_admin().await;
    let session = admin.cookies().into_bytes();
    let foreign = [
        join(&[b"user=Andr\xe9; ", &session]),
        join(&[
            b"spark_oauth_session=x; spark_oauth_session=\xe9;",
            &session,
        ]),
    ];
    for cookies in foreign {
        let page = open_with(&admin, "/admin/profile", &[cookies]).await;
        assert_eq!(page.status, 200, "{page:?}");
    }
}

#[tokio::test]
async fn a_refusal_is_read_at_an_address_without_code_and_state() {
    let rig = Rig::start().await;
    let browser = rig.browser();
    let asked = browser.ask_for_consent().await;
    let declined = asked.form("/v1/authorize").press("decision", "decline");
    let sent = browser.submit_only(declined).await;
    let refused = browser.get(sent.location()).await;
    refused.assert_redirect("/auth/spark/refused");
    for _ in 0..2 {
        let page = browser.open("/auth/spark/refused").await;
        page.assert_error(403, "You declined");
    }
    // The callback's own request is found from the page that the person sees.
    let page = browser.open("/auth/spark/refused").await;
    let line = rig.log.line(&[page.request_id(), "declined"]).await;
    assert!(line.contains(refused.request_id()), "{line}");
    // Another browser, or one that keeps no cookie, learns nothing of it.
    let page = rig.browser().open("/auth/spark/refused").await;
    page.assert_error(400, "The grant was not completed");
    for reason in ["declined", "<script>", "x"] {
        let page = rig
            .browser()
            .open(&format!("/auth/spark/refused?reason={reason}"))
            .await;
        page.assert_error(400, "The grant was not completed");
        assert!(!page.text().contains("<script>alert"));
    }
}

/// Anybody can write the address of such a page, so that it must not count as a fault of
/// the server.
#[tokio::test]
async fn a_reason_in_the_address_is_no_server_error() {
    let rig = Rig::start().await;
    for (reason, status, heading) in [
        ("state_missing", 400, "This link does not work"),
        ("state_unknown", 400, "This link does not work"),
        ("other_browser", 400, "This was begun in another browser"),
        ("interrupted", 409, "The grant was interrupted"),
        ("not_stored", 409, "The grant could not be stored"),
        ("store", 400, "The grant was not completed"),
    ] {
        let place = format!("/auth/spark/refused?reason={reason}");
        let page = rig.browser().open(&place).await;
        page.assert_error(status, heading);
        assert_eq!(page.link("Start again"), "/");
    }
}
