//! Making an API key and finding it in the audit log, on a desk and on a phone.

use crate::browser::{Browser, Scripts, in_browser};
use crate::screen::{Size, overflow, reset, set_size};
use crate::site::{SUPER_ADMIN, Setting, Site};
use crate::tour::set_up;

const NAME: &str = "nightly report";

#[tokio::test]
async fn a_key_is_made_and_found_in_the_audit_log_on_a_desk() {
    in_browser(Scripts::On, async |browser| {
        make_and_find(browser, Size::WIDE).await;
    })
    .await;
}

#[tokio::test]
async fn a_key_is_made_and_found_in_the_audit_log_on_a_phone_without_scripts() {
    in_browser(Scripts::Off, async |browser| {
        make_and_find(browser, Size::PHONE).await;
    })
    .await;
}

async fn make_and_find(browser: &Browser, screen: Size) {
    let site = Site::start(Setting::Complete).await;
    set_size(browser, screen).await;
    set_up(browser, &site, Setting::Complete).await;
    let key = make(browser, screen).await;
    find(browser, screen).await;
    assert!(!browser.source().await.contains(&key[5..]));
    reset(browser).await;
    site.shut_down().await;
}

/// Answers the key.
async fn make(browser: &Browser, size: Size) -> String {
    browser.follow("API keys").await;
    browser.reads("No API keys yet").await;
    browser.follow("Create a key").await;
    browser.at("Create an API key").await;
    browser.press("Create key").await;
    browser.reads("There are problems").await;
    let error = browser.error_of("Name").await;
    assert!(error.contains("1 to 64 characters"), "{error}");
    browser.fill("Name", NAME).await;
    browser.choose("fetch access tokens").await;
    browser.fill("Domains", "example.com").await;
    browser.press("Create key").await;
    browser.at(NAME).await;
    let key = browser.text_of("#api-key").await;
    assert!(key.starts_with("spoa_") && key.len() == 77, "{key}");
    assert_eq!(overflow(browser, size).await, Vec::<String>::new());
    browser.follow("I have copied it").await;
    browser.reads("everybody at example.com").await;
    assert!(!browser.source().await.contains(&key[5..]));
    key
}

async fn find(browser: &Browser, size: Size) {
    browser.follow("Audit log of this key").await;
    browser.at("Audit log").await;
    browser.reads(NAME).await;
    let record = browser.field("API key").await.value().await.unwrap();
    assert_eq!(record.map(|id| id.len()), Some(26));
    browser.follow("Clear").await;
    browser
        .fill("Who did it", &SUPER_ADMIN.to_uppercase())
        .await;
    browser.select("What", "Create an API key").await;
    browser.press("Search").await;
    browser.reads("Create an API key").await;
    let rows: u64 = browser
        .ask("return document.querySelectorAll('tbody tr').length")
        .await;
    assert_eq!(rows, 1);
    assert_eq!(overflow(browser, size).await, Vec::<String>::new());
    browser.select("Outcome", "Refused").await;
    browser.press("Search").await;
    browser.reads("No entry matches").await;
}
