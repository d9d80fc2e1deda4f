//! The receipts of a browser that consents often, and of one that keeps old cookies.

use std::time::Duration;

use reqwest::Method;

use crate::harness::{ALICE, BOB, Browser, Page, Rig, Setup, on_every_store};

on_every_store!(
    expired_receipts_do_not_hide_a_new_one,
    newest_cookies_are_read_and_dead_ones_are_removed,
    a_browser_keeps_the_ten_newest_receipts,
);

const PREFIX: &str = "spark_oauth_receipt_";

/// Longer than a session lasts without being used.
const IDLE: Duration = Duration::from_mins(31);

/// The cookies of receipts that a browser sends, oldest first.
fn receipt_cookies(browser: &Browser) -> Vec<String> {
    let cookies = browser.cookies();
    let pairs = cookies.split("; ").filter(|pair| pair.starts_with(PREFIX));
    pairs.map(str::to_owned).collect()
}

/// The names of the cookies that an answer removes, with the attributes that they had.
fn removed(page: &Page) -> Vec<String> {
    let fields = page.headers.get_all("set-cookie").iter();
    let cookies = fields.map(|field| cookie::Cookie::parse(field.to_str().unwrap()).unwrap());
    let gone = cookies.filter(|cookie| cookie.max_age() == Some(cookie::time::Duration::ZERO));
    gone.map(|cookie| {
        assert_eq!(cookie.path(), Some("/"), "{cookie}");
        assert_eq!(cookie.domain(), None, "{cookie}");
        assert_eq!(cookie.http_only(), Some(true), "{cookie}");
        cookie.name().to_owned()
    })
    .collect()
}

/// The receipts, as a browser with exactly these cookies sees them.
async fn open(browser: &Browser, cookies: &[String]) -> Page {
    let ask = browser.ask(Method::GET, "/granted").bare();
    browser.send(ask.header("cookie", cookies.join("; "))).await
}

async fn withdraw(browser: &Browser, receipt: &Page) -> Page {
    let asked = browser.submit(receipt.form("/granted/withdraw")).await;
    browser.submit(asked.form("/granted/withdraw")).await
}

/// A browser at a reception desk is never closed, so that no cookie of it goes.
async fn expired_receipts_do_not_hide_a_new_one(setup: Setup) {
    let rig = Rig::with(setup).await;
    let browser = rig.browser();
    for round in 0..22 {
        let receipt = browser.grant(ALICE).await;
        assert_eq!(receipt.heading(), "Access granted", "{round}: {receipt:?}");
        assert!(receipt.content().contains(ALICE), "{round}: {receipt:?}");
        assert_eq!(receipt_cookies(&browser).len(), 1, "{round}");
        rig.advance(IDLE);
    }
    let receipt = browser.grant(ALICE).await;
    let done = withdraw(&browser, &receipt).await;
    assert!(done.notice().contains("deleted here"), "{done:?}");
    assert_eq!(rig.count("tokens").await, 0);
}

async fn newest_cookies_are_read_and_dead_ones_are_removed(setup: Setup) {
    let rig = Rig::with(setup).await;
    let mut dead = Vec::new();
    for _ in 0..25 {
        let other = rig.browser();
        other.grant(BOB).await;
        dead.extend(receipt_cookies(&other));
    }
    assert_eq!(dead.len(), 25);
    rig.advance(IDLE);
    let browser = rig.browser();
    browser.grant(ALICE).await;
    let live = receipt_cookies(&browser);
    // The names are those of receipts, and the values are not.
    let foreign = format!("{PREFIX}00000000={}", "A".repeat(43));

    let page = open(&browser, &[&dead[..], &live[..], &[foreign]].concat()).await;
    assert_eq!(page.heading(), "Access granted", "{page:?}");
    assert!(page.content().contains(ALICE), "{page:?}");
    let gone = removed(&page);
    assert_eq!(gone.len(), 19, "the newest that are dead: {gone:?}");
    dead.retain(|pair| !gone.iter().any(|name| pair.starts_with(&**name)));
    assert_eq!(dead.len(), 6, "no other cookie was removed: {gone:?}");

    let page = open(&browser, &[&dead[..], &live[..]].concat()).await;
    assert_eq!(page.heading(), "Access granted", "{page:?}");
    assert_eq!(removed(&page).len(), 6, "{page:?}");
    let page = open(&browser, &live).await;
    assert_eq!(page.heading(), "Access granted", "{page:?}");
    assert!(removed(&page).is_empty(), "{page:?}");
}

async fn a_browser_keeps_the_ten_newest_receipts(setup: Setup) {
    let rig = Rig::with(setup).await;
    let browser = rig.browser();
    let person = |number: usize| format!("person-{number:02}@example.com");
    let mut receipts = browser.grant(&person(0)).await;
    for number in 1..22 {
        receipts = browser.grant(&person(number)).await;
        let count = (number + 1).min(10);
        assert_eq!(
            receipts.heading(),
            format!("{count} grants in this session")
        );
        assert!(receipts.content().contains(&person(number)), "{receipts:?}");
        assert_eq!(receipt_cookies(&browser).len(), count);
    }
    for number in 0..22 {
        let is_shown = receipts.content().contains(&person(number));
        assert_eq!(is_shown, number >= 12, "{number}: {receipts:?}");
    }
    // The newest is the first of the list.
    let asked = browser
        .submit(receipts.forms("/granted/withdraw").remove(0))
        .await;
    assert!(asked.content().contains(&person(21)), "{asked:?}");
    browser.submit(asked.form("/granted/withdraw")).await;
    let receipts = browser.open("/granted").await;
    assert_eq!(receipts.heading(), "9 grants in this session");
}
