//! Where a server is.

use std::env;
use std::path::PathBuf;

use super::skip;

/// What `install-test-server` installs.
const VERSION: &str = "0.5.3-beta.193";

const PROGRAM: &str = "secantusd-rs";

pub(crate) enum Found {
    /// A server that runs already.
    Uri(String),
    /// A program that is one.
    Program(PathBuf),
}

/// Looks for a server.
///
/// # Panics
/// Where there is none and `CI` is `true`: a test may be skipped on a developer's
/// machine, and nowhere else.
pub(crate) fn find() -> Option<Found> {
    let found = match env::var("SPARK_OAUTH_TEST_MONGO_URI") {
        Ok(uri) => Some(Found::Uri(uri)),
        Err(_) => program().map(Found::Program),
    };
    if found.is_none() {
        let why = "every test that needs a MongoDB server: run \
                   spark-oauth-store-mongo/install-test-server once, or name a server in \
                   SPARK_OAUTH_TEST_MONGO_URI";
        assert!(env::var("CI").as_deref() != Ok("true"), "{why}");
        skip(why);
    }
    found
}

fn program() -> Option<PathBuf> {
    if let Some(named) = env::var_os("SPARK_OAUTH_SECANTUSD") {
        let named = PathBuf::from(named);
        assert!(named.is_file(), "SPARK_OAUTH_SECANTUSD names no file");
        return Some(named);
    }
    let folders = env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<_> = env::split_paths(&folders).collect();
    places.extend(cache().map(|cache| cache.join(format!("{PROGRAM}-{VERSION}/bin"))));
    places
        .into_iter()
        .map(|folder| folder.join(PROGRAM))
        .find(|program| program.is_file())
}

fn cache() -> Option<PathBuf> {
    let chosen = env::var_os("SPARK_OAUTH_CACHE").map(PathBuf::from);
    chosen.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache/spark-oauth")))
}
