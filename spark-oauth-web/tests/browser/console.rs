//! What the browser's console says.

use crate::browser::Browser;

/// The errors since the last call. That a page has an error's status is none.
pub(crate) async fn errors(browser: &Browser) -> Vec<String> {
    let entries = browser.driver.browser_log().await.unwrap();
    entries
        .into_iter()
        .filter(|entry| entry.level != "DEBUG" && entry.level != "INFO")
        .map(|entry| entry.message)
        .filter(|message| !message.contains("the server responded with a status of"))
        .collect()
}
