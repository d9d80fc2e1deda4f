//! The demo as a newcomer meets it: over HTTP, and as a process.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod browser;
mod process;
mod restart;
mod tour;

use demo::{Demo, Options};
use tempfile::TempDir;

/// A demo on free ports, in a folder inside `place`.
async fn start(place: &TempDir) -> Demo {
    let options = Options {
        port: 0,
        emulator_port: 0,
        ..Options::at(place.path().join("demo-data"))
    };
    Demo::start(&options).await.unwrap()
}
