//! A browser with a profile of its own, for one test.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::Path;
use std::sync::{Arc, Once};
use std::thread;
use std::time::Duration;

use futures_util::FutureExt as _;
use serde_json::json;
use tempfile::TempDir;
use thirtyfour::common::capabilities::chromium::ChromiumLikeCapabilities as _;
use thirtyfour::extensions::query::ElementPollerWithTimeout;
use thirtyfour::prelude::*;

use crate::chromedriver::{Chromedriver, chromedriver};

/// How long an element may take to come.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is looked for.
const GLANCE: Duration = Duration::from_millis(20);

const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1280,900",
];

/// Says by its title whether scripts run.
const PROBE: &str = "data:text/html,<title>Off</title><script>document.title='On'</script>";

/// Whether the browser runs the scripts of pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scripts {
    On,
    Off,
}

/// A browser.
#[derive(Debug)]
pub(crate) struct Browser {
    pub(crate) driver: WebDriver,
    pub(crate) scripts: Scripts,
    _profile: TempDir,
}

/// Runs a test in a browser of its own, which is closed whatever comes of the test.
pub(crate) async fn in_browser(scripts: Scripts, test: impl AsyncFnOnce(&Browser)) {
    let Some(chromedriver) = chromedriver() else {
        return;
    };
    let browser = Browser::start(chromedriver, scripts).await;
    let outcome = AssertUnwindSafe(test(&browser)).catch_unwind().await;
    if outcome.is_err() {
        browser.describe_failure().await;
    }
    browser.driver.clone().quit().await.unwrap();
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

impl Browser {
    async fn start(chromedriver: &Chromedriver, scripts: Scripts) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let wanted = capabilities(&chromedriver.browser, profile.path(), scripts).unwrap();
        let driver = WebDriver::builder(&chromedriver.url, wanted)
            .client(client())
            .poller(Arc::new(ElementPollerWithTimeout::new(PATIENCE, GLANCE)))
            .await
            .unwrap();
        let browser = Self {
            driver,
            scripts,
            _profile: profile,
        };
        browser.open(PROBE).await;
        let title = browser.driver.title().await.unwrap();
        assert_eq!(title, format!("{scripts:?}"), "scripts run or not");
        browser
    }

    /// Where the test failed, for who reads its output.
    #[expect(clippy::print_stderr, reason = "who runs the tests is to know")]
    async fn describe_failure(&self) {
        let name = thread::current()
            .name()
            .unwrap_or("test")
            .replace("::", "-");
        let picture = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png"));
        let text = match self.driver.find(By::Tag("body")).await {
            Ok(body) => body.text().await,
            Err(error) => Err(error),
        };
        eprintln!(
            "the browser is at {:?}, which says:\n{}\npicture: {:?} {}",
            self.driver.current_url().await.map(String::from),
            text.unwrap_or_else(|error| error.to_string()),
            self.driver.screenshot(&picture).await,
            picture.display(),
        );
    }
}

fn capabilities(
    binary: &Path,
    profile: &Path,
    scripts: Scripts,
) -> WebDriverResult<thirtyfour::ChromeCapabilities> {
    let mut wanted = DesiredCapabilities::chrome();
    wanted.set_binary(&binary.display().to_string())?;
    for flag in FLAGS {
        wanted.add_arg(flag)?;
    }
    wanted.add_arg(&format!("--user-data-dir={}", profile.display()))?;
    let logs = json!({"browser": "ALL", "performance": "ALL"});
    wanted.as_mut().set("goog:loggingPrefs", logs)?;
    if scripts == Scripts::Off {
        let blocked = json!({"profile.managed_default_content_settings.javascript": 2});
        wanted.add_experimental_option("prefs", blocked)?;
    }
    Ok(wanted)
}

/// Speaks to servers on this machine, past every proxy.
pub(crate) fn client() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // An error says that one is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_mins(1))
        .build()
        .unwrap()
}
