//! People who press a button twice.

use serde_json::Value;
use thirtyfour::prelude::*;
use webex_emulator::Fault;

use crate::browser::{Browser, Scripts, in_browser};
use crate::site::{ALICE, Setting, Site};
use crate::tour::set_up;

/// Clicks again when the first request is on its way. A timer, since the driver waits
/// for the answer before it moves the pointer.
const CLICK_TWICE: &str = "
    const [button] = arguments;
    button.click();
    setTimeout(() => button.click(), 250);
";

#[tokio::test]
async fn the_script_sends_a_form_once() {
    in_browser(Scripts::On, async |browser| {
        let site = Site::start(Setting::Complete).await;
        let button = refresh_button(browser, &site).await;
        let button = button.to_json().unwrap();
        browser.driver.execute(CLICK_TWICE, [button]).await.unwrap();
        browser.reads("The token was refreshed").await;
        assert_eq!(posts(browser, "/refresh").await, 1);
        site.shut_down().await;
    })
    .await;
}

/// The browser may send both, which the broker joins.
#[tokio::test]
async fn without_scripts_a_double_click_refreshes_once() {
    in_browser(Scripts::Off, async |browser| {
        let site = Site::start(Setting::Complete).await;
        let button = refresh_button(browser, &site).await;
        double_click(browser, &button).await;
        browser.reads("The token was refreshed").await;
        assert_eq!(site.provider().stats().refreshes, 1);
        site.shut_down().await;
    })
    .await;
}

/// The browser may send both: one makes the room, the other finds it.
#[tokio::test]
async fn without_scripts_a_double_click_creates_one_room() {
    in_browser(Scripts::Off, async |browser| {
        let site = Site::start(Setting::Complete).await;
        site.consents_at_once(Some(ALICE));
        browser.open(&site.url).await;
        browser.press("Grant access").await;
        browser.at("Access granted").await;
        browser.fill("Name of the room", "A room").await;
        let slow = Fault {
            delay_ms: 1000,
            ..Fault::on("POST /v1/rooms")
        };
        site.provider().push_fault(slow).unwrap();
        let button = browser.button("Create room and hand over").await;
        double_click(browser, &button).await;
        browser.reads("can read the token there").await;
        assert_eq!(site.provider().rooms().len(), 1);
        site.shut_down().await;
    })
    .await;
}

/// Under load the driver sometimes loses a double click and answers no more: one click
/// must do then.
async fn double_click(browser: &Browser, button: &WebElement) {
    let hand = browser.driver.action_chain();
    if hand.double_click_element(button).perform().await.is_err() {
        button.click().await.unwrap();
    }
}

/// On the page of a token, whose refresh takes so long that the page still stands
/// when the second click comes.
async fn refresh_button(browser: &Browser, site: &Site) -> WebElement {
    site.consents_at_once(Some(ALICE));
    browser.open(&site.url).await;
    browser.press("Grant access").await;
    browser.at("Access granted").await;
    set_up(browser, site, Setting::Complete).await;
    browser.follow("Alice").await;
    let slow = Fault {
        delay_ms: 1000,
        ..Fault::on("POST /v1/access_token")
    };
    site.provider().push_fault(slow).unwrap();
    posts(browser, "/refresh").await;
    browser.button("Refresh now").await
}

/// How many posts to a path the browser sent since it was last asked.
async fn posts(browser: &Browser, path: &str) -> usize {
    let entries = browser.driver.get_log("performance").await.unwrap();
    entries
        .iter()
        .map(|entry| serde_json::from_str::<Value>(&entry.message).unwrap())
        .map(|event| event["message"].clone())
        .filter(|event| event["method"] == "Network.requestWillBeSent")
        // A redirect is announced as a request of the same ID.
        .filter(|event| event["params"]["redirectResponse"].is_null())
        .map(|event| event["params"]["request"].clone())
        .filter(|request| request["method"] == "POST")
        .filter(|request| {
            request["url"]
                .as_str()
                .is_some_and(|url| url.ends_with(path))
        })
        .count()
}
