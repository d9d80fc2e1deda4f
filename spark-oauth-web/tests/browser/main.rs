//! The pages in a real Chromium: the whole application and the emulator run in this
//! process, the browser is driven through `chromedriver`.
//!
//! Both come from the system (Debian: `chromium` and `chromium-driver`). Where they are
//! absent the tests say so and pass; with `CI=true` they fail.
//!
//! - `SPARK_OAUTH_SCREENSHOTS=FOLDER` saves a picture of every page: wide and on a phone,
//!   light and dark, with and without scripts.
//! - `SPARK_OAUTH_AXE=FILE`, the path of an `axe.min.js` (npm package `axe-core`), has
//!   every page checked by axe as well.

#![expect(
    clippy::unwrap_used,
    reason = "where a test's own step fails, the test is to fail there"
)]

mod axe;
mod browser;
mod chromedriver;
mod console;
mod double_click;
mod gestures;
mod inspection;
mod key_and_log;
mod keyboard;
mod links;
mod pages;
mod pictures;
mod policy;
mod popup;
mod screen;
mod secrets;
mod site;
mod tour;
mod walk;
