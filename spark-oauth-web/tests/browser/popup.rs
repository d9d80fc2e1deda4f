//! A consent in a popup that another site opened.

use crate::browser::{Browser, Scripts, in_browser};
use crate::site::{ALICE, Setting, Site};

/// Whether the page can speak to the window that opened it.
async fn has_opener(browser: &Browser) -> bool {
    browser.ask("return window.opener !== null;").await
}

/// Opens a popup from a page of another site.
async fn open_popup(browser: &Browser, site: &Site, path: &str) {
    // Another port is another origin, and another host name another site.
    let elsewhere = site.provider_url().replace("127.0.0.1", "localhost");
    browser.open(&elsewhere).await;
    let open = format!("return window.open('{}') !== null;", site.at(path));
    assert!(browser.ask::<bool>(&open).await, "the browser opens popups");
    let windows = browser.driver.windows().await.unwrap();
    let popup = windows.into_iter().next_back().unwrap();
    browser.driver.switch_to_window(popup).await.unwrap();
}

#[tokio::test]
async fn a_popup_keeps_its_opener_until_the_person_has_consented() {
    in_browser(Scripts::On, async |browser| {
        let site = Site::start(Setting::Complete).await;
        site.consents_at_once(Some(ALICE));
        open_popup(browser, &site, "/").await;
        assert!(has_opener(browser).await, "the first page");
        browser.press("Grant access").await;
        browser.at("Access granted").await;
        assert!(has_opener(browser).await, "the receipt");
        browser.open(site.at("/auth/spark/callback?state=x")).await;
        browser.at("This link does not work").await;
        assert!(has_opener(browser).await, "a refusal");
        browser.open(site.at("/admin")).await;
        browser.at("Not set up yet").await;
        assert!(!has_opener(browser).await, "admin pages are isolated");
        site.shut_down().await;
    })
    .await;
}
