//! A server for the tests: one that is there, or one of our own.

mod fault;
mod find;
mod process;
mod skip;

use std::sync::OnceLock;

pub(super) use fault::keeps_values_that_are_gone;
use find::{Found, find};
pub(super) use process::Server;
pub(super) use skip::skip;

/// The connection string of the server that the tests of this process share;
/// `None` where there is none, which is told.
pub(super) fn shared() -> Option<&'static str> {
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
pub(super) fn program() -> Option<std::path::PathBuf> {
    match find()? {
        Found::Program(program) => Some(program),
        Found::Uri(_) => {
            skip("the outages, since the server of SPARK_OAUTH_TEST_MONGO_URI is not ours to stop");
            None
        }
    }
}
