//! The screen that pages are shown on.

use serde_json::json;

use crate::browser::Browser;

/// Which colours the person prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

impl Scheme {
    /// Its value for `prefers-color-scheme`.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// How large the screen is, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) name: &'static str,
    pub(crate) width: u32,
    height: u32,
    is_phone: bool,
}

impl Size {
    /// A desk.
    pub(crate) const WIDE: Self = Self {
        name: "wide",
        width: 1280,
        height: 900,
        is_phone: false,
    };
    /// A phone.
    pub(crate) const PHONE: Self = Self {
        name: "phone",
        width: 390,
        height: 844,
        is_phone: true,
    };
    /// What WCAG 1.4.10 asks for: a desk at 400 %.
    pub(crate) const NARROW: Self = Self {
        name: "narrow",
        width: 320,
        height: 568,
        is_phone: true,
    };
}

pub(crate) async fn set_size(browser: &Browser, size: Size) {
    let scale = if size.is_phone { 2.0 } else { 1.0 };
    let emulation = browser.driver.cdp();
    let emulation = emulation.emulation();
    emulation
        .set_device_metrics_override(size.width, size.height, scale, size.is_phone)
        .await
        .unwrap();
}

pub(crate) async fn set_scheme(browser: &Browser, scheme: Scheme) {
    set_features(
        browser,
        json!([{"name": "prefers-color-scheme", "value": scheme.word()}]),
    )
    .await;
}

/// Back to the browser's own screen.
pub(crate) async fn reset(browser: &Browser) {
    let cdp = browser.driver.cdp();
    cdp.emulation()
        .clear_device_metrics_override()
        .await
        .unwrap();
    set_features(browser, json!([])).await;
}

async fn set_features(browser: &Browser, features: serde_json::Value) {
    let parameters = json!({ "features": features });
    let cdp = browser.driver.cdp();
    cdp.send_raw("Emulation.setEmulatedMedia", parameters)
        .await
        .unwrap();
}

/// Whether the page is wider than the screen, so that it must be scrolled sideways.
pub(crate) async fn overflow(browser: &Browser, size: Size) -> Vec<String> {
    let width: u32 = browser
        .ask("return document.scrollingElement.scrollWidth")
        .await;
    if width <= size.width {
        return Vec::new();
    }
    let widest: Vec<String> = browser
        .ask(
            "const edge = document.documentElement.clientWidth;
             return [...document.querySelectorAll('main *')]
               .filter((element) => element.getBoundingClientRect().right > edge)
               .map((element) => element.outerHTML.slice(0, 80));",
        )
        .await;
    vec![format!("{width} pixels wide on {}: {widest:?}", size.width)]
}

/// Whether the page stands on a ground of the other scheme.
pub(crate) async fn wrong_ground(browser: &Browser, scheme: Scheme) -> Vec<String> {
    let brightness: f64 = browser
        .ask(
            "const colour = getComputedStyle(document.body).backgroundColor;
             const [red, green, blue] = colour.match(/\\d+/g).map(Number);
             return (red + green + blue) / (3 * 255);",
        )
        .await;
    let is_right = match scheme {
        Scheme::Light => brightness > 0.9,
        Scheme::Dark => brightness < 0.15,
    };
    if is_right {
        Vec::new()
    } else {
        vec![format!(
            "the {} ground has brightness {brightness}",
            scheme.word()
        )]
    }
}
