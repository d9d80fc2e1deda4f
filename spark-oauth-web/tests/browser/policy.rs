//! The policy under which pages run (CSP).

use crate::browser::{Scripts, in_browser};
use crate::console;
use crate::site::{Setting, Site};

/// What would run on a page where somebody got markup in.
const INTRUDE: &str = "
    const script = document.createElement('script');
    script.textContent = 'globalThis.intruded = true';
    document.body.append(script);
    const handler = document.createElement('img');
    handler.setAttribute('onerror', 'globalThis.intruded = true');
    handler.src = '/assets/none';
    document.body.append(handler);
    const style = document.createElement('style');
    style.textContent = 'body { display: none }';
    document.head.append(style);
    return new Promise((done) => handler.addEventListener('error', () => done(
      globalThis.intruded === undefined && getComputedStyle(document.body).display !== 'none')));
";

/// Also that what the policy stops shows on the console, which the inspection of
/// every page relies on.
#[tokio::test]
async fn what_stands_in_the_page_itself_does_not_run() {
    in_browser(Scripts::On, async |browser| {
        let site = Site::start(Setting::Complete).await;
        browser.open(&site.url).await;
        browser.at("May they act for you in Webex?").await;
        assert!(console::errors(browser).await.is_empty());
        let is_safe: bool = browser.ask(INTRUDE).await;
        assert!(is_safe);
        let errors = console::errors(browser).await.join("\n");
        for directive in ["script-src", "style-src"] {
            assert!(errors.contains(directive), "{directive} in {errors}");
        }
        site.shut_down().await;
    })
    .await;
}
