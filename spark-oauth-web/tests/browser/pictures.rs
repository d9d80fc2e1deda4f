//! Pictures of pages, for those who want to see them.

use std::env;
use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use crate::browser::{Browser, Scripts};
use crate::screen::{Scheme, Size};

const FOLDER: &str = "SPARK_OAUTH_SCREENSHOTS";

/// Saves pictures into the folder that the environment names.
#[derive(Debug)]
pub(crate) struct Pictures {
    folder: PathBuf,
}

impl Pictures {
    pub(crate) fn asked_for(scripts: Scripts) -> Option<Self> {
        let folder = PathBuf::from(env::var_os(FOLDER)?).join(match scripts {
            Scripts::On => "scripts",
            Scripts::Off => "no-scripts",
        });
        fs::create_dir_all(&folder).unwrap();
        Some(Self { folder })
    }

    /// Takes a picture of the whole page, down to its end.
    pub(crate) async fn take(&self, browser: &Browser, page: &str, scheme: Scheme, size: Size) {
        let parameters = json!({"format": "png", "captureBeyondViewport": true});
        let cdp = browser.driver.cdp();
        let picture = cdp
            .send_raw("Page.captureScreenshot", parameters)
            .await
            .unwrap();
        let picture = BASE64_STANDARD
            .decode(picture["data"].as_str().unwrap())
            .unwrap();
        let name = format!("{page}.{}.{}.png", size.name, scheme.word());
        fs::write(self.folder.join(name), picture).unwrap();
    }
}
