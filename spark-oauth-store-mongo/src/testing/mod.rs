//! For tests of what is built on this crate: a MongoDB server that is there, or one
//! of the tests' own, and databases that nobody else uses.
//!
//! With the feature `testing`. `install-test-server` beside this crate installs a
//! program that speaks the protocol; `SPARK_OAUTH_TEST_MONGO_URI` names a server that
//! runs already. Where there is neither, a test on a developer's machine tells that it
//! is skipped, and one under `CI=true` fails.
//!
//! ```no_run
//! use spark_oauth_store_mongo::MongoStore;
//! use spark_oauth_store_mongo::testing::{self, TestDatabases};
//!
//! # async fn test() {
//! let Some(uri) = testing::shared() else { return };
//! let databases = TestDatabases::on(uri);
//! let store = MongoStore::connect(databases.options()).await;
//! assert!(store.is_ok());
//! # }
//! ```

#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod bulk;
mod databases;
mod fault;
mod find;
mod process;
mod sample;
mod skip;

use std::path::PathBuf;
use std::sync::OnceLock;

pub use bulk::insert_together;
pub use databases::TestDatabases;
pub use fault::keeps_values_that_are_gone;
pub use process::Server;
pub use sample::SampleServer;
pub use skip::skip;

use find::{Found, find};

/// The connection string of the server that the tests of this process share;
/// `None` where there is none, which is told.
pub fn shared() -> Option<&'static str> {
    static SHARED: OnceLock<Option<(String, Option<Server>)>> = OnceLock::new();
    let shared = SHARED.get_or_init(|| match find()? {
        Found::Uri(uri) => Some((uri, None)),
        Found::Program(program) => {
            let server = Server::start(&program);
            Some((server.uri(), Some(server)))
        }
    });
    shared.as_ref().map(|(uri, _)| uri.as_str())
}

/// The program of a server, for tests that stop it; `None` where there is none.
pub fn program() -> Option<PathBuf> {
    match find()? {
        Found::Program(program) => Some(program),
        Found::Uri(_) => {
            skip("the outages, since the server of SPARK_OAUTH_TEST_MONGO_URI is not ours to stop");
            None
        }
    }
}
