//! People who use no mouse.

use thirtyfour::prelude::*;

use crate::browser::{Browser, Scripts, in_browser};
use crate::site::{PASSWORD, SUPER_ADMIN, Setting, Site};
use crate::tour::set_up;

/// What has the focus, by its label or its text; nothing where the page has none.
const FOCUSED: &str = "
    const element = document.activeElement;
    if (element === document.body) return '';
    const label = element.labels?.[0] ?? element;
    return label.textContent.trim().replace(/\\s+/g, ' ');
";

/// Whether what has the focus is in view, with a ring around it or around its row.
const VISIBLE: &str = "
    const element = document.activeElement;
    const { top, bottom, width } = element.getBoundingClientRect();
    const isInView = bottom > 0 && top < innerHeight && width > 0;
    return isInView && [null, '::after'].some((part) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(element, part);
      return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
    });
";

#[tokio::test]
async fn the_keyboard_alone_is_enough_with_scripts() {
    in_browser(Scripts::On, use_the_keyboard).await;
}

#[tokio::test]
async fn the_keyboard_alone_is_enough_without_scripts() {
    in_browser(Scripts::Off, use_the_keyboard).await;
}

async fn use_the_keyboard(browser: &Browser) {
    let site = Site::start(Setting::Complete).await;
    consent(browser, &site).await;
    set_up(browser, &site, Setting::Complete).await;
    browser.press("Sign out").await;
    sign_in(browser).await;
    revoke(browser).await;
    take_a_link_back(browser).await;
    site.shut_down().await;
}

async fn consent(browser: &Browser, site: &Site) {
    browser.open(&site.url).await;
    browser.at("May they act for you in Webex?").await;
    expect_order(
        browser,
        &[
            "Skip to content",
            "spark-oauth",
            "Grant access",
            "Admin centre",
        ],
    )
    .await;

    browser.open(&site.url).await;
    assert_eq!(tab(browser).await, "Skip to content");
    press(browser, Key::Enter).await;
    let focused: String = browser.ask("return document.activeElement.id").await;
    assert_eq!(focused, "content");
    assert_eq!(tab(browser).await, "Grant access");
    press(browser, Key::Enter).await;

    browser.at("Grant access?").await;
    assert_eq!(tab(browser).await, "Alice Anderson alice@example.com");
    press(browser, Key::Down).await;
    assert_eq!(focused_name(browser).await, "Bob Brown bob@example.com");
    assert_eq!(tab(browser).await, "Accept");
    press(browser, Key::Enter).await;
    browser.at("Access granted").await;
    browser.reads("bob@example.com").await;
}

async fn sign_in(browser: &Browser) {
    browser.at("Sign in").await;
    for name in ["Skip to content", "spark-oauth", "Username"] {
        assert_eq!(tab(browser).await, name);
    }
    type_text(browser, SUPER_ADMIN).await;
    assert_eq!(tab(browser).await, "Password");
    type_text(browser, PASSWORD).await;
    press(browser, Key::Enter).await;
    browser.at("Tokens").await;
}

/// From the list to the page of a token, to the question, and back.
async fn revoke(browser: &Browser) {
    tab_to(browser, "Bob Brown").await;
    press(browser, Key::Enter).await;
    browser.at("Bob Brown").await;
    expect_order(
        browser,
        &[
            "Skip to content",
            "spark-oauth",
            "Overview",
            "Tokens",
            "Links",
            "API keys",
            "Audit log",
            "Admins",
            "Profile",
            "Sign out",
            "Tokens",
            "Refresh now",
            "Reveal",
            "8 permissions",
            "Audit log of this token",
            "Revoke…",
            "Remove…",
            "Consent page",
        ],
    )
    .await;
    browser.driver.refresh().await.unwrap();
    tab_to(browser, "8 permissions").await;
    press(browser, Key::Enter).await;
    let is_open: bool = browser
        .ask("return document.querySelector('details').open")
        .await;
    assert!(!is_open, "the list of permissions folds");
    tab_to(browser, "Revoke…").await;
    press(browser, Key::Enter).await;
    browser.at("Revoke this token?").await;
    tab_to(browser, "Revoke the token").await;
    assert_eq!(tab(browser).await, "Cancel");
    press(browser, Key::Enter).await;
    browser.at("Bob Brown").await;
}

/// A link for whoever opens it, made and ended.
async fn take_a_link_back(browser: &Browser) {
    tab_to(browser, "Links").await;
    press(browser, Key::Enter).await;
    browser.at("Consent links").await;
    tab_to(browser, "Make a link").await;
    press(browser, Key::Enter).await;
    browser.at("Make a consent link").await;
    tab_to(browser, "Make the link").await;
    press(browser, Key::Enter).await;
    browser.at("Whoever opens the link").await;
    tab_to(browser, "End this link…").await;
    press(browser, Key::Enter).await;
    browser.at("End this link?").await;
    tab_to(browser, "End the link").await;
    press(browser, Key::Enter).await;
    browser.reads("The link has ended").await;
}

/// That the tab key visits exactly these, in this order.
async fn expect_order(browser: &Browser, names: &[&str]) {
    for name in names {
        assert_eq!(tab(browser).await, *name);
    }
    press(browser, Key::Tab).await;
    assert_eq!(focused_name(browser).await, "", "nothing follows");
}

async fn tab_to(browser: &Browser, name: &str) {
    for _ in 0..30 {
        if tab(browser).await == name {
            return;
        }
    }
    panic!("the tab key does not lead to {name}");
}

/// Goes on, sees to it that the focus shows, and answers what has it.
async fn tab(browser: &Browser) -> String {
    press(browser, Key::Tab).await;
    let name = focused_name(browser).await;
    let is_visible: bool = browser.ask(VISIBLE).await;
    assert!(is_visible, "the focus shows on {name:?}");
    name
}

async fn focused_name(browser: &Browser) -> String {
    browser.ask(FOCUSED).await
}

async fn press(browser: &Browser, key: Key) {
    let keys = browser
        .driver
        .action_chain()
        .key_down(key.clone())
        .key_up(key);
    keys.perform().await.unwrap();
}

async fn type_text(browser: &Browser, text: &str) {
    browser
        .driver
        .action_chain()
        .send_keys(text)
        .perform()
        .await
        .unwrap();
}
