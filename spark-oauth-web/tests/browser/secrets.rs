//! Tokens in the browser: shown when asked for, and not afterwards.

use serde_json::json;
use thirtyfour::prelude::*;

use crate::browser::{Browser, Scripts, in_browser};
use crate::site::{ALICE, Setting, Site};
use crate::tour::set_up;

const NAME: &str = "Name of the room";

#[tokio::test]
async fn the_way_back_leads_to_no_token_with_scripts() {
    in_browser(Scripts::On, go_back).await;
}

#[tokio::test]
async fn the_way_back_leads_to_no_token_without_scripts() {
    in_browser(Scripts::Off, go_back).await;
}

/// Neither a person nor, after signing out, whoever sits down next sees a token again.
async fn go_back(browser: &Browser) {
    let site = Site::start(Setting::Complete).await;
    let token = reveal_receipt(browser, &site).await;
    browser.follow("Hide the tokens").await;
    browser.button("Reveal").await;
    browser.driver.back().await.unwrap();
    assert!(!browser.source().await.contains(&token));

    set_up(browser, &site, Setting::Complete).await;
    browser.follow("Alice").await;
    browser.press("Reveal").await;
    let token = browser.text_of("#access-token").await;
    browser.press("Sign out").await;
    browser.at("Sign in").await;
    browser.driver.back().await.unwrap();
    assert!(!browser.source().await.contains(&token));
    browser.driver.back().await.unwrap();
    browser.at("Sign in").await;
    site.shut_down().await;
}

#[tokio::test]
async fn a_button_copies_the_token() {
    in_browser(Scripts::On, async |browser| {
        let site = Site::start(Setting::Complete).await;
        let token = reveal_receipt(browser, &site).await;
        copy_button(browser).await.click().await.unwrap();
        browser.reads("Copied").await;
        let announced = browser.text_of("body > [role=status]").await;
        assert_eq!(announced, "Copied");
        paste(browser, &token).await;
        site.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn where_copying_is_refused_the_token_is_selected() {
    in_browser(Scripts::On, async |browser| {
        let site = Site::start(Setting::Complete).await;
        let token = reveal_receipt(browser, &site).await;
        let refused = json!({"permission": {"name": "clipboard-write"}, "setting": "denied"});
        let cdp = browser.driver.cdp();
        cdp.send_raw("Browser.setPermission", refused)
            .await
            .unwrap();
        copy_button(browser).await.click().await.unwrap();
        browser.reads("Selected, press Ctrl+C").await;
        let selected: String = browser.ask("return getSelection().toString()").await;
        assert_eq!(selected.trim(), token);
        site.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn without_scripts_there_is_no_button_that_does_nothing() {
    in_browser(Scripts::Off, async |browser| {
        let site = Site::start(Setting::Complete).await;
        reveal_receipt(browser, &site).await;
        let buttons = browser
            .driver
            .find_all(By::Css("[data-copy]"))
            .await
            .unwrap();
        assert_eq!(buttons.len(), 2);
        for button in buttons {
            assert!(!button.is_displayed().await.unwrap());
        }
        site.shut_down().await;
    })
    .await;
}

/// Grants access and reveals the tokens; answers the access token.
async fn reveal_receipt(browser: &Browser, site: &Site) -> String {
    site.consents_at_once(Some(ALICE));
    browser.open(&site.url).await;
    browser.press("Grant access").await;
    browser.press("Reveal").await;
    browser.text_of("code[id^=access-token]").await
}

async fn copy_button(browser: &Browser) -> WebElement {
    let button = By::Css("button[data-copy^=access-token]");
    browser
        .driver
        .query(button)
        .and_displayed()
        .single()
        .await
        .unwrap()
}

/// That the clipboard holds the token.
async fn paste(browser: &Browser, token: &str) {
    let field = browser.field(NAME).await;
    field.send_keys(Key::Control + "v").await.unwrap();
    assert_eq!(field.value().await.unwrap().as_deref(), Some(token));
}
